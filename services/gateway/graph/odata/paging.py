"""Pages: which part of a collection, and the address of the next one (graph-print.md 5.1)."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from services.gateway.graph.odata.query import Query
from services.gateway.graph.problem import Problem, bad

#: What the door's own tokens begin with; those of handlers are their affair.
OWN = "at:"


def token_of(skiptoken: str) -> str:
    """What a handler (or this door) wrote into the token of a page. Raises `Problem` 400."""
    try:
        return base64.b64decode(skiptoken + "=" * (-len(skiptoken) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise foreign() from None


def cut(entities: Sequence[Any], query: Query) -> tuple[Sequence[Any], str]:
    """The page of a whole collection that is asked for, and what the next one's token says; empty: this is the last."""
    begin = query.skip
    if query.skiptoken:
        if not query.skiptoken.startswith(OWN):
            raise foreign()
        begin = _number(query.skiptoken.removeprefix(OWN))
    end = begin + query.page
    return entities[begin:end], f"{OWN}{end}" if query.page and end < len(entities) else ""


def offset_of(query: Query) -> int:
    """Where a page begins in a list whose handler writes that number into its tokens. Raises `Problem` 400."""
    return _number(query.skiptoken) if query.skiptoken else query.skip


def next_link(address: str, text: str, token: str) -> str:
    """The absolute address of the next page: the same options, with the token in the place of `$skip`.

    `address` is absolute and has no query; `text` is the query as it was sent.
    """
    options = [each for each in parse_qsl(text, keep_blank_values=True) if _bare(each[0]) not in ("skip", "skiptoken")]
    written = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return f"{address}?{urlencode([*options, ('$skiptoken', written)], quote_via=quote, safe='$')}"


def _bare(name: str) -> str:
    return name.lower().removeprefix("$")


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise foreign()
    return int(text)


def foreign() -> Problem:
    """The token of a page that no list gave."""
    return bad("The option $skiptoken is not one that this list gave: begin anew without it.", "$skiptoken")
