"""Our converter as its service runs it, without the bus: documents rendered and finished, timed (P5 and P6)."""

import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.devices import Target
from libs.contracts.documents import ENGINE, Document, Format, Inline
from libs.contracts.orders import ConvertDocument
from libs.contracts.tickets import Ticket
from services.converter.conversion import Converter
from services.converter.settings import ConverterSettings


@dataclass(frozen=True, slots=True)
class Converting:
    """A running converter with the settings that it has by default."""

    converter: Converter
    folder: Path

    async def seconds(self, kind: Format, data: bytes) -> float:
        """What one document takes, from its bytes to the finished PDF. Raises what the converter raises."""
        order = ConvertDocument(
            region="local",
            engine=ENGINE[kind],
            tenant="main",
            task="bench",
            attempt=1,
            document=Document(content=Inline(b""), format=kind),
            ticket=Ticket(),
            target=Target(),
        )
        work = Path(tempfile.mkdtemp(dir=self.folder))
        begun = time.perf_counter()
        source = work / "source"
        source.write_bytes(data)
        made = await self.converter.convert(order, source, work)
        taken = time.perf_counter() - begun
        if made.pages < 1 or not made.path.read_bytes().startswith(b"%PDF"):
            raise RuntimeError(f"the converter made no PDF of a {kind.value}")
        shutil.rmtree(work)
        return taken


@asynccontextmanager
async def converting(folder: Path) -> AsyncIterator[Converting]:
    """Engines start with the first document."""
    (folder / "work").mkdir(parents=True)
    converter = Converter(ConverterSettings(data_dir=folder / "data"))
    await converter.start()
    try:
        yield Converting(converter, folder / "work")
    finally:
        await converter.close()
