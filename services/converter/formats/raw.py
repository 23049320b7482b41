"""The languages of label and receipt printers: untouched, byte for byte; several copies are the same bytes one after another."""

import asyncio
import shutil
from pathlib import Path

from libs.contracts.documents import RAW_FORMATS, RAW_MEDIA_TYPE, Engine
from services.converter.domain import Failure, Plan, Rejected
from services.converter.engines import Engines
from services.converter.formats import Made, Source

ENGINE = Engine.RAW
ACCEPTS = RAW_FORMATS


async def to_pdf(source: Source, plan: Plan, engines: Engines) -> Made:
    """The bytes as they are. Raises `Rejected` for copies that are too much."""
    path = await source.file(engines)
    copies, size = plan.finishing.copies, path.stat().st_size
    if size * copies > engines.limits.bytes:
        made, most = size * copies / 1e6, engines.limits.bytes / 1e6
        sentence = f"{copies} copies make {made:.1f} MB; at most {most:g} MB can be printed here: write fewer."
        raise Rejected(Failure.TOO_LARGE, sentence)
    await asyncio.to_thread(_repeat, path, source.result, copies)
    return Made(source.result, copies, media_type=RAW_MEDIA_TYPE)


async def ready(engines: Engines) -> None:
    """Nothing needs to start."""


def _repeat(path: Path, result: Path, copies: int) -> None:
    with result.open("wb") as made:
        for _ in range(copies):
            with path.open("rb") as source:
                shutil.copyfileobj(source, made)
