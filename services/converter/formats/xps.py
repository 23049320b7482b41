"""XPS: made PDF by Debian's `xpstopdf` inside the seal, then finished like any PDF."""

from libs.contracts.documents import Engine, Format
from services.converter.domain import Plan
from services.converter.engines import Engines
from services.converter.formats import Made, Source

ENGINE = Engine.PDF
ACCEPTS = frozenset({Format.XPS})


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """The document's own pages on the sheet."""
    path = await source.file(engines)
    await engines.check_package(path)
    rendered = source.work / "rendered.pdf"
    await engines.xps(path, rendered)
    reply = await engines.work("pdf", rendered, source.result, plan.finishing)
    rendered.unlink()
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A worker process can start."""
    await engines.workers.ready()
