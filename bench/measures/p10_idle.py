"""P10: what the embedded server takes while nothing is to be done."""

import asyncio
from contextlib import AsyncExitStack

import psutil

from bench.footprint import Footprint, below
from bench.measure import Measure, at_most
from bench.peers.bare import bare
from bench.run import Run
from bench.server import listed, server

#: Seconds that each side is watched per turn; seconds without work after which engines sleep, and until all is quiet.
WATCHED, IDLE, QUIET = 8.0, 3.0, 20.0
ENGINES = ("soffice.bin", "headless_shell", "chromium", "chromium-headless-shell", "chrome")
OURS, THEIRS = "memory of the idle server", "memory of bare interpreters and nats-server"
CPU, CPU_BUS, CPU_BARE = "processor, idle server", "of that, nats-server", "processor, bare"
MEMORY_GOAL, CPU_GOAL = "idle memory, by bare interpreters'", "idle processor time, of one core"
UNITS = {OURS: "MiB", THEIRS: "MiB", CPU: "%", CPU_BUS: "%", CPU_BARE: "%"}


async def take(run: Run) -> None:
    """The whole embedded server with every engine kind and one printer, its engines asleep; and the bare ones beside it."""
    paper = run.folder / "paper"
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(
            server(run.folder / "ours", [f"file://{paper}?name=Paper"], ENGINE_IDLE=f"{IDLE:.0f}")
        )
        await listed(started, "Paper")
        pids = await stack.enter_async_context(bare(run.folder / "bare"))
        own = await _sleeping()
        ours, bus, theirs = Footprint(own), Footprint(*below(own, "nats-server")), Footprint(*pids)

        async def watch_ours(_: int) -> dict[str, float]:
            ours.begin()
            bus.begin()
            await asyncio.sleep(run.scale(WATCHED, 3.0))
            return {OURS: ours.memory(), CPU: ours.processor(), CPU_BUS: bus.processor()}

        async def watch_theirs(_: int) -> dict[str, float]:
            theirs.begin()
            await asyncio.sleep(run.scale(WATCHED, 3.0))
            return {THEIRS: theirs.memory(), CPU_BARE: theirs.processor()}

        await run.turns(UNITS, {"ours": watch_ours, "theirs": watch_theirs})
        run.note(f"{len(ours)} processes of the server against {len(theirs)} bare ones; memory is PSS: what is shared counts once.")
    run.compare(MEMORY_GOAL, OURS, THEIRS)
    run.compare(CPU_GOAL, CPU)


async def _sleeping() -> int:
    """Wait until no engine runs any more; the server's process."""
    own = next(each.pid for each in psutil.Process().children() if each.cmdline()[1:3] == ["-m", "services"])
    async with asyncio.timeout(120):
        while below(own, *ENGINES):  # noqa: ASYNC110 - they are other processes
            await asyncio.sleep(0.5)
    await asyncio.sleep(QUIET / 2)
    return own


MEASURE = Measure(
    number="P10",
    title="idle memory and processor time of the embedded server, engines asleep",
    against="nats-server and a bare interpreter per service with its imports",
    expected=120,
    take=take,
    goals=(at_most(MEMORY_GOAL, 1.5), at_most(CPU_GOAL, 1.0, "%")),
)
