"""Reading what a request brings: JSON objects, strictly, and other media types where a route takes them (graph-print.md 1.1)."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from services.gateway.graph.call import JSON
from services.gateway.graph.problem import Problem, bad

#: Characters that no text can hold: the one that ends C's texts, and halves of pairs that have no other half.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def object_of(raw: bytes, content_type: str, accepts: Sequence[str]) -> Mapping[str, Any]:
    """The JSON object of a body; of none, and of another media type that the route takes, {}.

    Raises `Problem`: 415 for a media type that the route does not take, 400 for what is no JSON object.
    """
    if not raw.strip():
        return {}
    media_type, _, parameters = content_type.lower().partition(";")
    if media_type.strip() not in ("", *accepts):
        raise Problem(415, "invalidRequest", f"Send the body as {' or '.join(accepts)} (Content-Type).")
    if media_type.strip() not in ("", JSON):
        return {}
    if "charset" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        raise Problem(415, "invalidRequest", "Send JSON in UTF-8.")
    return parsed(raw)


def parsed(raw: bytes) -> Mapping[str, Any]:
    """A JSON object, {} for null. Raises `Problem` 400 that says where it ends to be one."""
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except json.JSONDecodeError as reason:
        raise bad(f"The body is no JSON: {reason.msg} at line {reason.lineno}, column {reason.colno}.") from None
    except UnicodeDecodeError as reason:
        raise bad(f"The body is no UTF-8: byte {reason.start + 1} begins no character.") from None
    except RecursionError:
        raise bad("The body is nested too deeply.") from None
    except ValueError:
        raise bad("The body has a number that is none in JSON, or has too many digits.") from None
    if found is None:  # what the JavaScript client sends with actions that have no body
        return {}
    if not isinstance(found, dict):
        raise bad("The body is a JSON object: write {…}.")
    if _NUL.search(raw) or (_SURROGATE.search(raw) and not _encodable(found)):
        raise bad("A text in the body has a character that no text can have: U+0000, or half of a surrogate pair.")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
