"""Whether what a list is filtered and sorted by can be there at all: a misspelled property would quietly match nothing."""

from functools import lru_cache, partial

from services.gateway.graph.model import comparing
from services.gateway.graph.model.schema import ENUMS, OPERATIONS, TYPES, Property, members
from services.gateway.graph.model.types import SETS, SINGLETONS
from services.gateway.graph.odata.matching import paths
from services.gateway.graph.odata.query import Query
from services.gateway.graph.problem import Problem, bad


def check(query: Query, route: str) -> None:
    """Raises `Problem` 400 that names a property of `$filter` or `$orderby` that the elements of the list at a route do not have,
    or what it is compared with in vain.

    What is known of no type (users, groups, what only beta has) may have any.
    """
    type_ = _listed(route)
    if not type_:
        return
    expanded = frozenset(name.lower() for name in query.expand)
    for path in paths(query.filter):
        _find(type_, path, "$filter", expanded)
    for text, _ in query.orderby:
        path = tuple(text.split("/"))
        found = _find(type_, path, "$orderby", expanded)
        if found and (found.many or (found.type in TYPES and found.type not in ENUMS)):
            raise bad(f"The option $orderby: {text[:100]} is no single value, and has no order.", "$orderby")
    if query.filter is not None:
        comparing.check(query.filter, partial(_find, type_, option="$filter", expanded=expanded))


def _find(type_: str, path: tuple[str, ...], option: str, expanded: frozenset[str]) -> Property | None:
    """The property at the end of a path; None: of a type that may have any."""
    found: Property | None = None
    for segment in path:
        if found and (found.many or found.type in ENUMS or found.type not in TYPES):
            why = "there are several of it" if found.many else "it has nothing inside"
            raise bad(f"The option {option}: {'/'.join(path)[:100]} looks into {found.name}, and {why}.", option)
        type_ = found.type if found else type_
        if "open" in TYPES[type_].marks:
            return None
        known = {name.lower(): one for name, one in members(type_).items()}
        found = known.get(segment.lower())
        if found is None:
            raise bad(f"The option {option}: there is no {'/'.join(path)[:100]}; {type_} has {', '.join(members(type_))}.", option)
        if found.leads and (found.many or segment.lower() not in expanded):
            raise _elsewhere(found, option)
    return found


def _elsewhere(found: Property, option: str) -> Problem:
    """Of what a property leads to nothing is there to look at, unless it is one thing and expanded."""
    instead = "it leads to several: ask for those themselves." if found.many else f"write $expand={found.name} as well."
    return bad(f"The option {option} cannot look into {found.name} here; {instead}", option)


@lru_cache
def _listed(route: str) -> str:
    """The type of what a route's path lists; empty: nobody has described that."""
    first, *below = (each.partition("(")[0] for each in route.split("/") if not each.startswith("{"))
    type_ = SINGLETONS.get(first) or SETS.get(first) or ""
    for segment in below:
        leads = _leads(type_).get(segment) if type_ else None
        type_ = leads.type if leads else ""
    return type_


def _leads(type_: str) -> dict[str, Property]:
    """Where a path goes on from a type: to what its properties lead to, and to what its functions answer."""
    answers = {each.name: each.answer for each in OPERATIONS if each.on.type == type_ and not each.action and each.answer}
    return {**{name: one for name, one in members(type_).items() if one.leads}, **answers}
