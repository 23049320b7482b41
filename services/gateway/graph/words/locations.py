"""printerLocation: where printers and connectors stand (graph-print.md 2.6)."""

from collections.abc import Mapping
from typing import Any

from services.gateway.graph.http.members import Reader, number, read, several, text

#: All members with how each is read, in the order of the schema. `floor` is a text there.
MEMBERS: dict[str, Reader] = {
    "altitudeInMeters": number(-12_000, 100_000),
    "building": text,
    "city": text,
    "countryOrRegion": text,
    "floor": text,
    "floorDescription": text,
    "latitude": number(-90, 90),
    "longitude": number(-180, 180),
    "organization": several(text),
    "postalCode": text,
    "roomDescription": text,
    "roomName": text,
    "site": text,
    "stateOrProvince": text,
    "streetAddress": text,
    "subdivision": several(text),
    "subunit": several(text),
}


def location(known: Mapping[str, Any]) -> dict[str, Any]:
    """All members; None is what nobody said."""
    return {name: known.get(name) for name in MEMBERS}


def read_location(body: Any, name: str = "location") -> dict[str, Any]:
    """What is to be changed of a place; `subUnit` of the documentation's examples is `subunit`. Of null all is taken away.

    Raises `Problem` 400.
    """
    if body is None:
        return dict.fromkeys(MEMBERS)
    found = read(body, MEMBERS, name)
    if isinstance(found.get("altitudeInMeters"), float):
        found["altitudeInMeters"] = round(found["altitudeInMeters"])
    return found
