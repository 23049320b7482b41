"""Hostile HTTP clients: what no library would send, written to a socket by hand, and what came back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx


@dataclass(frozen=True)
class Said:
    """What a server answered: its status (0: it closed the line without a word), how long that took, what was sent until then."""

    status: int
    seconds: float
    sent: int
    body: bytes = b""


async def say(port: int, head: str, pieces: Iterable[bytes] = (), *, within: float = 30.0) -> Said:
    """Send a request's head and pieces of a body until an answer comes, or the line is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun, sent = time.monotonic(), 0
    answer = asyncio.create_task(_answer(reader))
    try:
        with suppress(ConnectionError):
            writer.write(head.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n")
            for piece in pieces:
                await writer.drain()
                await asyncio.sleep(
                    0
                )  # draining alone lets nobody else run, and what is written to a closed line counts for nothing
                if answer.done() or writer.transport.is_closing():
                    break
                writer.write(piece)
                sent += len(piece)
        async with asyncio.timeout(within):
            status, body = await answer
    finally:
        answer.cancel()
        writer.transport.abort()
    return Said(status, time.monotonic() - begun, sent, body)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        rest = await asyncio.wait_for(reader.read(65536), 1.0)
    except TimeoutError:
        rest = b""
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, b""
    return int(head.split(b" ", 2)[1]), rest


def chunked(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Pieces of a body without an announced length."""
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


async def closed(reader: asyncio.StreamReader, within: float) -> bool:
    """Whether the server closes a line within so many seconds, whatever it says before."""
    with suppress(ConnectionError):
        try:
            async with asyncio.timeout(within):
                while await reader.read(65536):
                    pass
        except TimeoutError:
            return False
    return True


@dataclass
class Health:
    """How long the probe took to answer, in seconds, while the block ran; `failed`: how often it did not."""

    took: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def p95(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.95)] if self.took else 0.0


@asynccontextmanager
async def watched(url: str, every: float = 0.1) -> AsyncIterator[Health]:
    """Ask /healthz all the time."""
    health = Health()

    async def watch() -> None:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client:
            while True:
                begun = time.monotonic()
                try:
                    answer = await client.get("/healthz")
                    health.failed += not answer.is_success
                except httpx.HTTPError:
                    health.failed += 1
                health.took.append(time.monotonic() - begun)
                await asyncio.sleep(every)  # how often it asks

    task = asyncio.create_task(watch())
    try:
        yield health
    finally:
        task.cancel()


def resident(pid: int) -> float:
    """Megabytes that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
