"""What stays silent in all rows of hostile documents: sinks on inner addresses, canaries in files, keys and variables."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.documents import Format
from tests.faults.rig import canaries
from tests.faults.rig.canaries import Planted
from tests.faults.rig.row import Row
from tests.faults.rig.siege import Siege
from tests.faults.rig.sinks import Sinks, sinking
from tests.postgres import free_port

_HOSTS, _PORTS = ("127.0.0.1", "127.0.0.2"), 2


@dataclass(frozen=True)
class Alarms:
    """Sinks that are heard, each proven by a hit of ours, and canaries that anybody on this machine may read."""

    sinks: Sinks
    places: int
    planted: Planted

    @property
    def addresses(self) -> list[str]:
        """What a hostile document names: every sink and every canary."""
        return [f"http://{host}:{port}/x.png" for host, port in self.sinks.places] + [
            f"file://{each}" for each in self.planted.paths
        ]

    async def silent(self, siege: Siege) -> None:
        """Assert that no sink was asked and no canary shown by any attack, and that the search would have found one; say it."""
        for kind, data in ((Format.TEXT, canaries.text().encode()), (Format.PNG, canaries.picture())):
            control = await siege._convert(kind, data)
            assert await asyncio.to_thread(canaries.found, control), "the search finds a canary that is there"
        await siege.calm()
        papers = {end.made: end.attack.name for end in siege.ends if end.made}
        found = await asyncio.to_thread(lambda: {name: places for made, name in papers.items() if (places := canaries.found(made))})
        said = [end.attack.name for end in siege.ends if canaries.WORD in end.message]
        assert (found, said, self.sinks.hits) == ({}, [], [])
        siege.row.saw(
            f"{self.places} sinks (TCP and UDP) on inner addresses had 0 hits, and had recorded one each when they were asked "
            f"directly; canaries lay in {len(self.planted.paths)} files, among the services' keys and in the environment: 0 are in "
            f"the {len(papers)} PDFs that were made or in any refusal; the search found those of two control documents.",
            hits=0,
            canaries=0,
            sinks=self.places,
            pdfs=len(papers),
        )


@asynccontextmanager
async def alarmed(row: Row) -> AsyncIterator[Alarms]:
    """Sinks that listen and canaries that lie ready while the body runs, for a converter in `row.folder`; nobody asks a sink."""
    # Where engines have no folder of their own instead, and everybody may look.
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir="/var/tmp"))
    await asyncio.to_thread(folder.chmod, 0o755)
    own, keys = canaries.plant(folder), canaries.plant(row.folder / "data" / "keys")
    os.environ["CANARY"] = canaries.WORD
    try:
        async with sinking(_HOSTS, [free_port() for _ in range(_PORTS)]) as sinks:
            yield Alarms(sinks, await sinks.proven(), Planted((own[0], keys[0]), (own[1], keys[1])))
            assert sinks.hits == [], "nor while the engines ended"
    finally:
        del os.environ["CANARY"]
        await asyncio.to_thread(shutil.rmtree, folder)
