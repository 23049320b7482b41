"""Where documents are worked on: a folder for each, whose remains tell over which of them a converter died."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from libs.contracts.orders import ConvertDocument
from services.converter.domain import Failure, Rejected

log = structlog.get_logger()

#: How often a converter may die while it works on one document.
DEATHS = 5
#: Deaths are remembered for so many seconds after the last one.
MEMORY = 86_400.0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How often a converter died while it worked on a document, and when last (seconds since 1970)."""

    deaths: int
    last: float


@dataclass
class Workplace:
    """Folders in `root`. Orders are `suspects` when a converter died while it worked on them; `<task>.<attempt>` names one.

    An order that was only in the hands of a converter that died is none: bad luck costs nothing, however often it strikes.
    """

    root: Path
    suspects: dict[str, Suspicion] = field(default_factory=dict)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def on(self, order: ConvertDocument) -> AsyncIterator[Path]:
        """A folder for one order. Suspects work one at a time, so that they are not taken for one another.

        Raises `Rejected` for one over which a converter died `DEATHS` times.
        """
        name = f"{order.task}.{order.attempt}"
        suspicion = self.suspects.get(name)
        if suspicion is None:
            async with self.folder(f"{name}.") as work:
                yield work
            return
        if suspicion.deaths >= DEATHS:
            sentence = f"The converter died {suspicion.deaths} times while it worked on this document; it is not tried again."
            raise Rejected(Failure.CRASH, sentence)
        async with self._alone, self.folder(f"{name}.") as work:
            yield work
        self.suspects.pop(name, None)

    @asynccontextmanager
    async def folder(self, prefix: str = "") -> AsyncIterator[Path]:
        """A folder that is gone afterwards; of one with dots in its `prefix` a death is remembered."""
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=prefix, dir=self.root))
        try:
            yield work
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)


def workplace(root: Path) -> Workplace:
    """An empty one in this folder, which is made; what a killed converter left in it is remembered beside it, and cleared."""
    book = root.with_name(f"{root.name}.json")
    left = [path.name.rpartition(".")[0] for path in root.glob("*.*")] if root.is_dir() else []
    suspects = _remembered(book)
    for name in left:
        deaths = suspects[name].deaths + 1 if name in suspects else 1
        suspects[name] = Suspicion(deaths, time.time())
        log.warning("a converter died over a document", order=name, deaths=deaths)
    if left:
        _remember(book, suspects)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True, mode=0o700)
    return Workplace(root, suspects)


def _remembered(book: Path) -> dict[str, Suspicion]:
    try:
        found = json.loads(book.read_text())
        known = {name: Suspicion(int(deaths), float(last)) for name, (deaths, last) in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("deaths over documents are forgotten", error=type(error).__name__)
        return {}
    return {name: each for name, each in known.items() if abs(time.time() - each.last) < MEMORY}


def _remember(book: Path, suspects: dict[str, Suspicion]) -> None:
    """Written before the folders go: a converter that dies in between counts once more, never once less."""
    new = book.with_suffix(".new")
    try:
        new.write_text(json.dumps({name: (each.deaths, each.last) for name, each in suspects.items()}))
        new.replace(book)
    except OSError as error:  # the disk is full, say: what is remembered here is enough for now
        log.warning("deaths over documents are not written down", error=type(error).__name__)
