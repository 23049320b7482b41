"""Whether what a list is filtered and sorted by is there at all: a misspelled property would quietly match nothing."""

from functools import lru_cache

from services.gateway.graph.model.schema import ENUMS, TYPES, Property, members
from services.gateway.graph.model.types import SETS, SINGLETONS
from services.gateway.graph.odata.matching import paths
from services.gateway.graph.odata.query import Query
from services.gateway.graph.problem import bad


def check(query: Query, route: str) -> None:
    """Raises `Problem` 400 that names a property of `$filter` or `$orderby` that the elements of the list at a route do not have.

    What is known of no type (users, groups, what only beta has) may have any.
    """
    type_ = _listed(route)
    if not type_:
        return
    for option, asked in (
        ("$filter", paths(query.filter)),
        ("$orderby", tuple(tuple(path.split("/")) for path, _ in query.orderby)),
    ):
        for path in asked:
            _find(type_, path, option)


def _find(type_: str, path: tuple[str, ...], option: str) -> None:
    for segment in path:
        if "open" in TYPES[type_].marks:
            return
        known = {name.lower(): one for name, one in members(type_).items()}
        found = known.get(segment.lower())
        if found is None:
            raise bad(f"The option {option}: there is no {'/'.join(path)[:100]}; {type_} has {', '.join(members(type_))}.", option)
        if found.type in ENUMS or found.type not in TYPES:
            return
        type_ = found.type


@lru_cache
def _listed(route: str) -> str:
    """The type of what a route's path lists; empty: nobody has described that."""
    first, *below = (each for each in route.split("/") if not each.startswith("{"))
    type_ = SINGLETONS.get(first) or SETS.get(first) or ""
    for segment in below:
        leads = _leads(type_).get(segment) if type_ else None
        type_ = leads.type if leads else ""
    return type_


def _leads(type_: str) -> dict[str, Property]:
    return {name: one for name, one in members(type_).items() if one.leads}
