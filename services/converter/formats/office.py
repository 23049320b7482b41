"""Word, Excel, PowerPoint, OpenDocument and WPS: by LibreOffice, with the import filter that the document's bytes ask for."""

import asyncio

from libs.contracts.documents import Engine, Format
from libs.contracts.tickets import Orientation
from services.converter.domain import Failure, Plan, Rejected
from services.converter.engines import Engines
from services.converter.formats import Made, Source
from services.converter.libreoffice import FILTERS, OfficeJob

ENGINE = Engine.OFFICE
ACCEPTS = frozenset(
    {
        Format.WORD,
        Format.EXCEL,
        Format.PPT,
        Format.WPS,
        Format.ODT,
        Format.ODS,
        Format.ODP,
        Format.ODG,
    }
)
#: Suffixes of workbooks, which have no pages of their own before they are printed, and of pictures, which never change shape.
_BOOKS, _PICTURES = ("xlsx", "xlsb", "xls", "ods"), ("pptx", "ppt", "odp", "odg")

_FAILURES = {
    "broken": (Failure.BROKEN, "The document is damaged or incomplete; open and save it anew in Office and send it again."),
    "empty": (Failure.EMPTY, "The document has nothing to print: not one page of it has any content."),
}


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """The document's own pages; turned where the ticket asks for it, spreadsheets also laid out on the ticket's sheet."""
    path = await source.file(engines)
    kind = await engines.inspect(path, source.document.format)
    rendered = source.work / "rendered.pdf"
    failure = await engines.office(path, rendered, _job(kind, source))
    if failure:
        raise Rejected(*_FAILURES.get(failure, _FAILURES["broken"]))
    reply = await engines.work("pdf", rendered, source.result, plan.finishing)
    rendered.unlink()
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A lane and a worker process can start."""
    await asyncio.gather(engines.workers.ready(), engines.lanes.ready())


def _job(kind: str, source: Source) -> OfficeJob:
    filters, export = FILTERS[kind]
    orientation, media = source.ticket.orientation, source.ticket.media
    turned = orientation in (Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE)
    # A text's or a presentation's pages are its author's.
    sheet = (media.width, media.height) if media and kind in _BOOKS else None
    # Turned paper shows slides smaller or larger.
    landscape = None if orientation is None or kind in _PICTURES else turned
    return OfficeJob(kind, filters, export, landscape, sheet)
