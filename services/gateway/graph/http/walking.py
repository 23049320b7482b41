"""Lists of the registry as this door answers them: a page of theirs where that is one of ours, else all there is."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from services.gateway.graph.call import Collection
from services.gateway.graph.odata.paging import offset_of
from services.gateway.graph.odata.query import Query

View = TypeVar("View")
#: From offset and limit to some views and the number of all.
Asking = Callable[[int, int], Awaitable[tuple[Sequence[View], int]]]
Showing = Callable[[Sequence[View]], Awaitable[list[dict[str, Any]]]]
#: How many are asked for at a time: with all capabilities a printer may have tens of kilobytes, and a message 8 MB.
STEP = 200


async def everything(ask: Asking[View]) -> list[View]:
    """All views of a list."""
    found, _ = await _some(ask, 0, sys.maxsize)
    return found


async def _some(ask: Asking[View], begin: int, count: int) -> tuple[list[View], int]:
    """So many from there on, as far as there are, and the number of all."""
    found: list[View] = []
    while True:
        some, total = await ask(begin + len(found), min(count - len(found), STEP))
        found += some
        if not some or len(found) >= count or begin + len(found) >= total:
            return found, total


async def paged(query: Query, context: str, ask: Asking[View], show: Showing[View], large: Sequence[str] = ()) -> Collection:
    """A page in the registry's own order; where the query filters or sorts, all there is, from which the door cuts the page.

    `large` are the members that are told only when they are selected.
    """
    if query.filter is not None or query.orderby:
        return Collection(await show(await everything(ask)), context, large=large)
    begin = offset_of(query)
    some, total = await _some(ask, begin, max(query.page, 1))
    some = some[: query.page]
    end = begin + len(some)
    return Collection(await show(some), context, applied=True, skiptoken=str(end) if some and end < total else "", count=total)
