"""`$select` and `$expand`'s options on entities, and the order of `$orderby` (graph-print.md 5.1)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.gateway.graph.odata.matching import at_path, holds
from services.gateway.graph.odata.query import Query

Entity = Mapping[str, Any]


def shaped(entity: Entity, query: Query) -> dict[str, Any]:
    """The entity with what `$select` names, its id and annotations, and what was expanded, that as its own options say."""
    expanded = {name.lower(): options for name, options in query.expand.items()}
    wanted = {each.partition("/")[0].lower() for each in query.select}
    found: dict[str, Any] = {}
    for name, value in entity.items():
        options = expanded.get(name.lower())
        if options is not None:
            found[name] = _below(value, options)
        elif not wanted or name == "id" or name.lower() in wanted or name.startswith("@"):
            found[name] = value
    return found


def _below(value: Any, options: Query) -> Any:
    if isinstance(value, Mapping):
        return shaped(value, options)
    if isinstance(value, Sequence) and not isinstance(value, str):
        entities = ordered(wanted(value, options), options.orderby)[options.skip :]
        return [shaped(each, options) for each in entities[: options.top]]
    return value


def wanted(entities: Iterable[Any], query: Query) -> list[Any]:
    """Those that `$filter` names."""
    return [each for each in entities if query.filter is None or holds(query.filter, each)]


def ordered(entities: Sequence[Any], orderby: Sequence[tuple[str, bool]]) -> list[Any]:
    """In the order that is asked for; without one, and between equals, as they were."""
    found = list(entities)
    for path, descending in reversed(orderby):
        parts = tuple(path.split("/"))
        found.sort(key=lambda each: _rank(at_path(each, parts)), reverse=descending)
    return found


def _rank(value: Any) -> tuple[int, Any]:
    """Nothing comes first; then truths, numbers, texts."""
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    return (3, value.casefold()) if isinstance(value, str) else (0, 0)
