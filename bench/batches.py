"""One batch of TEXT tasks until it is accepted and until it is on paper, beside a loop of `lp` (P2 and P3)."""

import time
from contextlib import AsyncExitStack
from pathlib import Path

from bench import stories
from bench.paper import Folder, Tray, printed, problems
from bench.peers.lp import Lp, lp
from bench.run import Run
from bench.server import listed, server, text_task
from demo.printers.eve import EvePrinter
from demo.server import Server

TASKS, LP_JOBS = 10_000, 300
#: One printer takes minutes for all of them, and `lp` an hour: a quarter of the batch, and what `lp` gets to it in a few seconds.
EVE_TASKS, LP_DELIVERED = 2_500, 12
#: The goals' names.
ACCEPTED = "a batch of 10,000 accepted, times lp"
ON_PAPER = "the batch on file paper, times lp accepted"
ON_PRINTER = "the batch out of one ippeveprinter, times lp through an everywhere queue"
UNITS = {
    "batch accepted": "tasks/s",
    "lp accepted": "jobs/s",
    "batch on file paper": "tasks/s",
    "batch out of a printer": "tasks/s",
    "lp out of the printer": "jobs/s",
}


async def take(run: Run) -> None:
    """Rounds of the file printer first, then those of the IPP printer, each with its peer in turn."""
    document = run.folder / "label.txt"
    document.write_text(text_task(0, "")["content"])
    async with lp(run.folder, max_jobs=run.scale(LP_JOBS, 20) * (run.rounds + 1) + 100) as peer:
        await _onto_file(run, peer, document)
        if run.wants("P3"):
            await _onto_printer(run, peer, document)


async def _onto_file(run: Run, peer: Lp, document: Path) -> None:
    tasks, jobs = run.scale(TASKS, 400), run.scale(LP_JOBS, 20)
    folder = run.folder / "file"
    paper = Folder(folder / "paper")
    ids: list[str] = []
    async with server(folder, [f"file://{paper.path}?name=Paper"], CONVERTER_ENGINES='["text"]') as started:
        ids += await _warmed(started, "Paper", paper)

        async def ours(number: int) -> None:
            accepted, done, more = await _batch(started, "Paper", paper, number, tasks)
            ids.extend(more)
            for measure in filter(run.wants, ("P2", "P3")):
                run.record("batch accepted", "tasks/s", tasks / accepted, of=measure)
                run.record("batch on file paper", "tasks/s", tasks / done, of=measure)

        async def theirs(_: int) -> None:
            rate = await peer.accepted_per_second(document, jobs)
            for measure in filter(run.wants, ("P2", "P3")):
                run.record("lp accepted", "jobs/s", rate, of=measure)

        await run.turns(UNITS, {"ours": ours, "theirs": theirs}, of="P2" if run.wants("P2") else "P3")
        wrong = [*problems(ids, paper.tasks()), *await stories.judged(folder / "data", ids)]
    for measure in filter(run.wants, ("P2", "P3")):
        run.checked(f"{len(ids)} tasks that were accepted against the folder's sheets and their events", wrong, of=measure)
        run.note(
            f"{tasks} tasks in one request; the loop of lp over {jobs} jobs, to a queue that takes them and prints none.",
            of=measure,
        )
    if run.wants("P2"):
        run.compare(ACCEPTED, "batch accepted", "lp accepted", of="P2")
        run.complete(of="P2")
    if run.wants("P3"):
        run.compare(ON_PAPER, "batch on file paper", "lp accepted", of="P3")


async def _onto_printer(run: Run, peer: Lp, document: Path) -> None:
    tasks, jobs = run.scale(EVE_TASKS, 60), run.scale(LP_DELIVERED, 2)
    folder = run.folder / "printer"
    async with AsyncExitStack() as stack:
        (folder / "eve").mkdir(parents=True)
        printer = await stack.enter_async_context(EvePrinter(folder / "eve"))
        await peer.everywhere(printer)
        entry = f"{printer.uri}?name=Office"
        started = await stack.enter_async_context(server(folder, [entry], CONVERTER_ENGINES='["text"]'))
        tray = Tray(printer)
        ids = await _warmed(started, "Office", tray)

        async def ours(number: int) -> float:
            _, done, more = await _batch(started, "Office", tray, number, tasks)
            ids.extend(more)
            return tasks / done

        async def theirs(_: int) -> float:
            return await peer.delivered_per_second(document, printer, jobs)

        await run.turns(UNITS, {"batch out of a printer": ours, "lp out of the printer": theirs}, of="P3")
        wrong = [*problems(ids, tray.tasks()), *await stories.judged(folder / "data", ids)]
    run.checked(f"{len(ids)} tasks that were accepted against the printer's paper and their events", wrong, of="P3")
    run.note(f"The printer was given {tasks} tasks in one request; the loop of lp has {jobs} jobs come out of it.", of="P3")
    run.compare(ON_PRINTER, "batch out of a printer", "lp out of the printer", of="P3")


async def _warmed(started: Server, device: str, paper: Folder | Tray) -> list[str]:
    """The first task, which waits for engines to start; its id."""
    await listed(started, device)
    _, _, ids = await _batch(started, device, paper, -1, 1)
    return ids


async def _batch(started: Server, device: str, paper: Folder | Tray, number: int, tasks: int) -> tuple[float, float, list[str]]:
    """Seconds until it was accepted, seconds until all of it was on paper, and the ids."""
    wanted = [text_task(1_000_000 * (number + 1) + each, device) for each in range(tasks)]
    before = paper.count()
    begun = time.perf_counter()
    answer = await started.call("newPrintTaskBatch", tasks=wanted)
    accepted = time.perf_counter() - begun
    if refused := [each for each in answer if not each.get("taskId")]:
        raise RuntimeError(f"{len(refused)} tasks were not accepted, the first one: {refused[0]}")
    done = await printed(paper.count, before + tasks) - begun
    return accepted, done, [each["taskId"] for each in answer]
