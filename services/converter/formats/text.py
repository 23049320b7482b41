"""Plain text: typeset by an engine of our own, with embedded Chinese glyphs."""

from libs.contracts.documents import Engine, Format
from services.converter.domain import Plan
from services.converter.engines import Engines
from services.converter.formats import Made, Source

ENGINE = Engine.TEXT
ACCEPTS = frozenset({Format.TEXT})


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """Text as pages of the layout's size, in a font of even width."""
    reply = await engines.work("text", await source.file(engines), source.result, plan.layout, plan.finishing)
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A worker process can start."""
    await engines.workers.ready()
