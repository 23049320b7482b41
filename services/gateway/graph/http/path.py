"""The grammar of paths: keys in brackets, namespaces, functions, any case (graph-print.md 5.2); and the table of routes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from services.gateway.graph.call import Route
from services.gateway.graph.odata.query import pieces
from services.gateway.graph.problem import bad

NAMESPACE = "microsoft.graph."
#: Longer paths lead nowhere.
DEEPEST = 20

_BRACKETS = re.compile(r"([^()']+)\((.*)\)", re.DOTALL)
#: The Python SDK writes no commas between parameters: there the next one's name ends a value.
_NAME = re.compile(r"\w+")
_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One segment, decoded. `key`: it is surely a key; `parameters` of a function, None: it has no brackets."""

    text: str
    key: bool = False
    parameters: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An address that there is: its routes by method, and what stood in the place of each one's braces."""

    routes: Mapping[str, Route]
    keys: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...] = ()

    def ids(self, route: Route) -> dict[str, str]:
        """Keys and parameters by the names that the route gives them; a parameter that it does not name, by its own."""
        path, _, wanted = route.path.partition("(")
        named = {name.lower(): name for name in _BRACES.findall(wanted)}
        found = {named.get(name.lower(), name): value for name, value in self.parameters}
        return {**found, **dict(zip(_BRACES.findall(path), self.keys, strict=True))}


@dataclass(slots=True)
class _Node:
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    any: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


class Table:
    """Routes by path. Where a fixed segment and a key would both do, the fixed one is meant."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in filter(None, route.path.partition("(")[0].split("/")):
            if _BRACES.fullmatch(segment):
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.fixed.setdefault(segment.lower(), _Node())
        if route.method in node.routes:
            raise ValueError(f"There are two routes for {route.method} {route.path}.")
        node.routes[route.method] = route

    def find(self, steps: tuple[Step, ...]) -> Found | None:
        """The address that a path means; None: there is none, as for keys that no text of a database can be."""
        printable = all(each.text.isprintable() for each in steps)
        return _walk(self._root, steps, (), ()) if printable and len(steps) <= DEEPEST else None


def _walk(node: _Node, steps: tuple[Step, ...], keys: tuple[str, ...], parameters: tuple[tuple[str, str], ...]) -> Found | None:
    if not steps:
        return Found(node.routes, keys, parameters) if node.routes else None
    step, rest = steps[0], steps[1:]
    fixed = None if step.key else node.fixed.get(step.text.lower())
    found = _walk(fixed, rest, keys, parameters + (step.parameters or ())) if fixed else None
    if found is None and node.any and step.parameters is None and (step.key or not step.text.startswith("$")):
        found = _walk(node.any, rest, (*keys, step.text), parameters)
    return found


def steps_of(path: str) -> tuple[Step, ...]:
    """The segments of a path as it was sent, percent-encoded; empty ones, of repeated slashes, do not count."""
    found: list[Step] = []
    for segment in path.split("/"):
        if segment:
            found += _steps(unquote(segment))
    if [each.text.lower() for each in found[:2]] == ["users", "me-token-to-replace"]:
        found[:2] = [Step("me")]
    return tuple(found)


def _steps(text: str) -> list[Step]:
    if text.lower().startswith(NAMESPACE):
        text = text[len(NAMESPACE) :]
    brackets = _BRACKETS.fullmatch(text)
    parameters = _parameters(brackets[2]) if brackets else None
    if brackets is None or parameters is None:
        return [Step(text)]
    if len(parameters) == 1 and parameters[0][0].lower() in ("", "id"):
        return [Step(brackets[1]), Step(parameters[0][1], key=True)]
    return [Step(brackets[1], parameters=parameters)]


def _parameters(text: str) -> tuple[tuple[str, str], ...] | None:
    """What stands in brackets; None: nothing that this grammar knows. Anybody may send it: each character is looked at once."""
    parts = pieces(text, ",")
    if not parts[-1].strip():
        parts.pop()  # there is none at all, or none after the last comma
    found: list[tuple[str, str]] = []
    for part in parts:
        for name, given in _named(part):
            value = _value(given.strip())
            if value is None or (name and not _NAME.fullmatch(name)):
                return None
            found.append((name, value))
    return tuple(found)


def _named(part: str) -> list[tuple[str, str]]:
    """Names and values between two commas. The Python SDK writes no commas: there the next one's name ends a value."""
    first, *rest = pieces(part, "=")
    if not rest:
        return [("", first)]
    found, name = [], first.strip() or "="
    for each in rest[:-1]:
        value, following = _parted(each.rstrip())
        found.append((name, value))
        name = following or "="
    return [*found, (name, rest[-1])]


def _parted(text: str) -> tuple[str, str]:
    """A value, and the name that stands behind it: it begins with a small letter."""
    at = len(text)
    while at and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
    while at < len(text) and not "a" <= text[at] <= "z":
        at += 1
    return text[:at], text[at:]


def _value(text: str) -> str | None:
    """A value in quotes, each quote in it twice, or one without any."""
    if text.startswith("'"):
        inner = text[1:-1]
        closed = len(text) > 1 and text.endswith("'") and "'" not in inner.replace("''", "")
        return inner.replace("''", "'") if closed else None
    return text if text and not any(mark in text for mark in "'()") else None


def bound(url: object, collection: str, member: str) -> str:
    """The id that `@odata.bind` or `@odata.id` names: what follows `collection` (such as `printers`), in any form, on any host.

    Raises `Problem` 400 naming the `member` that it stood in.
    """
    try:
        steps = steps_of(urlsplit(url).path) if isinstance(url, str) else ()
    except ValueError:
        steps = ()
    if len(steps) < 2 or steps[-2].text.lower() != collection.lower() or not steps[-1].text:
        place = f"print/{collection}" if collection in ("printers", "taskDefinitions") else collection
        raise bad(f"{member} is the address of one of {collection}, such as {{base}}/{place}/{{id}}.", member)
    return steps[-1].text
