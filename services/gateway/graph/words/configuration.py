"""printJobConfiguration: how to print in Graph's words, and the ticket that it means (graph-print.md 2.9)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from libs.contracts.fleet import PrinterView
from libs.contracts.jobs import JobView
from libs.contracts.tickets import Collate, Margins, Scaling, Ticket
from services.gateway.graph.http.members import Reader, flag, read, several, span, text, whole, word
from services.gateway.graph.problem import bad
from services.gateway.graph.words.allowance import check, media_of
from services.gateway.graph.words.enums import COLORS, DUPLEX, FEEDS, FINISHINGS, LAYOUTS, ORIENTATIONS, QUALITIES, SCALINGS
from services.gateway.graph.words.media import to_graph

#: Microns in 1/100 mm.
MICRONS = 10
EDGES = ("top", "bottom", "left", "right")
#: The widest margin that makes sense on any sheet, in microns.
WIDEST = 2_000_000


def _margin(value: Any, name: str) -> dict[str, int | None]:
    found = read(value, dict.fromkeys(EDGES, whole()), name)
    if any((edge or 0) > WIDEST for edge in found.values()):
        raise bad(f"{name} is in microns: 10000 is one centimetre, {WIDEST} the most.", name)
    return {edge: found.get(edge) for edge in EDGES}


#: All members with how each is read, in the order of the schema.
MEMBERS: dict[str, Reader] = {
    "collate": flag,
    "colorMode": word(COLORS),
    "copies": whole(1),
    "dpi": whole(1),
    "duplexMode": word(DUPLEX),
    "feedOrientation": word(FEEDS),
    "finishings": several(word(FINISHINGS)),
    "fitPdfToPage": flag,
    "inputBin": text,
    "margin": _margin,
    "mediaSize": text,
    "mediaType": text,
    "multipageLayout": word(LAYOUTS),
    "orientation": word(ORIENTATIONS),
    "outputBin": text,
    "pageRanges": several(span),
    "pagesPerSheet": whole(1),
    "quality": word(QUALITIES),
    "scaling": word(SCALINGS),
}
#: What printerDefaults call differently.
_DEFAULTS = {"copies": "copiesPerJob"}


def given(body: Mapping[str, Any], printer: PrinterView, name: str = "configuration") -> dict[str, Any]:
    """The members that a body's `configuration` has, each as Graph spells it; none where there is no configuration.

    Raises `Problem` 400 that names the member: it is of a wrong kind, or the printer cannot do it.
    """
    if body.get(name) is None:
        return {}
    found = read(body[name], MEMBERS, name)
    check(found, printer, name)
    return found


def written(configuration: Mapping[str, Any]) -> str:
    """As it is kept with the task; what is not set is not written."""
    return json.dumps({name: value for name, value in configuration.items() if value is not None}, separators=(",", ":"))


def ticket_of(configuration: Mapping[str, Any], printer: PrinterView, before: Ticket = Ticket()) -> Ticket:  # noqa: B008 - frozen
    """The ticket that a configuration means; what of `before` Graph has no word for stays.

    What it does not set is as the printer's administrator wants it, else as the printer has it.
    """
    wanted = {name: configuration.get(name) for name in MEMBERS}
    for name, value in wanted.items():
        if value is None:
            wanted[name] = printer.profile.defaults.get(_DEFAULTS.get(name, name))
    return replace(
        before,
        copies=wanted["copies"] or 1,
        sides=DUPLEX.of(wanted["duplexMode"] or ""),
        color=_color(wanted["colorMode"], printer),
        orientation=ORIENTATIONS.of(wanted["orientation"] or ""),
        media=media_of(wanted["mediaSize"], printer) if wanted["mediaSize"] else None,
        margins=Margins(**{edge: _hundredths(wanted["margin"], edge) for edge in EDGES}),
        page_ranges=tuple((each["start"], each["end"]) for each in wanted["pageRanges"] or ()),
        number_up=wanted["pagesPerSheet"] or 1,
        collate=None if wanted["collate"] is None else Collate.COLLATED if wanted["collate"] else Collate.UNCOLLATED,
        quality=QUALITIES.of(wanted["quality"] or ""),
        scaling=SCALINGS.of(wanted["scaling"] or "") or (Scaling.FIT if wanted["fitPdfToPage"] else None),
        tray=wanted["inputBin"] or "",
        media_type=wanted["mediaType"] or "",
        resolution=wanted["dpi"] or 0,
        finishings=_finishings(wanted["finishings"] or ()),
        output_bin=wanted["outputBin"] or "",
        layout=LAYOUTS.of(wanted["multipageLayout"] or ""),
        feed_orientation=FEEDS.of(wanted["feedOrientation"] or ""),
    )


def configuration_of(job: JobView) -> dict[str, Any]:
    """A job's configuration: as it was sent, or what the ticket of a program that speaks another language means. Unset: null."""
    told = json.loads(job.configuration) if job.configuration else _of_ticket(job.ticket)
    return {name: told.get(name) for name in MEMBERS}


def _of_ticket(ticket: Ticket) -> dict[str, Any]:
    margins = {edge: None if (width := getattr(ticket.margins, edge)) is None else MICRONS * width for edge in EDGES}
    return {
        "collate": None if ticket.collate is None else ticket.collate is Collate.COLLATED,
        "colorMode": COLORS.to(ticket.color),
        "copies": ticket.copies,
        "dpi": ticket.resolution or None,
        "duplexMode": DUPLEX.to(ticket.sides),
        "feedOrientation": FEEDS.to(ticket.feed_orientation),
        "finishings": FINISHINGS.all(ticket.finishings) or None,
        "inputBin": ticket.tray or None,
        "margin": margins if any(width is not None for width in margins.values()) else None,
        "mediaSize": to_graph(ticket.media) if ticket.media else None,
        "mediaType": ticket.media_type or None,
        "multipageLayout": LAYOUTS.to(ticket.layout),
        "orientation": ORIENTATIONS.to(ticket.orientation),
        "outputBin": ticket.output_bin or None,
        "pageRanges": [{"start": first, "end": last} for first, last in ticket.page_ranges] or None,
        "pagesPerSheet": ticket.number_up,
        "quality": QUALITIES.to(ticket.quality),
        "scaling": SCALINGS.to(ticket.scaling),
    }


def _color(name: str | None, printer: PrinterView) -> Any:
    """`auto` on a printer that has no such mode is its own default."""
    color = COLORS.of(name or "")
    return None if name == "auto" and color not in printer.device.capabilities.colors else color


def _hundredths(margin: Mapping[str, int | None] | None, edge: str) -> int | None:
    width = (margin or {}).get(edge)
    return None if width is None else round(width / MICRONS)


def _finishings(names: Any) -> tuple[str, ...]:
    found = (FINISHINGS.of(name) for name in names)
    return tuple(dict.fromkeys(each for each in found if each and each != "none"))
