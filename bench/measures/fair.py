"""Fair shares: 10,000 tasks for one dead printer, and how long those of the others take meanwhile."""

import asyncio
import statistics
import time

import httpx

from bench.fleets import Site, lost_or_doubled, site
from bench.measure import Measure, at_most
from bench.run import Run
from bench.spread import percentile
from bench.stock import Fleet

PRINTERS, FLOOD = 1_000, 10_000
#: Tasks per second for the others, one after the other for each.
PACE = 50.0
QUIET, FLOODED = "p99 of the others, quiet", "p99 of the others, 10,000 tasks at a dead printer"
MEDIANS = {QUIET: "median of the others, quiet", FLOODED: "median of the others, 10,000 tasks at a dead printer"}
GOAL = "p99 of 999 others, by quiet"
DEAD = 0
#: A repeat takes more than a minute.
ROUNDS = 3


async def take(run: Run) -> None:
    """A task for each of the others at a steady pace, without and with the flood; then until the flood is converted."""
    printers = run.scale(PRINTERS, 50)
    async with site(run.folder / "ours", Fleet(printers), hang=DEAD) as at, httpx.AsyncClient(trust_env=False) as http:
        tasks: set[str] = set()
        others = _Others(at, http, range(1, printers), tasks)
        await others.times()

        async def flooded(_: int) -> dict[str, float]:
            await at.print(run.scale(FLOOD, 300), printers=range(DEAD, DEAD + 1))
            seen = _seen(FLOODED, await others.times())
            await _converted(at)
            return seen

        async def quiet(_: int) -> dict[str, float]:
            return _seen(QUIET, await others.times())

        units = dict.fromkeys((*MEDIANS, *MEDIANS.values()), "ms")
        await run.turns(units, {QUIET: quiet, FLOODED: flooded}, rounds=min(run.rounds, ROUNDS))
        run.checked(f"{len(tasks)} tasks of the others against the sheets", lost_or_doubled(tasks, await at.printed(tasks)))
    run.note(
        f"From sending a task to its sheet, {printers - 1} tasks at {PACE:g} per second. The dead printer takes orders and prints "
        "none. The others begin when the flood was just accepted, and all of it is still to be taken in and converted. "
        "Quiet is without a flood that comes: from the second repeat on earlier ones wait at the dead printer then, too. Agents "
        "are simulated."
    )
    run.compare(GOAL, FLOODED, QUIET)


class _Others:
    """The printers that live."""

    def __init__(self, at: Site, http: httpx.AsyncClient, printers: range, tasks: set[str]) -> None:
        self._at = at
        self._http = http
        self._printers = printers
        self._tasks = tasks

    async def times(self) -> list[float]:
        """Milliseconds from sending each task to its sheet."""
        begun = time.monotonic()
        sending = []
        for number, printer in enumerate(self._printers):
            await asyncio.sleep(max(0.0, begun + number / PACE - time.monotonic()))
            sending.append(asyncio.create_task(self._send(number, printer)))
        sent = dict(await asyncio.gather(*sending))
        self._tasks.update(sent)
        found = await self._at.printed(set(sent))
        return [1000 * (times[0] - sent[task]) for task, times in found.items()]

    async def _send(self, number: int, printer: int) -> tuple[str, float]:
        target = self._at.ours.target()
        at = time.time()
        answer = await self._http.post(
            f"http://127.0.0.1:{target.port}/openapi",
            json={"command": "newPrintTask", "data": {"task": self._at.task(number, printer)}},
            headers={"Api-Access-Token": target.token},
            timeout=60,
        )
        return str(answer.json()["data"]["taskId"]), at


def _seen(side: str, times: list[float]) -> dict[str, float]:
    return {side: percentile(times, 99), MEDIANS[side]: statistics.median(times)}


async def _converted(at: Site, within: float = 300.0) -> None:
    """Wait until none of the client's tasks waits for its conversion any more."""
    async with asyncio.timeout(within):
        while await _waiting(at):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.5)


async def _waiting(at: Site) -> bool:
    try:
        return bool(await at.ours.call("listTasks", limit=1, statusList=["SUBMITTED"]))
    except RuntimeError as busy:
        if "not caught up" not in str(busy):
            raise
        return True


MEASURE = Measure(
    number="fair",
    title="fair shares: 10,000 tasks to one dead printer, 999 others",
    against="the same without the flood",
    expected=200,
    take=take,
    goals=(at_most(GOAL, 2),),
    limit=1800,
)
