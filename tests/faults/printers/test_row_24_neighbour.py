"""Row 24: ten thousand tasks for one dead printer, while 999 others print; and tenants of different weights.

Time is counted in documents that the converter finishes, not in seconds: of two cores that also run everything else, seconds
say more about the machine than about whose turn it is. The spooler, its database and its rounds are real.
"""

from collections import Counter, deque
from dataclasses import replace

import pytest

from libs.contracts.documents import Document, Engine, Format, Inline
from libs.contracts.states import Stage
from libs.contracts.streams import CONVERT, PRINT
from services.spooler.shares import AHEAD, Shares
from tests.spooler.deciding import deciding, printer
from tests.spooler.making import converted, request, submission

CROWD, OTHERS = 10_000, 999
#: Documents that the converter finishes between two looks of the spooler, and tasks of the others that come meanwhile.
FINISHED, COMING = 50, 6
#: What else than the engine a page of the others waits for, in documents: its own batch, before and after it.
BATCH = 2 * FINISHED


class Converter:
    """One engine's queue, first in, first out; `took` says how many documents were finished while each task waited for its own."""

    def __init__(self, at) -> None:
        self._at = at
        self._queue: deque[str] = deque()
        self._came: dict[str, int] = {}
        self.finished = 0
        self.took: dict[str, int] = {}

    def comes(self, tasks) -> None:
        self._came |= dict.fromkeys((each.id for each in tasks), self.finished)

    def orders(self) -> None:
        self._queue.extend(order.task for order in self._at.taken(CONVERT))

    async def work(self) -> int:
        """Finish some; how many there were."""
        self.orders()
        done = [self._queue.popleft() for _ in range(min(FINISHED, len(self._queue)))]
        for task in done:
            self.finished += 1
            self.took[task] = self.finished - self._came[task]
        if done:
            await self._at.report(*(converted(task) for task in done))
        return len(done)


@pytest.mark.row(24)
@pytest.mark.timeout(240)
async def test_row_24_ten_thousand_tasks_for_a_dead_printer_leave_the_others_their_turns(row, tmp_path):
    async with deciding(tmp_path, "", *(printer(number) for number in range(1, OTHERS + 2))) as at:
        line = Converter(at)
        quiet = await _others(at, line, 0)
        crowd = [request(number) for number in range(100_000, 100_000 + CROWD)]
        line.comes(crowd)
        for start in range(0, CROWD, 500):
            await at.submit(submission(*crowd[start : start + 500]))
        waiting = CROWD - sum(stream == CONVERT for stream, _ in at.published)
        loud = await _others(at, line, OTHERS)
        left = sum(task.id not in line.took for task in crowd)
        assert left, "the crowd was there all the while"
        while await line.work():
            pass
        assert len(line.took) == CROWD + 2 * OTHERS, "every conversion was ordered, and each once"
        sent = Counter(order.printer for order in at.taken(PRINT))
        assert max(sent.values()) <= at.desk.print_ahead
    row.did(
        f"{CROWD} tasks for a printer that prints nothing, then {OTHERS} tasks for as many others, {COMING} with every {FINISHED} "
        "documents that the converter finishes; before that the same without the crowd. The spooler and its database are real, the "
        "converter is counted: time is told in documents that it finished, not in seconds."
    )
    row.saw(
        f"Of the crowd {waiting} conversions waited for their turn. A page of the others had at most {max(loud)} documents "
        f"before it (p99 {_p99(loud)}; {_p99(quiet)} without the crowd); in one queue for all it would have been {CROWD}. "
        f"{left} of the crowd were still waiting when the last of the others was done.",
        p99_documents_quiet=_p99(quiet),
        p99_documents_loud=_p99(loud),
    )
    assert max(loud) <= AHEAD[Engine.TEXT] + BATCH
    row.saw(
        f"The dead printer's agent never held more than {max(sent.values())} orders of it. In documents the others wait longer "
        "than in quiet, by one table entry of the engine (200 texts, about a tenth of a second of one converter)."
    )


@pytest.mark.row(24)
@pytest.mark.timeout(120)
async def test_row_24_tenants_have_conversions_by_their_weights(row, tmp_path):
    async with deciding(tmp_path) as at:
        at.desk.shares = Shares({"acme": 3})
        line = Converter(at)
        for tenant, first in (("acme", 0), ("beta", 10_000)):
            tasks = [request(number, document=Document(Format.WORD, Inline(b"a letter"))) for number in range(first, first + 400)]
            line.comes(tasks)
            await at.submit(replace(submission(*tasks), tenant=tenant))
        for _ in range(8):
            await line.work()
        (single,) = tasks = [request(20_000, document=Document(Format.WORD, Inline(b"one letter")))]
        line.comes(tasks)
        await at.submit(replace(submission(single), tenant="gamma"))
        while single.id not in line.took:
            await line.work()
        counts = Counter("acme" if int(task.partition("-")[2]) < 10_000 else "beta" for task in line.took if task != single.id)
        assert (await at.task(single.id)).stage is not Stage.TRANSFORMING
    ahead = AHEAD[Engine.OFFICE]
    row.did("Two tenants with 400 letters each, weights 3 and 1, 16 at a time; then one letter of a third tenant.")
    row.saw(
        f"After {sum(counts.values())} letters: {counts['acme']} of the first and {counts['beta']} of the second. The third "
        f"tenant's only letter had {line.took[single.id] - 1} before it.",
        **counts,
    )
    assert 2.4 <= counts["acme"] / counts["beta"] <= 3.6
    assert line.took[single.id] <= 2 * ahead


async def _others(at, line: Converter, first: int) -> list[int]:
    """All others print one page each; how many documents each one waited for."""
    tasks = [_page(first, number) for number in range(OTHERS)]
    for start in range(0, OTHERS, COMING):
        coming = tasks[start : start + COMING]
        line.comes(coming)
        await at.submit(submission(*coming))
        await line.work()
    while any(task.id not in line.took for task in tasks):
        assert await line.work(), "every one has its turn"
    return sorted(line.took[task.id] for task in tasks)


def _page(first: int, number: int):
    made = request(first + number)
    return replace(made, printer=replace(made.printer, id=f"printer{number + 2:05d}", name=f"Paper {number + 2}"))


def _p99(took: list[int]) -> int:
    return took[int(len(took) * 0.99)]
