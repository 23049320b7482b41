"""Members of bodies as they are spelled here, however their letters are cased: what was written otherwise would be passed over."""

from collections.abc import Mapping
from typing import Any

from services.gateway.graph.model.schema import OPERATIONS, TYPES

#: Objects and lists within each other that are looked into; nothing here has more.
DEEPEST = 10
_BINDS = ("definition@odata.bind", "printer@odata.bind", "@odata.id")
_KNOWN = {
    name.lower(): name
    for name in (
        *(each.name for type_ in TYPES.values() for each in type_.properties),
        *(each.name for operation in OPERATIONS for each in operation.parameters),
        *_BINDS,
    )
}


def spelled(body: Mapping[str, Any], deepest: int = DEEPEST) -> Mapping[str, Any]:
    """A body with the names of its members as the types have them, also of objects in it; one that is there in the right case
    goes first.
    """
    given = {name: _inside(value, deepest) for name, value in body.items()}
    found = {_KNOWN.get(name.lower(), name): value for name, value in given.items()}
    return found | {name: value for name, value in given.items() if name in found}


def _inside(value: Any, deepest: int) -> Any:
    if not deepest or not isinstance(value, dict | list):
        return value
    return spelled(value, deepest - 1) if isinstance(value, dict) else [_inside(each, deepest - 1) for each in value]
