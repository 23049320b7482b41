"""How members of bodies are read: each by what it may be, with an error that names it and what to write instead."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.gateway.graph.problem import bad
from services.gateway.graph.words.enums import Words

#: From a value and the name of its member to what it means. Raises `Problem` 400. None never comes here: it takes a member away.
Reader = Callable[[Any, str], Any]
_LARGEST = 2**31 - 1
#: The longest text of a member, and the most elements of a list.
_LONGEST, _MOST = 1024, 500
_LONGEST_LABEL = 128
_MEDIA_TYPE = re.compile(r"[!-~]+/[ -~]+")


def read(body: Any, members: Mapping[str, Reader], name: str) -> dict[str, Any]:
    """An object's members as they are kept; `name` is the object's own. Unknown ones and annotations are passed over (5.7).

    Raises `Problem` 400.
    """
    if not isinstance(body, Mapping):
        raise bad(f"{name} must be an object, as {{}}.", name)
    spelled = {known.lower(): known for known in members}
    found: dict[str, Any] = {}
    for key, value in body.items():
        known = spelled.get(str(key).lower())
        if known:
            found[known] = None if value is None else members[known](value, f"{name}.{known}")
    return found


def text(value: Any, name: str) -> str:
    """A text."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise bad(f"{name} must be a text of at most {_LONGEST} characters.", name)
    return value


def label(value: Any, name: str) -> str:
    """What people call something: a text that is not empty, without the blanks around it."""
    given = text(value, name).strip()
    if not given or len(given) > _LONGEST_LABEL:
        raise bad(f"{name} must be a text of 1 to {_LONGEST_LABEL} characters.", name)
    return given


def media_type(value: Any, name: str) -> str:
    """A media type, perhaps with parameters."""
    if not isinstance(value, str) or len(value) > 128 or not _MEDIA_TYPE.fullmatch(value.strip()):
        raise bad(f"{name} must be a media type, such as application/pdf.", name)
    return value.strip()


def flag(value: Any, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise bad(f"{name} must be true or false.", name)
    return value


def whole(least: int = 0) -> Reader:
    """A whole number from `least` to what fits in 31 bits."""

    def reader(value: Any, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST:
            raise bad(f"{name} must be a whole number of at least {least}.", name)
        return value

    return reader


def number(least: float, most: float) -> Reader:
    """A number between two."""

    def reader(value: Any, name: str) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            raise bad(f"{name} must be a number from {least:g} to {most:g}.", name)
        return value

    return reader


def word(words: Words[Any]) -> Reader:
    """A name of an enumeration, in any case; it is kept as Graph spells it."""

    def reader(value: Any, name: str) -> str:
        meaning = words.of(value) if isinstance(value, str) else None
        if meaning is None:
            raise bad(f"{name} must be one of {', '.join(words.names)}.", name)
        return str(words.to(meaning))

    return reader


def several(one: Reader) -> Reader:
    """A list."""

    def reader(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > _MOST:
            raise bad(f"{name} must be a list of at most {_MOST} elements.", name)
        return [one(each, f"{name}[{at}]") for at, each in enumerate(value)]

    return reader


def span(value: Any, name: str) -> dict[str, int]:
    """An integerRange: both ends count."""
    if not isinstance(value, Mapping):
        raise bad(f'{name} must be a range, as {{"start": 1, "end": 99}}.', name)
    found = {end: whole(1)(value.get(end), f"{name}.{end}") for end in ("start", "end")}
    if found["start"] > found["end"]:
        raise bad(f"{name}.start must not be larger than {name}.end.", name)
    return found
