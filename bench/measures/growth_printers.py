"""How the cost of a task grows with the number of printers."""

import time

from bench.fleets import SERVICES, lost_or_doubled, site
from bench.footprint import Footprint
from bench.measure import Measure
from bench.processes import NATS
from bench.run import Run
from bench.stock import Fleet

SIZES = (10, 100, 1_000, 10_000)
TASKS = 3_000
PRINTERS = "printers"


async def take(run: Run) -> None:
    """The same number of tasks, spread over ever more printers, a hundred of them at each agent."""
    for printers in SIZES if not run.quick else SIZES[:2]:
        async with site(run.folder / str(printers), Fleet(printers)) as at:
            warm = set(await at.print(50))
            await at.printed(warm)
            services = Footprint(*(at.ours.pid(name) for name in (*SERVICES, NATS)))
            services.begin()
            begun = time.time()
            tasks = set(await at.print(run.scale(TASKS, 200), first=50))
            found = await at.printed(tasks)
            spent = services.seconds()
            rate = len(tasks) / (max(times[-1] for times in found.values()) - begun)
            run.checked(f"{len(tasks)} tasks at {printers} printers against the sheets", lost_or_doubled(tasks, found))
            run.point("tasks printed per second", (PRINTERS, printers), ("tasks/s", rate))
            run.point("processor time per task, all services and the bus", (PRINTERS, printers), ("ms", 1000 * spent / len(tasks)))
            run.point("memory, all services and the bus", (PRINTERS, printers), ("MiB", services.memory()))
    run.note("Agents are simulated, in one process: they are admitted, read their orders and tell what an agent tells, on the bus.")


MEASURE = Measure(
    number="growth-printers",
    title="10 to 10,000 printers",
    against="itself",
    expected=120,
    take=take,
    limit=1500,
)
