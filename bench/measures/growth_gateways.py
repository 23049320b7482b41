"""How accepting grows with the number of gateway processes."""

import asyncio
import json
import statistics
import time

from bench.load import load
from bench.measure import Measure
from bench.processes import GATEWAY, processes
from bench.run import Run
from bench.server import text_task
from bench.stock import Fleet

GATEWAYS = 4
REQUESTS, CLIENTS = 2000, 64


async def take(run: Run) -> None:
    """One to four gateways beside registry and bus; as many clients in all, shared between them."""
    fleet = Fleet(10)
    async with processes(run.folder / "ours") as ours:
        await ours.start("registry")
        await ours.stop("registry")
        await asyncio.to_thread(fleet.store, ours.data / "registry.sqlite", (ours.data / "sn").read_text().strip())
        await ours.start("registry")
        names: list[str] = []
        for count in range(1, GATEWAYS + 1):
            names.append(GATEWAY if count == 1 else f"{GATEWAY}-{count}")
            await ours.start(names[-1], WORKER=str(count))
            rates = []
            for _ in range(run.scale(3, 1) + 1):
                begun = time.perf_counter()
                each = run.scale(REQUESTS, 200) // count
                loads = []
                for place, name in enumerate(names):
                    folder = run.folder / f"load-{place}"
                    folder.mkdir(exist_ok=True)
                    loads.append(load(folder, ours.target(name), _bodies(fleet, each), connections=CLIENTS // count))
                seen = await asyncio.gather(*loads)
                run.say(f"{count} gateways: all of it in {time.perf_counter() - begun:.1f} s")
                rates.append(sum(one.rate for one in seen))
            run.point("accepted per second", ("gateway processes", count), ("tasks/s", statistics.median(rates[1:])))
    run.note(
        f"{CLIENTS} connections in all; their clients and the bus are on the same machine, whose processors all of them share: "
        "what a further gateway adds ends where these are busy."
    )


def _bodies(fleet: Fleet, count: int) -> list[bytes]:
    def task(number: int) -> dict[str, str]:
        printer = number % fleet.printers
        return {**text_task(number, fleet.name(printer)), "controlSn": fleet.agent(printer)}

    return [json.dumps({"command": "newPrintTask", "data": {"task": task(number)}}).encode() for number in range(count)]


MEASURE = Measure(
    number="growth-gateways",
    title="1 to 4 gateway processes",
    against="itself",
    expected=55,
    take=take,
)
