"""A channel over a line that misbehaves: silent, deaf, taken over; nothing piles up for it."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from services.gateway.domain import Identity
from services.gateway.events import Page, Told
from services.gateway.webapi import websocket
from services.gateway.webapi.calls import IN_FLIGHT, Calls
from services.gateway.webapi.session import Session, Visitor
from services.gateway.webapi.websocket import Channel
from tests.waiting import until

VISITOR = Visitor(Identity("main", "jueKiUEE"), "https://shop.example.org")


class Feed:
    """Endless news: a page of it whenever somebody asks."""

    def __init__(self, last=0):
        self.seq = 0
        self.last = last
        self.asked = 0
        self.news = asyncio.Event()

    async def knows(self, seq):
        return seq <= self.last

    async def after(self, seq, limit):
        self.asked += 1
        found = [Told(each, f"e{each}", 0, {"name": "NewTaskEvent"}) for each in range(seq + 1, min(seq + limit, self.last) + 1)]
        return Page(found, found[-1].seq if found else seq)


class Line:
    """A WebSocket whose other side says what `say` is given and takes messages as long as it is not `deaf`."""

    def __init__(self):
        self.said = []
        self.closed = None
        self.deaf = False
        self._coming = asyncio.Queue()

    def say(self, **message):
        self._coming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def hang_up(self):
        self._coming.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def receive(self):
        return await self._coming.get()

    async def send_text(self, text):
        if self.deaf:
            await asyncio.Event().wait()
        self.said.append(json.loads(text))

    async def close(self, code, reason):
        self.closed = code


class Sessions:
    """Two sessions know each other."""

    def __init__(self, *sessions):
        self.known = {session.id: session for session in sessions}
        self.over = []

    def same(self, visitor, number):
        return self.known.get(number)

    async def end(self, session, ending):
        self.over.append(session.id)
        await session.end(ending)


def session(number="s", last=0, do=None):
    async def nothing(_asked):
        return {"success": True, "command": "CALLBACK"}

    return Session(number, VISITOR, Feed(last), Calls(do or nothing), AsyncExitStack())


class Talk:
    """A channel that serves a session over a line."""

    def __init__(self, spoken, sessions=None):
        self.line = Line()
        self.channel = Channel(self.line, sessions or Sessions(spoken), lambda new: {"command": "HELLO", "session": new.id})
        self.serving = asyncio.ensure_future(self.channel.serve(spoken))

    async def over(self):
        await asyncio.wait_for(self.serving, 10)
        return self.line.closed


async def test_who_does_not_take_messages_is_closed_and_nothing_piles_up(monkeypatch):
    monkeypatch.setattr(websocket, "SEND_WITHIN", 0.3)
    monkeypatch.setattr(websocket, "RESUME_WITHIN", 0.0)
    spoken = session(last=10**6)
    talk = Talk(spoken)
    await until(lambda: len(talk.line.said) > 200)
    talk.line.deaf = True
    asked = spoken.feed.asked
    assert await talk.over() == 4408
    assert spoken.feed.asked - asked <= 1
    assert spoken.cursor < 10**6
    assert not spoken.attached


async def test_who_says_nothing_is_asked_and_then_closed(monkeypatch):
    monkeypatch.setattr(websocket, "PING_AFTER", 0.5)
    monkeypatch.setattr(websocket, "DEAD_AFTER", 2.5)
    talk = Talk(session())
    assert await talk.over() == 4408
    assert {"command": "PING"} in talk.line.said


async def test_whoever_answers_pings_stays(monkeypatch):
    monkeypatch.setattr(websocket, "PING_AFTER", 0.2)
    monkeypatch.setattr(websocket, "DEAD_AFTER", 1.5)
    talk = Talk(session())
    for _ in range(3):
        before = len(talk.line.said)
        await until(lambda: len(talk.line.said) > before)  # noqa: B023
        talk.line.say(command="PONG")
    assert not talk.serving.done()
    talk.line.hang_up()
    assert await talk.over() is None


async def test_events_wait_for_a_page_that_resumes_first():
    old, new = session("old", last=9), session("new", last=9)
    sessions = Sessions(old, new)
    talk = Talk(new, sessions)
    await until(lambda: talk.line.said)
    talk.line.say(command="RESUME", session="old", lastSeq=7)
    await until(lambda: len(talk.line.said) == 4)
    assert talk.line.said[1] == {"command": "RESUMED", "session": "old", "known": True, "seq": 7, "reset": False}
    assert [each["seq"] for each in talk.line.said[2:]] == [8, 9]
    assert sessions.over == ["new"]
    talk.line.hang_up()
    await talk.over()


async def test_a_session_that_another_line_resumes_is_taken_from_the_first():
    spoken = session("s", last=3)
    first = Talk(spoken)
    await until(lambda: first.line.said)
    other = session("t", last=3)
    second = Talk(other, Sessions(spoken, other))
    await until(lambda: second.line.said)
    second.line.say(command="RESUME", session="s", lastSeq=3)
    assert await first.over() == 4409
    assert spoken.attached
    second.line.hang_up()
    await second.over()


async def test_a_call_that_was_sent_before_the_break_is_answered_after_it_and_done_once():
    done, free = [], asyncio.Event()

    async def slowly(asked):
        done.append(asked.command)
        await free.wait()
        return {"success": True, "data": {"taskId": "t"}, "command": "CALLBACK"}

    spoken = session("s", do=slowly)
    first = Talk(spoken)
    first.line.say(id="a", command="newPrintTask", data={}, key="k")
    await until(lambda: done)
    first.line.hang_up()
    await first.over()
    other = session("t")
    second = Talk(other, Sessions(spoken, other))
    second.line.say(command="RESUME", session="s", lastSeq=0)
    second.line.say(id="a", command="newPrintTask", data={}, key="k")
    await until(lambda: len(second.line.said) > 1)
    free.set()
    await until(lambda: len(second.line.said) > 2)
    assert second.line.said[2] == {"id": "a", "success": True, "data": {"taskId": "t"}, "command": "CALLBACK"}
    assert done == ["newPrintTask"]
    second.line.hang_up()
    await second.over()


async def test_more_calls_than_may_run_wait_their_turn():
    begun, free = [], asyncio.Event()

    async def slowly(asked):
        begun.append(asked.command)
        await free.wait()
        return {"success": True, "command": "CALLBACK"}

    talk = Talk(session(do=slowly))
    for number in range(IN_FLIGHT + 5):
        talk.line.say(id=number, command="listDevices")
    await until(lambda: len(begun) == IN_FLIGHT)
    assert not any(each.get("id") is not None for each in talk.line.said)
    free.set()
    await until(lambda: len([each for each in talk.line.said if "id" in each]) == IN_FLIGHT + 5)
    talk.line.hang_up()
    await talk.over()


@pytest.mark.parametrize("message", [{"command": ""}, {"id": 1}, {"command": "ping"}, {"command": "RESUME", "session": 7}])
async def test_what_is_not_understood_ends_the_line(message):
    talk = Talk(session())
    talk.line.say(**message)
    assert await talk.over() == 4400
