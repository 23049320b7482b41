"""One batch of TEXT tasks, until it is accepted and until it is on paper, against a loop of `lp` (goals P2 and P3).

python -m bench.batch [--tasks 10000] [--jobs 300] [--rounds 1]
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.lp import accepted_per_second
from demo.server import Server

#: Goals of the design: times faster than a loop of `lp` has its jobs accepted.
ACCEPTED = 100.0
PRINTED = 2.5
#: Seconds without a new sheet after which the rest is held to be lost.
STALLED = 60.0

Rate = float


@dataclass(frozen=True, slots=True)
class Round:
    """Rates in tasks per second, and what was wrong."""

    lp: Rate
    accepted: Rate
    printed: Rate
    problems: tuple[str, ...]


async def measure(tasks: int, jobs: int) -> Round:
    """One round: `lp` first, then a server of its own, with nothing beside it."""
    with tempfile.TemporaryDirectory(prefix="printbus-bench-") as home:
        folder = Path(home)
        lp = await accepted_per_second(folder, _text(0), jobs)
        paper = folder / "paper"
        settings = {"PRINTBUS_PRINTERS": f'["file://{paper}?name=Paper"]', "PRINTBUS_CONVERTER_ENGINES": '["text"]'}
        async with Server(folder / "data", folder / "server.log", settings) as server:
            await _listed(server)
            await server.call("newPrintTaskBatch", tasks=[_task(-1)])
            await _printed(paper, 1)
            wanted = [_task(number) for number in range(tasks)]
            begun = time.perf_counter()
            answer = await server.call("newPrintTaskBatch", tasks=wanted)
            accepted = time.perf_counter() - begun
            printed = await _printed(paper, tasks + 1) - begun
        return Round(lp, tasks / accepted, tasks / printed, tuple(_problems(paper, [each.get("taskId") for each in answer])))


def _text(number: int) -> str:
    return f"Label {number}\nTo be sent at once."


def _task(number: int) -> dict[str, str]:
    return {
        "name": f"Label {number}",
        "deviceName": "Paper",
        "mediaSource": "STRING",
        "mediaFormat": "TEXT",
        "content": _text(number),
    }


async def _listed(server: Server) -> None:
    for _ in range(200):
        if any(each["name"] == "Paper" for each in await server.call("listDevices", deviceType="printer")):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the printer is not listed")


async def _printed(paper: Path, count: int) -> float:
    """When so many sheets were there, or no more came."""
    seen, since = 0, time.perf_counter()
    while True:
        found = await asyncio.to_thread(_count, paper)
        if found > seen:
            seen, since = found, time.perf_counter()
        if seen >= count or time.perf_counter() - since > STALLED:
            return since
        await asyncio.sleep(0.1)


def _count(paper: Path) -> int:
    return len(list(paper.glob("*.pdf"))) if paper.exists() else 0


def _problems(paper: Path, ids: list[str | None]) -> list[str]:
    """What is lost, doubled, or out of order."""
    files = sorted((path for path in paper.glob("*.pdf")), key=lambda path: path.stat().st_mtime_ns)[1:]
    printed = [path.stem for path in files]
    problems = []
    if lost := len(set(ids) - set(printed)):
        problems.append(f"{lost} tasks are not on paper")
    if more := len(printed) - len(set(ids) & set(printed)):
        problems.append(f"{more} sheets are too many")
    if not problems and printed != ids:
        problems.append("the order on paper is another one")
    return problems


def _shown(name: str, ours: Rate, theirs: Rate, goal: float) -> str:
    ratio = ours / theirs
    return f"  {name:<22} {ours:8.0f}/s   {ratio:7.1f} times lp   goal {goal:g}   {'met' if ratio >= goal else 'MISSED'}"


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=300, help="jobs of the lp loop")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    rounds = []
    for number in range(given.rounds):
        rounds.append(await measure(given.tasks, given.jobs))
        one = rounds[-1]
        print(f"round {number + 1}: lp {one.lp:.0f}/s, accepted {one.accepted:.0f}/s, on paper {one.printed:.0f}/s", *one.problems)
    lp, accepted, printed = (statistics.median(getattr(each, name) for each in rounds) for name in ("lp", "accepted", "printed"))
    print(f"one batch of {given.tasks} TEXT tasks, median of {given.rounds}; lp loop over {given.jobs} jobs: {lp:.0f}/s")
    print(_shown("accepted (P2)", accepted, lp, ACCEPTED))
    print(_shown("on file paper (P3)", printed, lp, PRINTED))
    wrong = [problem for each in rounds for problem in each.problems]
    print("  nothing lost, nothing doubled, all in order" if not wrong else f"  WRONG: {'; '.join(wrong)}")
    met = accepted / lp >= ACCEPTED and printed / lp >= PRINTED
    return 0 if met and not wrong else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
