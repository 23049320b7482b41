"""A device on a port that takes bytes and says nothing, as many label printers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pypdfium2


@dataclass(slots=True)
class Sink:
    """What came, each connection for itself; what is not whole is no paper."""

    uri: str = ""
    came: list[bytes] = field(default_factory=list)

    @property
    def whole(self) -> list[bytes]:
        """The documents that came to their end."""
        return [each for each in self.came if each.rstrip().endswith(b"%%EOF")]


@asynccontextmanager
async def sinking() -> AsyncIterator[Sink]:
    """One on a free port of loopback."""
    sink = Sink()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sink.came.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        sink.uri = f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield sink
    finally:
        server.close()


def words(document: bytes) -> str:
    """The text of a PDF."""
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(document))
