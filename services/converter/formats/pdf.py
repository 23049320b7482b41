"""PDF documents: only finished, and freed of everything that is not a page."""

from libs.contracts.documents import Engine, Format
from services.converter.domain import Plan
from services.converter.engines import Engines
from services.converter.formats import Made, Source

ENGINE = Engine.PDF
ACCEPTS = frozenset({Format.PDF})


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """The document's own pages on the sheet."""
    reply = await engines.work("pdf", await source.file(engines), source.result, plan.finishing)
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A worker process can start."""
    await engines.workers.ready()
