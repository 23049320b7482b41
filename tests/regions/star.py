"""Three regions on one machine: one listens, the two others call it, each over a line of its own (docs/runbooks/regions.md)."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.printers.port import Port
from tests.faults.rig.relay import Relay, relaying
from tests.integration.installation import Installation, installation
from tests.regions.joined import Regions, say

NAMES = ("eu", "us", "asia")


@dataclass
class Star(Regions):
    """`eu` listens; `us` calls it over `line`, and `asia` over `far`. What these two tell each other goes through `eu`."""

    asia: Installation
    far: Relay

    @property
    def all(self) -> tuple[Installation, ...]:
        """Every one of them."""
        return (self.eu, self.us, self.asia)


@asynccontextmanager
async def star(folder: Path, **settings: str) -> AsyncIterator[Star]:
    """All three, provisioned and told of each other, and not started yet."""
    async with AsyncExitStack() as stack:
        port = stack.enter_context(Port()).number
        lines = {name: await stack.enter_async_context(relaying(port)) for name in NAMES[1:]}
        found: dict[str, Installation] = {}
        for name in NAMES:
            own = folder / name
            own.mkdir()
            told = [str(folder / f"{other}-for-{name}.link") for other in NAMES if other != name]
            given = {"CONVERTER_ENGINES": '["text"]', "TOKEN_TRIES": "1000", **settings, "REGION": name, "LINKS": json.dumps(told)}
            given |= {"LINK_ADDRESSES": json.dumps([f"127.0.0.1:{port}"])} if name == "eu" else {}
            printers = [f"file://{own / 'paper'}?name=Paper%20{name}"]
            found[name] = await stack.enter_async_context(installation(own, printers, **given))
        for name, server in found.items():
            await say(server, "provision", LINKS="[]")
            for other in (each for each in NAMES if each != name):
                third = next(each for each in NAMES if each not in (name, other))
                through = {"LINK_ADDRESSES": json.dumps([f"127.0.0.1:{lines[other].port}"])} if name == "eu" else {}
                file = str(folder / f"{name}-for-{other}.link")
                await say(server, "link", other, third, "--out", file, LINKS="[]", **through)
        eu, us, asia = found.values()
        yield Star(eu, us, [lines["us"]], [], asia, lines["asia"])
