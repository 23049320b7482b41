"""Images, PWG raster among them: as large as the printable area lets them be."""

from libs.contracts.documents import Engine, Format
from services.converter.domain import Plan
from services.converter.engines import Engines
from services.converter.formats import Made, Source

ENGINE = Engine.IMAGE
ACCEPTS = frozenset({Format.PNG, Format.JPG, Format.BMP, Format.WEBP, Format.PWG})


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """One page with the image in the middle; PWG raster has as many as it has."""
    name = source.document.format.value
    reply = await engines.work("image", await source.file(engines), source.result, name, plan.finishing, plan.natural)
    return Made.of(source.result, reply)


async def ready(engines: Engines) -> None:
    """A worker process can start."""
    await engines.workers.ready()
