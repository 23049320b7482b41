"""Members of bodies as they are spelled here, however their letters are cased: what was written otherwise would be passed over."""

from collections.abc import Mapping
from typing import Any

from services.gateway.graph.model.schema import OPERATIONS, TYPES

_BINDS = ("definition@odata.bind", "printer@odata.bind", "@odata.id")
_KNOWN = {
    name.lower(): name
    for name in (
        *(each.name for type_ in TYPES.values() for each in type_.properties),
        *(each.name for operation in OPERATIONS for each in operation.parameters),
        *_BINDS,
    )
}


def spelled(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A body with the names of its own members as the types have them; one that is there in the right case goes first."""
    if all(_KNOWN.get(name.lower(), name) == name for name in body):
        return body
    found = {_KNOWN.get(name.lower(), name): value for name, value in body.items()}
    return {**found, **{name: value for name, value in body.items() if _KNOWN.get(name.lower(), name) == name}}
