"""Two regions on one machine: an embedded server each, or services beside a cluster each, joined by lines that a test can spoil."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx

from demo.printers.port import Port
from tests.faults.rig.cell import Cell
from tests.faults.rig.cluster import Cluster, cluster
from tests.faults.rig.relay import Relay, relaying
from tests.integration.installation import ROOT, Installation, installation
from tests.integration.paper import Sheets
from tests.waiting import until

#: Seconds until a region that was cut off for long has fetched what waits: nats-server's own waiting, and its servers' start.
FETCHED = 120.0
#: Seconds within which it is said that a region is known to be away; who has yet to find out waits five for an answer.
SOON = 3.0


class Guest(Installation):
    """Speaks to the door of one region with the token of another."""

    def __init__(self, door: Installation, home: Installation) -> None:
        super().__init__(home.folder, 0)
        self.url, self.log = door.url, door.log
        self._client = httpx.AsyncClient(base_url=door.url, trust_env=False, timeout=30)

    async def timed(self, asking: Awaitable[Any]) -> tuple[float, Any]:
        """What was answered, or the exception, and after how many seconds."""
        begun = time.monotonic()
        (answer,) = await asyncio.gather(asking, return_exceptions=True)
        return time.monotonic() - begun, answer


class Confined(Installation):
    """An installation in a cell of its own."""

    def __init__(self, cell: Cell, folder: Path, port: int, **settings: str) -> None:
        super().__init__(folder, port, HTTP_HOST=cell.own, **settings)
        self.url = f"http://{cell.own}:{port}"
        self._client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=30)
        self._cell = cell

    def run(self, module: str, *arguments: str, **settings: str) -> Any:
        """One process, inside."""
        argv = [sys.executable, "-m", module, *arguments]
        return self._cell.start(argv, self.environment(**settings), ROOT, self.log)


@dataclass
class Regions:
    """`eu` listens for others, `us` calls it over `lines`. Printers are folders, one in each region, of the region's name.

    `buses` are their clusters, where they have any.
    """

    eu: Installation
    us: Installation
    lines: list[Relay]
    buses: list[Cluster]

    @property
    def all(self) -> tuple[Installation, ...]:
        """Every one of them."""
        return (self.eu, self.us)

    @property
    def line(self) -> Relay:
        """The one line between them."""
        (line,) = self.lines
        return line

    def cut(self) -> None:
        """Break all lines."""
        for line in self.lines:
            line.cut()

    def heal(self) -> None:
        """All lines carry again."""
        for line in self.lines:
            line.heal()

    async def start(self) -> None:
        """All, until each knows the others' clients and printers."""
        await asyncio.gather(*(server.start(ready=False) for server in self.all))
        await asyncio.gather(*(server.ready(120) for server in self.all))
        for door, server in permutations(self.all, 2):
            guest, name = self.through(door, server), server.folder.name
            await until(self._known(guest), 90, f"{name} is known at the other's door", every=0.25)
            await guest.device(f"Paper {name}", within=60)

    @staticmethod
    def _known(guest: Guest) -> Callable[[], Awaitable[bool]]:
        async def known() -> bool:
            return bool((await guest.post("getInfo"))["success"])

        return known

    def through(self, door: Installation, home: Installation) -> Guest:
        """A client of one region at the door of another."""
        return Guest(door, home)

    def paper(self, server: Installation) -> list[str]:
        """What is on the paper of a region's printer, in the order in which it came out."""
        sheets = sorted((server.folder / "paper").glob("*.pdf"), key=lambda sheet: sheet.stat().st_mtime_ns)
        return [Sheets(sheet).words.strip() for sheet in sheets]

    async def printed(self, server: Installation, words: list[str], within: float = FETCHED) -> None:
        """Wait until the paper of a region has all of these once and in their order; others may lie between."""
        folder = server.folder / "paper"
        await until(lambda: len(list(folder.glob("*.pdf"))) >= len(words), within, "all is printed", every=0.2)

        def lie() -> list[str]:
            return [each for each in self.paper(server) if each in words]

        await until(lambda: len(lie()) >= len(words), within, "all of it is printed", every=1.0)
        assert [each for each, times in Counter(lie()).items() if times > 1] == []
        assert lie() == words


async def emptied(server: Installation, region: str = "us") -> bool:
    """Whether a gateway says that nothing waits for a region."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{server.url}/metrics")).text
    assert "gateway_outbox_messages" in text
    return f'gateway_outbox_messages{{region="{region}"}} 0.0' in text


async def say(server: Installation, *words: str, **settings: str) -> None:
    """One verb in an installation."""
    process = server.run("services", *words, **settings)
    assert await asyncio.to_thread(process.wait, 60) == 0, server.tail()


@asynccontextmanager
async def regions(
    folder: Path, names: tuple[str, str] = ("eu", "us"), *, servers: int = 0, cell: Cell | None = None, **settings: str
) -> AsyncIterator[Regions]:
    """Both, provisioned and told of each other, and not started yet.

    `servers`: each has a bus of so many of them, by itself; 0: the embedded one. `cell`: the second region lives in it, and calls
    the first one over the cell's own cable.
    """
    async with AsyncExitStack() as stack:
        ports = [stack.enter_context(Port()).number for _ in range(servers or 1)]
        lines = [] if cell else [await stack.enter_async_context(relaying(port)) for port in ports]
        here = cell.host if cell else "127.0.0.1"
        told = {"CONVERTER_ENGINES": '["text"]', "TOKEN_TRIES": "1000", **settings}
        listening = {"LINK_ADDRESSES": json.dumps([f"{here}:{port}" for port in ports])}
        through = {"LINK_ADDRESSES": json.dumps([f"{here}:{line.port}" for line in lines])} if lines else {}
        found: list[Installation] = []
        for name, other in (names, names[::-1]):
            own = folder / name
            own.mkdir()
            given = {**told, "REGION": name, "LINKS": json.dumps([str(folder / f"{other}.link")])}
            given |= listening if name == names[0] else {}
            printers = [f"file://{own / 'paper'}?name=Paper%20{name}"]
            if cell and name == names[1]:
                made: Installation = Confined(cell, own, 39899, PRINTERS=json.dumps(printers), **given)
                stack.push_async_callback(made.close)
            else:
                made = await stack.enter_async_context(installation(own, printers, **given))
            found.append(made)
        buses: list[Cluster] = []
        for server, (name, other) in zip(found, (names, names[::-1]), strict=True):
            await say(server, "provision", LINKS="[]")
            await say(
                server, "link", other, "--out", str(folder / f"{name}.link"), LINKS="[]", **(through if name == names[0] else {})
            )
        for server in found if servers else ():
            bus = await stack.enter_async_context(cluster(server, servers))
            buses.append(bus)
            server._settings["NATS_URL"] = bus.url
        yield Regions(*found, lines, buses)
