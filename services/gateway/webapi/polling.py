"""The WebAPI without a WebSocket (webprinter.md 4.2): open, send, poll and close, over the same sessions."""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.receiving import TooLarge, receive
from services.gateway.webapi import frames
from services.gateway.webapi.calls import IN_FLIGHT
from services.gateway.webapi.cross import SESSION_HEADER
from services.gateway.webapi.frames import BadFrame, Frame
from services.gateway.webapi.guard import Barred, Caller
from services.gateway.webapi.session import Ending, News, Session
from services.gateway.webapi.sessions import LEFT, Sessions
from services.gateway.webapi.signals import first

#: Seconds that a poll is held, and that a send waits for answers to carry back.
HELD = 25.0
INLINE = 10.0

_ACK = re.compile(r"(\d{1,16})(?:\.(\d{1,16}))?", re.ASCII)


async def body_of(request: Request, limit: int) -> Any:
    """What a POST says in JSON; nothing at all is an empty object. Raises `Barred`."""
    try:
        body = await receive(request, limit)
    except TooLarge:
        raise Barred(413, f"The body is larger than the {limit} bytes that are allowed: upload documents.") from None
    try:
        return from_json(body, allow_inf_nan=False) if body.strip() else {}
    except ValueError:
        raise Barred(400, "The body is not JSON in UTF-8.") from None


class Polling:
    """Sends and polls of sessions that are open."""

    def __init__(self, sessions: Sessions, limit: int) -> None:
        self._sessions = sessions
        self._limit = limit

    def session(self, request: Request, caller: Caller) -> Session:
        """The session that a request names: its own origin's, and from this machine unless it is relayed. Raises `Barred`."""
        number = request.headers.get(SESSION_HEADER, "")
        found = self._sessions.find(number, caller.origin) if number else None
        if found is None:
            raise Barred(410, "There is no such session (any more): open a new one, with what you had in resume.")
        if not found.visitor.relay:
            caller.admit_local()
        found.seen_at = time.monotonic()
        return found

    async def send(self, request: Request, session: Session) -> Response:
        """Calls in, and the answers that are there soon. Raises `Barred`."""
        given = await body_of(request, self._limit)
        calls = [frames.request(each) for each in _messages(given) if each.command not in ("PING", "PONG")]
        if len(calls) + session.calls.running > IN_FLIGHT:
            raise Barred(429, f"More than {IN_FLIGHT} calls at the same time: wait for answers first.")
        answers = [session.ask(call) for call in calls]
        if answers:
            await asyncio.wait(answers, timeout=INLINE)
        texts = []
        for answer in answers:
            if answer.done():
                texts.append(answer.result())
            else:
                answer.add_done_callback(session.answer)
        return _said(f'{{"messages":[{",".join(texts)}]}}')

    async def poll(self, request: Request, session: Session) -> Response:
        """What there is to tell after `ack`, held until there is something. Raises `Barred`, and `Unanswered`."""
        cursor, answered = _acknowledged(request.query_params.get("ack", ""), session)
        if cursor != session.cursor:
            known = await session.resume(cursor)
            if not known:
                return _told(News((), answered, session.cursor), reset=True)
        ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        end = _Setter(ending)
        session.attach(end)
        try:
            return _told(await self._wait(session, ending, answered, session.cursor))
        finally:
            session.detach(end)

    async def _wait(self, session: Session, ending: "asyncio.Future[Ending]", answered: int, cursor: int) -> News:
        until = time.monotonic() + HELD
        while True:
            signals = (session.wake, session.feed.news)
            news = await session.news(answered, cursor)
            if ending.done() and session.ended and session.ended is not LEFT:
                raise Barred({4401: 401, 4403: 403}.get(session.ended.code, 410), session.ended.reason)
            if news.texts or ending.done():
                return news
            answered, cursor = news.answered, news.cursor
            left = until - time.monotonic()
            if left <= 0:
                return news
            await first(*(signal.wait() for signal in signals), _ended(ending), within=left)


class _Setter:
    """Ends a poll: a newer one came, or the session is over."""

    def __init__(self, ending: "asyncio.Future[Ending]") -> None:
        self._ending = ending

    def __call__(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)


async def _ended(ending: "asyncio.Future[Ending]") -> None:
    await asyncio.shield(ending)


def cursor_text(session: Session) -> str:
    """The first `ack` of a session."""
    return f"{session.cursor}.0"


def _acknowledged(text: str, session: Session) -> tuple[int, int]:
    """The numbers of the last event and of the last answer that a page has."""
    if not text:
        return session.cursor, 0
    found = _ACK.fullmatch(text)
    if not found:
        raise Barred(400, 'ack must be the text that the last answer had as "ack".')
    return int(found[1]), int(found[2] or 0)


def _messages(given: Any) -> Sequence[Frame]:
    """One message, a list of them, or an object that has them. Raises `Barred`."""
    if isinstance(given, dict) and "messages" in given:
        given = given["messages"]
    listed = given if isinstance(given, list) else [given]
    if len(listed) > IN_FLIGHT:
        raise Barred(400, f"messages has more than {IN_FLIGHT}: send them in turns.")
    try:
        return [frames.frame(each) for each in listed]
    except BadFrame as reason:
        raise Barred(400, str(reason)) from None


def _told(news: News, *, reset: bool = False) -> Response:
    more = ',"reset":true' if reset else ""
    ack = to_json(f"{news.cursor}.{news.answered}").decode()
    return _said(f'{{"ack":{ack},"messages":[{",".join(news.texts)}]{more}}}')


def _said(text: str) -> Response:
    return Response(text, media_type="application/json")
