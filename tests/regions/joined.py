"""Two regions on one machine: an embedded server each, joined through a line that the test can delay and cut."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from demo.printers.port import Port
from tests.faults.rig.relay import Relay, relaying
from tests.integration.installation import Installation, installation
from tests.integration.paper import Sheets
from tests.waiting import until


class Guest(Installation):
    """Speaks to the door of one region with the token of another."""

    def __init__(self, door: Installation, home: Installation) -> None:
        super().__init__(home.folder, int(door.url.rpartition(":")[2]))
        self.log = door.log


class Regions:
    """`eu` listens for others, `us` calls it over `line`. Printers are folders, one in each region, of the region's name."""

    def __init__(self, eu: Installation, us: Installation, line: Relay) -> None:
        self.eu = eu
        self.us = us
        self.line = line

    async def start(self) -> None:
        """Both, until each knows the other's clients and printers."""
        await asyncio.gather(self.eu.start(), self.us.start())
        for door, server in ((self.eu, self.us), (self.us, self.eu)):
            await until(self._known(self.through(door, server)), 60, f"{server.folder.name} is known at the other's door")
            await self.through(door, server).device(f"Paper {server.folder.name}", within=60)

    @staticmethod
    def _known(guest: "Guest") -> Callable[[], Awaitable[bool]]:
        async def known() -> bool:
            return bool((await guest.post("getInfo"))["success"])

        return known

    def through(self, door: Installation, home: Installation) -> "Guest":
        """A client of one region at the door of another."""
        return Guest(door, home)

    def paper(self, server: Installation) -> list[str]:
        """What is on the paper of a region's printer, in the order in which it came out."""
        sheets = sorted((server.folder / "paper").glob("*.pdf"), key=lambda sheet: sheet.stat().st_mtime_ns)
        return [Sheets(sheet).words.strip() for sheet in sheets]


async def _verb(server: Installation, *words: str, **settings: str) -> None:
    process = server.run("services", *words, **settings)
    assert await asyncio.to_thread(process.wait, 60) == 0, server.tail()


@asynccontextmanager
async def regions(folder: Path, **settings: str) -> AsyncIterator[Regions]:
    """Both, provisioned and told of each other, and not started yet."""
    async with AsyncExitStack() as stack:
        port = stack.enter_context(Port()).number
        line = await stack.enter_async_context(relaying(port))
        found: list[Installation] = []
        for name, other in (("eu", "us"), ("us", "eu")):
            own = folder / name
            own.mkdir()
            listening = {"LINK_ADDRESSES": json.dumps([f"127.0.0.1:{port}"])} if name == "eu" else {}
            told = {
                "REGION": name,
                "CONVERTER_ENGINES": '["text"]',
                "TOKEN_TRIES": "1000",
                "LINKS": json.dumps([str(folder / f"{other}.link")]),
                **listening,
                **settings,
            }
            printers = [f"file://{own / 'paper'}?name=Paper%20{name}"]
            found.append(await stack.enter_async_context(installation(own, printers, **told)))
        for server, name, other in zip(found, ("eu", "us"), ("us", "eu"), strict=True):
            through = {"LINK_ADDRESSES": json.dumps([f"127.0.0.1:{line.port}"])} if name == "eu" else {}
            await _verb(server, "provision", LINKS="[]")
            await _verb(server, "link", other, "--out", str(folder / f"{name}.link"), LINKS="[]", **through)
        yield Regions(*found, line)
