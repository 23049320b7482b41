"""What was given up is done again by one call; what a stream lost of orders is ordered again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from libs.contracts.dead import DeadLetter
from libs.contracts.ledger import ReplayLetter
from libs.contracts.message import decode
from libs.contracts.reports import TaskPrinted, TaskTaken
from libs.contracts.states import Status
from libs.contracts.streams import CONVERT, DEAD, INTAKE, PRINT, REPORTS, agent_consumer
from libs.runtime import admin
from libs.runtime.bus import Outgoing, Refused
from services.spooler import handlers
from tests.spooler.making import AGENT, request
from tests.spooler.working import Stage, stage
from tests.waiting import until


def asking(stream: str, sequence: int, task: str = "") -> ReplayLetter:
    return ReplayLetter(region="local", stream=stream, sequence=sequence, task=task)


@asynccontextmanager
async def working(tmp_path, database_url="") -> AsyncIterator[Stage]:
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        yield world


async def letters(world: Stage, count: int) -> list[DeadLetter]:
    return [decode(DeadLetter, data) for data in await world._messages(DEAD, count)]


async def test_a_submission_that_cannot_be_applied_ends_with_a_reason_and_is_printed_anew_by_one_call(
    tmp_path, database_url, monkeypatch
):
    poison, good = request(1), request(2)
    monkeypatch.setattr(handlers.Handlers, "on_intake", _fails_on(handlers.Handlers.on_intake, poison.id))
    async with working(tmp_path, database_url) as world:
        await world.submit(poison)
        await world.submit(good)
        (letter,) = await letters(world, 1)
        assert (letter.stream, letter.sequence, letter.task) == (INTAKE, 1, poison.id)
        assert letter.cause == "RuntimeError in INTAKE"
        shown = await world.shown(poison.id)
        assert (shown.status, shown.message) == (Status.ERROR, "It was given up: RuntimeError in INTAKE.")
        assert [order.task for order in await world.convert_orders(1)] == [good.id], "nobody waits for the poison"
        (again,) = (await world.admin.ask(asking(INTAKE, 1), timeout=5)).tasks
        assert again != poison.id
        order = (await world.convert_orders(2))[-1]
        assert (order.task, order.document) == (again, poison.document)
        assert (await world.shown(again)).status is Status.SUBMITTED
        assert (await world.admin.ask(asking(INTAKE, 2), timeout=5)).tasks == (), "what is well is left alone"


def _fails_on(apply, task):
    async def on_intake(self, connection, messages):
        if any(task.encode() in message.data for message in messages):
            raise RuntimeError("poison")
        return await apply(self, connection, messages)

    return on_intake


async def test_what_cannot_be_done_again_is_refused_with_the_reason(tmp_path):
    async with working(tmp_path) as world:
        await world.admin.publish_raw(Outgoing(f"intake.local.main.{AGENT}", b"garbage", "x"), stream=INTAKE)
        (letter,) = await letters(world, 1)
        assert (letter.sequence, letter.cause) == (1, "Undecodable in INTAKE")
        open_ = request(1)
        await world.submit(open_)
        for query, sentence in (
            (asking(INTAKE, 1), "Message 1 of INTAKE still cannot be read"),
            (asking(INTAKE, 77), "INTAKE has no message 77"),
            (asking(CONVERT, 1), "names no task"),
            (asking(CONVERT, 1, "nobody"), "There is no task nobody any more"),
            (asking(PRINT, 1, open_.id), "has not ended"),
        ):
            with pytest.raises(Refused, match=sentence):
                await world.admin.ask(query, timeout=5)


async def test_orders_of_a_stream_that_was_made_anew_are_made_again_under_their_attempts(tmp_path, database_url, monkeypatch):
    monkeypatch.setattr("services.spooler.reissue.Reissue.run.__defaults__", (0.05,))
    async with working(tmp_path, database_url) as world:
        taken, waiting, converting = (request(number) for number in (1, 2, 3))
        await world.submit(taken, waiting, converting)
        await world.convert_orders(3)
        await world.convert(taken, waiting)
        await world.agent_orders(2)
        await world.tell(TaskTaken, taken.id)
        await until(lambda: _taken(world, taken.id))
        for stream in (CONVERT, PRINT):
            await world.admin.js.delete_stream(stream)
        await admin.provision(world.admin, "local")
        await admin.ensure_consumer(world.admin.js, agent_consumer("local", 0, "main", AGENT))
        assert [(order.task, order.attempt) for order in await world.convert_orders(1)] == [(converting.id, 1)]
        assert [(order.task, order.attempt) for order in await world.agent_orders(1)] == [(waiting.id, 1)], (
            "taken ones are not lost"
        )
        await world.tell(TaskPrinted, waiting.id)
        await until(lambda: _finished(world, waiting.id))


async def test_what_agents_reported_into_a_stream_that_is_gone_they_are_asked_for_again(tmp_path, monkeypatch):
    monkeypatch.setattr("services.spooler.reissue.Reissue.run.__defaults__", (0.05,))
    async with working(tmp_path) as world:
        taken, waiting, converting = (request(number) for number in (1, 2, 3))
        await world.submit(taken, waiting, converting)
        await world.convert_orders(3)
        await world.convert(taken, waiting)
        await world.agent_orders(2)
        await world.tell(TaskTaken, taken.id)
        await until(lambda: _taken(world, taken.id))
        await world.admin.js.delete_stream(REPORTS)
        await admin.provision(world.admin, "local")
        assert [(order.task, order.attempt) for order in (await world.convert_orders(4))[3:]] == [(converting.id, 1)]
        again = (await world.agent_orders(4))[2:]
        assert [(order.task, order.attempt) for order in again] == [(taken.id, 1), (waiting.id, 1)], "whoever has one tells of it"
        await world.tell(TaskPrinted, taken.id)
        await until(lambda: _finished(world, taken.id))


async def _taken(world, task) -> bool:
    return (await world.shown(task)).message != "" or (await world.shown(task)).status is Status.QUEUED


async def _finished(world, task) -> bool:
    return (await world.shown(task)).status is Status.FINISHED
