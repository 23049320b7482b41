"""Turns: however slow the documents of one tenant or printer are, others find a turn."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from libs.runtime.ending import end
from services.converter.turns import OWNER, Owner, Turns
from tests.waiting import until

NEVER = 100.0


class Line:
    """Documents that ask for turns, and those that have one."""

    def __init__(self, turns):
        self.turns, self.working, self.tasks = turns, [], {}

    def ask(self, *names):
        """Documents named `tenant-printer-number`."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._work(name))

    async def end(self, *names):
        for name in names:
            await end(self.tasks.pop(name))

    async def _work(self, name):
        OWNER.set(Owner(*name.split("-")[:2]))
        async with self.turns.one():
            self.working.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.working.remove(name)


@asynccontextmanager
async def line(limit, patience=NEVER, courtesy=None):
    made = Line(Turns(limit, patience, courtesy))
    yield made
    await made.end(*list(made.tasks))
    assert made.turns.wanted == limit, "every turn came back"


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_the_slow_documents_of_one_tenant_never_take_all_turns(limit):
    async with line(limit, patience=0.01) as docs:
        docs.ask(*(f"bad-p{n}-{n}" for n in range(10 * limit)))
        await until(lambda: len(docs.working) == 2 * limit and docs.turns.wanted == 1, what="all places but one are taken")
        docs.ask("good-p1-1")
        await until(lambda: "good-p1-1" in docs.working, 1, "another tenant's document has its turn at once")


async def test_the_slow_documents_of_one_printer_leave_turns_to_the_tenants_others():
    async with line(2, patience=0.01) as docs:
        docs.ask(*(f"t-bad-{n}" for n in range(10)))
        await until(lambda: len(docs.working) == 3 and docs.turns.wanted > 0, what="so many as one printer may have")
        docs.ask("t-good-1")
        await until(lambda: "t-good-1" in docs.working, 1, "another printer's has its turn at once")


async def test_when_slow_ones_end_their_tenant_has_turns_again():
    async with line(2, patience=0.01) as docs:
        docs.ask(*(f"bad-p-{n}" for n in range(6)))
        await until(lambda: len(docs.working) == 3 and docs.turns.wanted > 0)
        await docs.end(*docs.working[:2])
        await until(lambda: len(docs.working) == 3)


async def test_a_line_of_quick_documents_gives_every_tenant_and_printer_its_turn():
    async with line(1) as docs:
        docs.ask(*(f"many-p-{n}" for n in range(9)), "many-q-1", "few-p-1")
        order = []
        while docs.tasks:
            await until(lambda: docs.working)
            order.append(docs.working[0])
            await docs.end(docs.working[0])
        assert len(order) == 11
    async with line(2) as docs:
        docs.ask(*(f"many-p-{n}" for n in range(9)), "many-q-1", "few-p-1")
        await until(lambda: len(docs.working) == 2)
        await docs.end("many-p-0")
        await until(lambda: docs.working == ["many-p-1", "few-p-1"], what="the tenant with the fewest")
        await docs.end("few-p-1")
        await until(lambda: docs.working == ["many-p-1", "many-q-1"], what="the printer with the fewest")


async def test_how_many_are_wanted_counts_what_may_come_next():
    async with line(2, patience=0.05) as docs:
        assert docs.turns.wanted == 2
        docs.ask("bad-p-1", "bad-p-2", "bad-p-3")
        await until(lambda: len(docs.working) == 2)
        assert docs.turns.wanted < 0
        await docs.turns.change()
        await until(lambda: docs.turns.wanted > 0, what="slow ones count for nothing any more")


async def test_one_that_gives_up_waiting_takes_no_turn():
    async with line(1) as docs:
        docs.ask("t-p-1", "t-p-2", "t-p-3")
        await until(lambda: docs.working)
        await docs.end("t-p-2")
        await docs.end("t-p-1")
        await until(lambda: docs.working == ["t-p-3"])
