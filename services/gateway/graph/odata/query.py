"""The query options of a request (graph-print.md 5.1)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from services.gateway.graph.odata import filtering
from services.gateway.graph.odata.matching import paths
from services.gateway.graph.problem import bad

#: Elements of a page unless `$top` says otherwise, and the most that it may say.
PAGE = 100
LARGEST = 999
#: How deep `$expand` may stand in `$expand`, and how many options a request may have.
DEEPEST = 5
MOST = 50
#: Names in one `$select` or `$expand`, and properties to sort by.
NAMES, ORDERS = 100, 10
#: Neither does anything here (5.1).
IGNORED = ("search", "format")


@dataclass(frozen=True, slots=True)
class Query:
    """`filter` is a parsed expression, see `filtering`; `orderby` are (path, descending) pairs; `expand` maps a navigation property
    to the options inside its brackets. `top` None: not said. `named` are options that are not OData's, such as `@id`. `looked` are
    the properties (small letters) that the filter and the order look at.
    """

    select: tuple[str, ...] = ()
    expand: dict[str, "Query"] = field(default_factory=dict)
    filter: Any = None
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    skiptoken: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    looked: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def page(self) -> int:
        """How many elements a page has."""
        return min(self.top if self.top is not None else PAGE, LARGEST)

    def selects(self, name: str) -> bool:
        """Whether `$select` names this property; what is told only when it is asked for needs that."""
        return name.lower() in (each.lower() for each in self.select)

    def expands(self, *names: str) -> bool:
        """Whether `$expand` names one of these properties; they are in small letters."""
        return any(each.lower() in names for each in self.expand)

    def needs(self, name: str) -> bool:
        """Whether `$select` names this property, or the filter or the order looks at it."""
        return self.selects(name) or name.lower() in self.looked


def query_of(text: str) -> Query:
    """The options of a request's query as it was sent, percent-encoded. Raises `Problem` 400 that names the option."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except ValueError:
        raise bad(f"The query cannot be read: write at most {MOST} options, percent-encoded as UTF-8.") from None
    for name, value in pairs:
        if "\0" in name + value:
            raise bad("The query has the character U+0000 in it, which no text can have.", name.replace("\0", ""))
    return _query(pairs, 0)


def _query(pairs: Iterable[tuple[str, str]], depth: int) -> Query:
    found: dict[str, Any] = {}
    named: dict[str, str] = {}
    for given, value in pairs:
        name = given.lower().removeprefix("$")
        if name not in _READ:
            named[given] = value
        elif name in found:
            raise bad(f"The option ${name} stands there twice: write it once.", f"${name}")
        elif name not in IGNORED and value.strip():
            found[name] = _read(name, value, depth)
    return Query(**found, named=named, looked=frozenset(_looked(found)))


def _looked(options: Mapping[str, Any]) -> Iterator[str]:
    for path in paths(options.get("filter")):
        yield path[0].lower()
    for path, _ in options.get("orderby", ()):
        yield path.partition("/")[0].lower()


def _read(name: str, value: str, depth: int) -> Any:
    try:
        return expand_of(value, depth) if name == "expand" else _READ[name](value.strip())
    except filtering.Unreadable as reason:
        raise bad(f"The option ${name} cannot be read: {reason}", f"${name}") from None
    except ValueError as reason:
        raise bad(f"The option ${name} {reason}", f"${name}") from None


def expand_of(text: str, depth: int = 0) -> dict[str, Query]:
    """`documents,tasks($select=id;$expand=definition)` as options by property.

    `tasks/definition` means tasks($expand=definition).
    """
    if depth >= DEEPEST:
        raise ValueError(f"goes deeper than {DEEPEST} levels.")
    found: dict[str, Query] = {}
    for each in _few(pieces(text, ","), NAMES):
        name, bracket, options = each.strip().partition("(")
        if bracket and not options.endswith(")"):
            raise ValueError("has a bracket without its other half: write documents($select=id).")
        name, slash, below = name.strip().partition("/")
        if not name:
            raise ValueError("names nothing: write the properties to expand, with commas between.")
        pairs = [_pair(option) for option in pieces(options[:-1], ";") if option.strip()] if bracket else []
        if slash:
            found[name] = Query(expand=expand_of(f"{below}({options}" if bracket else below, depth + 1))
        else:
            found[name] = _query(pairs, depth + 1)
    return found


def _pair(option: str) -> tuple[str, str]:
    name, equals, value = option.strip().partition("=")
    if not equals:
        raise ValueError("has something in brackets that is no option: write documents($select=id;$top=5).")
    return name, value


def pieces(text: str, separator: str) -> list[str]:
    """`text` in pieces, where the separator stands outside of brackets and quotes."""
    found, begin, depth, quoted = [], 0, 0, False
    for at, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == separator and depth == 0:
            found.append(text[begin:at])
            begin = at + 1
    return [*found, text[begin:]]


def _few(names: list[str], most: int) -> list[str]:
    if len(names) > most:
        raise ValueError(f"names more than {most}.")
    return names


def _select(value: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in _few(value.split(","), NAMES))
    if not all(found):
        raise ValueError("names nothing between two commas.")
    return () if "*" in found else found


def _orderby(value: str) -> tuple[tuple[str, bool], ...]:
    found = []
    for each in _few(value.split(","), ORDERS):
        path, *direction = each.split() or [""]
        if not path or len(direction) > 1 or (direction and direction[0].lower() not in ("asc", "desc")):
            raise ValueError("is a list of properties, each with asc or desc: createdDateTime desc.")
        found.append((path, bool(direction) and direction[0].lower() == "desc"))
    return tuple(found)


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ValueError("is a whole number, 0 or more.")
    return int(value)


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("is true or false.")
    return value.lower() == "true"


_READ: dict[str, Any] = {
    "select": _select,
    "expand": expand_of,
    "filter": filtering.parse,
    "orderby": _orderby,
    "top": _number,
    "skip": _number,
    "count": _truth,
    "skiptoken": str,
    **dict.fromkeys(IGNORED, str),
}
