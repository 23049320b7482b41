"""A region that does not answer costs the first who asks his patience, and nobody else."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from libs.contracts.ledger import Confirmed, ConfirmTasks
from libs.contracts.queries import Code, Entries, ListDevices, LookUp
from libs.runtime.bus import Away, Refused, Unanswered
from libs.runtime.ending import end
from services.gateway.regions import reach
from services.gateway.regions.reach import FarBus
from tests.gateway.fakes import FakeBus
from tests.gateway.regions.submitting import FAR
from tests.waiting import until

QUESTION = ListDevices(region=FAR, tenant="main", sn="AGENT001")


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(reach, "LOOK", 0.01)


def answers(bus, *, registry=True, spooler=True):
    bus.answers[LookUp] = Entries(entries=()) if registry else None
    bus.answers[ConfirmTasks] = Confirmed() if spooler else None


@asynccontextmanager
async def far(*, heard=True):
    bus = FakeBus()
    answers(bus)
    bus.answers[ListDevices] = "devices"
    made = FarBus(bus, FAR, lambda: made.hears)
    made.hears, made.bus = heard, bus
    task = asyncio.create_task(made.follow())
    try:
        yield made
    finally:
        await end(task)


async def test_what_is_asked_is_answered_and_all_else_is_the_connections_own():
    async with far() as made:
        assert await made.ask(QUESTION) == "devices"
        assert made.published is made.bus.published
        assert LookUp not in map(type, made.bus.asked), "a region that is heard is not asked whether it is there"


async def test_after_one_silence_nobody_waits_until_somebody_there_answers():
    async with far() as made:
        made.bus.answers.clear()
        with pytest.raises(Unanswered) as silence:
            await made.ask(QUESTION)
        assert not isinstance(silence.value, Away), "it may have been done"
        before = [each for each in made.bus.asked if each == QUESTION]
        with pytest.raises(Away, match=f"the region {FAR} does not answer"):
            await made.ask(QUESTION)
        assert [each for each in made.bus.asked if each == QUESTION] == before
        made.bus.answers[ListDevices] = "devices"
        answers(made.bus)
        await until(lambda: not made.down)
        assert await made.ask(QUESTION) == "devices"


async def test_a_region_that_is_not_heard_is_found_away_before_anybody_asks():
    async with far() as made:
        made.bus.answers.clear()
        made.hears = False
        await until(lambda: made.down)
        answers(made.bus)  # it can be asked long before its directory is heard again
        await until(lambda: not made.down)


async def test_one_service_that_is_away_is_not_the_region():
    async with far(heard=False) as made:
        answers(made.bus, registry=False)
        await asyncio.sleep(0)
        await until(lambda: ConfirmTasks in map(type, made.bus.asked))
        assert not made.down


async def test_one_question_without_an_answer_among_others_says_nothing():
    async with far() as made:

        async def silent(query, *, timeout):  # noqa: ASYNC109 - as the bus has it
            if isinstance(query, LookUp):
                raise Refused(Code.NOT_FOUND, "no")
            with pytest.raises(Refused):
                await made.ask(LookUp(region=FAR, keys=()))
            raise Unanswered("slow")

        made.bus.ask = silent
        with pytest.raises(Unanswered):
            await made.ask(QUESTION)
        assert not made.down


async def test_our_own_line_is_not_the_regions():
    async with far() as made:
        made.bus.answers[ListDevices] = Away("there is no connection")
        with pytest.raises(Away):
            await made.ask(QUESTION)
        assert not made.down
