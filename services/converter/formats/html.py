"""HTML: printed by Chromium, whether the page came with the task or lies at an address that Chromium opens itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

from libs.contracts.documents import Engine, Format
from libs.contracts.tickets import Media
from libs.runtime.vetting import Forbidden
from services.converter import sniff
from services.converter.domain import Failure, Finishing, Plan, Rejected, meant, standard
from services.converter.engines import Engines
from services.converter.fetch import origin, own_headers
from services.converter.formats import Made, Source
from services.converter.geometry import hundredths
from services.converter.proxy import DOCUMENT_HOST, Visit
from services.converter.webpage import WebPage, size

ENGINE = Engine.HTML
ACCEPTS = frozenset({Format.HTML})

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """The page on pages of the layout's size; without a sheet in the ticket a page's own `@page` size counts."""
    visit = Visit(budget=engines.settings.max_document)
    page = WebPage(
        layout=plan.layout,
        oriented=source.ticket.orientation is not None,
        background=source.document.background,
        javascript=source.document.javascript,
        url=f"http://{DOCUMENT_HOST}/",
    )
    if source.path is not None:
        visit.document, visit.content_type = await asyncio.to_thread(_document, source.path)
    elif source.request is not None:
        origin(source.request.url)
        page = page.at(source.request.url, own_headers(source.request))
    rendered = source.work / "rendered.pdf"
    data = await engines.page(page, visit)
    await asyncio.to_thread(rendered.write_bytes, data)
    reply = await engines.work("pdf", rendered, source.result, _finishing(plan, data))
    rendered.unlink()
    made = Made.of(source.result, reply)
    return made.remarking(*_remarks(visit))


async def ready(engines: Engines) -> None:
    """A browser and a worker process can start."""
    await asyncio.gather(engines.workers.ready(), engines.browsers.ready())


def _document(path: Path) -> tuple[bytes, str]:
    """The page's bytes and its media type, with the encoding where the bytes prove it; else the page itself must say."""
    data = path.read_bytes()
    found = sniff.looks(data)
    if found is not None and found is not sniff.HTML:
        raise sniff.mislabelled(Format.HTML, found)
    if data.startswith(_MARKS):
        return data, "text/html"
    if b"\0" in data[:4096]:
        raise Rejected(Failure.MISLABELLED, "The task says HTML, but this is no text; write the format that it really has.")
    try:
        data.decode()
    except UnicodeDecodeError:
        return data, "text/html"
    return data, "text/html; charset=utf-8"


def _finishing(plan: Plan, data: bytes) -> Finishing:
    """The plan's finishing; where nobody asked for a sheet, on the one that the page asks for itself."""
    if plan.finishing.sheet is not None:
        return plan.finishing
    width, height = (meant(hundredths(edge)) for edge in size(data))
    upright = Media(min(width, height), max(width, height))
    return replace(plan.finishing, sheet=standard(width, height) or upright)


def _remarks(visit: Visit) -> list[str]:
    hosts = sorted(host for host, error in visit.refused.items() if isinstance(error, Forbidden))
    return [f"Parts of the page were left out: {host} is not on the public network." for host in hosts[:5]]
