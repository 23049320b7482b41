"""Plain text: typeset by an engine of our own, with embedded Chinese glyphs; rare scripts are left to the browser."""

import asyncio

from libs.contracts.documents import Engine, Format
from services.converter.domain import Plan
from services.converter.engines import Engines
from services.converter.formats import Made, Source
from services.converter.proxy import Visit
from services.converter.webpage import WebPage

ENGINE = Engine.TEXT
ACCEPTS = frozenset({Format.TEXT})


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """Text as pages of the layout's size, in a font of even width."""
    reply = await engines.work("text", await source.file(engines), source.result, plan.layout, plan.finishing)
    if reply["pages"] == 0:
        return await _by_browser(source, plan, engines)
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A worker process can start."""
    await engines.workers.ready()


async def _by_browser(source: Source, plan: Plan, engines: Engines) -> Made:
    visit = Visit(budget=0, document=await asyncio.to_thread(source.result.read_bytes))
    page = WebPage(plan.layout, oriented=True, background=True, javascript=False)
    rendered = source.work / "rendered.pdf"
    await asyncio.to_thread(rendered.write_bytes, await engines.page(page, visit))
    reply = await engines.work("pdf", rendered, source.result, plan.finishing)
    rendered.unlink()
    return Made.of(source.result, reply)
