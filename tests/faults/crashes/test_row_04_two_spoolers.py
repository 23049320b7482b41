"""Two spoolers on one database: whoever holds the lease is frozen for longer than it lasts, is followed, and wakes up again."""

import asyncio
import signal
import time

import asyncpg
import pytest

from libs.runtime.lease import TERM
from tests.faults.rig.ears import listening
from tests.faults.rig.load import Client, client, submit_all
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import installation
from tests.integration.processes import SERVICES, Processes, processes
from tests.waiting import until

PAIR = ("spooler", "spooler-2")
SETTINGS = {"CONVERTER_ENGINES": '["text"]'}


class Lease:
    """The lease as it is in the database."""

    def __init__(self, url: str, running: Processes) -> None:
        self._url = url
        self._running = running

    async def row(self) -> tuple[str, int]:
        """Who holds it, by the name of the process, and its epoch."""
        connection = await asyncpg.connect(self._url)
        try:
            found = await connection.fetchrow("SELECT holder, epoch FROM spooler.lease WHERE name = 'spooler'")
        finally:
            await connection.close()
        pid = int(found["holder"].split(":")[1])
        return next(name for name in PAIR if self._running.pid(name) == pid), int(found["epoch"])

    async def goes_to(self, name: str) -> float:
        """Wait until it is this one's; how many seconds that took."""
        begun = time.monotonic()

        async def gone() -> bool:
            return (await self.row())[0] == name

        await until(gone, 60, f"the lease goes to {name}", every=0.1)
        return time.monotonic() - begun


async def submitted(sender: Client, tasks: int) -> None:
    await submit_all([sender], ["Paper"], tasks, lanes=4)


@pytest.mark.row(4)
@pytest.mark.timeout(300)
async def test_row_04_a_frozen_spooler_is_followed_and_refused_when_it_wakes(row, postgres_url):
    paper = row.folder / "paper"
    async with (
        listening(row.history("receiver")) as ears,
        installation(
            row.folder, [f"file://{paper}?name=Paper"], CALLBACK_URL=ears.url, DATABASE_URL=postgres_url, **SETTINGS
        ) as server,
        processes(server) as running,
    ):
        for name in (*SERVICES, "spooler-2"):
            running.start(name)
        await server.ready(120)
        await server.device("Paper")
        lease = Lease(postgres_url, running)
        async with client([server.url], server.token, row.history("client")) as sender:
            first, epoch = await lease.row()
            second = next(name for name in PAIR if name != first)
            load = asyncio.create_task(submitted(sender, 300))
            await until(lambda: len(sender.accepted) > 20, 60, "there is work", every=0.05)
            running.signal(first, signal.SIGSTOP)
            frozen = await lease.goes_to(second)
            before = len(ears.ended)
            await until(lambda: len(ears.ended) > before, 60, "work goes on", every=0.05)
            running.signal(first, signal.SIGCONT)
            await load
            await submitted(sender, 100)
            assert await lease.row() == (second, epoch + 1), "who woke up did not take it back"
            await running.kill(second)
            orphaned = await lease.goes_to(first)
            assert (await lease.row())[1] == epoch + 2
            await submitted(sender, 50)
            tasks = set(sender.accepted)
            assert dict(await settled([sender])) == {"FINISHED": 450}
            await ears.all_ended(tasks)
        assert sorted(note_folder(row.history("paper"), paper)) == sorted(tasks)
        assert running.runs(first), "it lives: it stood by, and decides again"
        assert "lease lost" in server.log.read_text(), "it noticed"
    row.did(
        "Two spoolers on one PostgreSQL, 300 tasks coming in: the holder of the lease was stopped (SIGSTOP) until the other had "
        "it, woken (SIGCONT) while the other worked; 100 tasks later the other was killed (kill -9). "
        f"A lease lasts {TERM:g} s."
    )
    row.check()
    row.saw(
        f"The frozen one was followed after {frozen:.1f} s, the killed one after {orphaned:.1f} s. Awake, the old one found "
        f"epoch {epoch + 1} where it had {epoch}, decided nothing and stood by. 450 tasks, each on paper once, callbacks complete.",
        frozen=round(frozen, 1),
        killed=round(orphaned, 1),
    )
