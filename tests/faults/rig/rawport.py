"""A printer on a raw TCP port, as 9100 is: what came in, one entry per connection, read as a test's script says."""

import asyncio
from dataclasses import dataclass, field
from typing import Self

from tests.faults.rig.history import History
from tests.faults.rig.posts import Listener


@dataclass
class RawPort:
    """A printer on a TCP port; `entry` is for PRINTERS.

    `stops_after` bytes of each connection it reads nothing more (None: it reads all); `rate` is bytes per second (0: as they
    come). Both can be changed while it is there, `read_on` wakes those that stopped. `window` is what the machine takes in unread.
    """

    name: str = "Label"
    history: History | None = None
    stops_after: int | None = None
    rate: float = 0.0
    window: int = 4096
    jobs: list[bytes] = field(default_factory=list)
    taken: int = 0
    grace: float = 0.0

    def __post_init__(self) -> None:
        self._listener = Listener(self._serve, window=self.window)
        self._on = asyncio.Event()

    @property
    def entry(self) -> str:
        """Its entry in PRINTERS."""
        return f"socket://127.0.0.1:{self._listener.port}?name={self.name}&grace={self.grace:g}"

    async def __aenter__(self) -> Self:
        await self._listener.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listener.release()

    def read_on(self) -> None:
        """Read everything from now on, as fast as it comes."""
        self.stops_after, self.rate = None, 0.0
        self._on.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = bytearray()
        while True:
            while self.stops_after is not None and len(got) >= self.stops_after:
                await self._on.wait()
            most = 65536 if self.stops_after is None else min(65536, self.stops_after - len(got))
            piece = await reader.read(1 if self.rate else most)
            if not piece:
                break
            got += piece
            self.taken += len(piece)
            if self.rate:
                await asyncio.sleep(1 / self.rate)  # a printer that takes so many bytes a second
        if got:
            self.jobs.append(bytes(got))
            if self.history:
                self.history.note("came", bytes=len(got))
