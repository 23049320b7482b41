"""From the entries of PRINTERS to drivers: the scheme names the driver's file."""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from libs.contracts.devices import PartialPolicy, ResumePolicy, UnknownPolicy
from libs.runtime.discovery import discover
from services.agent import drivers
from services.agent.drivers import Driver, Variant
from services.agent.printer_uri import parse
from services.agent.stall import LIMIT

#: Schemes that are served by another scheme's driver.
ALIASES = {"ipps": "ipp"}
#: What a missing driver needs, for the sentence that says so.
EXAMPLES = (
    "file:///some/folder?name=Paper, socket://printer.example:9100?name=Label, ipp://printer.example/ipp/print?name=Office "
    "or cups://localhost:631"
)


def driver_of(entry: str) -> str:
    """The name of the driver that serves an entry."""
    scheme = entry.partition(":")[0].lower()
    return ALIASES.get(scheme, scheme)


def connect_all(
    entries: Iterable[str],
    *,
    unknown: UnknownPolicy = UnknownPolicy.ASK,
    grace: float = 3.0,
    stall: float = LIMIT,
    resume: ResumePolicy = ResumePolicy.ALL,
    partial: PartialPolicy = PartialPolicy.GIVE_UP,
) -> dict[str, Driver]:
    """A driver for each entry, by the entry. Raises ValueError with one sentence that says what to write instead."""
    variants = cast("dict[str, Variant]", discover(drivers))
    found: dict[str, Driver] = {}
    names: set[str] = set()
    for entry in entries:
        uri = replace(parse(entry, unknown=unknown, grace=grace, resume=resume, partial=partial), stall=stall)
        variant = variants.get(ALIASES.get(uri.scheme, uri.scheme))
        if variant is None:
            raise ValueError(f"there is no driver for {uri.scheme or 'nothing'}://; write {EXAMPLES}")
        if uri.scheme != "cups":
            if not uri.name:
                raise ValueError(f"the printer at {uri.scheme}:// has no name; add ?name=Office")
            if uri.name in names:
                raise ValueError(f"two printers are named {uri.name}; give one of them another ?name=")
            names.add(uri.name)
        found[entry] = variant.connect(uri)
    return found
