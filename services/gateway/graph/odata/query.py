"""The query options of a request (graph-print.md 5.1)."""

from dataclasses import dataclass, field
from typing import Any

#: Elements of a page unless `$top` says otherwise, and the most that it may say.
PAGE = 100
LARGEST = 999


@dataclass(frozen=True, slots=True)
class Query:
    """`filter` is a parsed expression, see `filtering`; `orderby` are (path, descending) pairs; `expand` maps a navigation property
    to the options inside its brackets. `top` None: not said.
    """

    select: tuple[str, ...] = ()
    expand: dict[str, "Query"] = field(default_factory=dict)
    filter: Any = None
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    skiptoken: str = ""

    @property
    def page(self) -> int:
        """How many elements a page has."""
        return min(self.top if self.top is not None else PAGE, LARGEST)
