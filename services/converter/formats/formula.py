"""OpenDocument formulas: their MathML, printed by the browser."""

import asyncio

from libs.contracts.documents import Engine, Format
from services.converter.domain import Plan
from services.converter.engines import Engines
from services.converter.formats import Made, Source
from services.converter.proxy import Visit
from services.converter.webpage import WebPage

ENGINE = Engine.OFFICE
ACCEPTS = frozenset({Format.ODF})


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """The formula at the top of a page of the layout's size."""
    web = source.work / "formula.html"
    await engines.work("formula", await source.file(engines), web)
    visit = Visit(budget=0, document=await asyncio.to_thread(web.read_bytes))
    rendered = source.work / "rendered.pdf"
    data = await engines.page(WebPage(plan.layout, oriented=True, background=True, javascript=False), visit)
    await asyncio.to_thread(rendered.write_bytes, data)
    reply = await engines.work("pdf", rendered, source.result, plan.finishing)
    rendered.unlink()
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A lane and a worker process can start, as for everything that comes with this engine's orders."""
    await asyncio.gather(engines.workers.ready(), engines.lanes.ready())
