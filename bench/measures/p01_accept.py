"""P1: newPrintTask accepted per second, by one gateway process."""

import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench.load import Loaded, Target, load
from bench.measure import Measure, at_least
from bench.paper import Folder, printed, problems
from bench.peers.lp import lp
from bench.processes import Processes, listening, processes
from bench.run import Run
from bench.server import listed, text_task

REQUESTS, WARM, LP_JOBS = 3000, 500, 100
CLIENTS = 64
OURS, THEIRS, LP = "accepted by the gateway", "accepted by a bare route", "lp accepted"
RATIO, TIMES_LP = "accepted per second, by a bare route's", "accepted per second, times lp"
UNITS = {OURS: "tasks/s", THEIRS: "requests/s", LP: "jobs/s"}
#: Not there while it is measured.
REST = ("spooler", "converter", "agent")


async def take(run: Run) -> None:
    """Gateway, registry and bus alone; the rest is started afterwards, and must bring all of it to paper."""
    paper = Folder(run.folder / "paper")
    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(lp(run.folder, max_jobs=run.scale(LP_JOBS, 10) * 10))
        ours = await stack.enter_async_context(
            processes(run.folder / "ours", [f"file://{paper.path}?name=Paper"], CONVERTER_ENGINES='["text"]')
        )
        await _known(ours)
        bare = await _bare(ours)
        ids: list[str] = []
        document = run.folder / "label.txt"
        document.write_text(text_task(0, "")["content"])

        async def gateway(number: int) -> float:
            seen = await _send(run, ours.target(), number)
            ids.extend(seen.tasks)
            return seen.rate

        async def route(number: int) -> float:
            return (await _send(run, bare, number)).rate

        async def loop(_: int) -> float:
            return await peer.accepted_per_second(document, run.scale(LP_JOBS, 10))

        for target in (ours.target(), bare):
            warmed = await load(run.folder, target, bodies(range(run.scale(WARM, 100))), connections=CLIENTS)
            ids.extend(warmed.tasks if target is not bare else [])
        await run.turns(UNITS, {OURS: gateway, THEIRS: route, LP: loop})
        await ours.start(*REST)
        await printed(paper.count, len(ids))
        run.checked(f"{len(ids)} tasks that were accepted against the folder's sheets", problems(ids, paper.tasks(), ordered=False))
    run.note(
        f"{CLIENTS} connections, {run.scale(REQUESTS, 300)} requests per turn; the client is a process of its own on the machine."
    )
    run.compare(RATIO, OURS, THEIRS)
    run.compare(TIMES_LP, OURS, LP)


async def _known(ours: Processes) -> None:
    """Let the agent tell of its printer once, then leave gateway and registry alone with the bus."""
    await ours.start("registry", "gateway", "spooler")
    await ours.start("agent")
    await listed(ours, "Paper")
    await ours.stop("agent", "spooler")


async def _bare(ours: Processes) -> Target:
    target = Target(ours.port())
    argv = ["--port", str(target.port), "--url", ours.url, "--creds", str(ours.data / "keys" / "admin.creds")]
    ours.run("bare", [sys.executable, "-m", "bench.peers.bareroute", *argv])
    await listening(target.port)
    return target


async def _send(run: Run, target: Target, number: int) -> Loaded:
    count = run.scale(REQUESTS, 300)
    return await load(run.folder, target, bodies(range(number * count, number * count + count)), connections=CLIENTS)


def bodies(numbers: Sequence[int], device: str = "Paper") -> list[bytes]:
    """Requests, one task each."""
    return [json.dumps({"command": "newPrintTask", "data": {"task": text_task(each, device)}}).encode() for each in numbers]


MEASURE = Measure(
    number="P1",
    title="newPrintTask accepted per second, durable, 64 clients, one gateway process",
    against="the same HTTP server answering from a bare FastAPI route that parses the same body and does one acknowledged "
    "JetStream publish; and a loop of lp",
    expected=130,
    take=take,
    goals=(at_least(RATIO, 0.8), at_least(TIMES_LP, 10)),
)
