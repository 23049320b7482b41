"""The WebSocket of the WebAPI (webprinter.md 4.2): HELLO, calls and answers, events, PING and PONG, RESUME."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from libs.runtime.bus import Unanswered
from libs.runtime.ending import end
from libs.runtime.strokes import stroke
from services.gateway.webapi import frames
from services.gateway.webapi.calls import IN_FLIGHT
from services.gateway.webapi.frames import DEAD_AFTER, PING, PING_AFTER, PONG, BadFrame, Frame
from services.gateway.webapi.session import Ending, Session
from services.gateway.webapi.sessions import LEFT, Sessions
from services.gateway.webapi.signals import first

log = structlog.get_logger()

#: Seconds that events wait after HELLO for a page that wants to resume; and that one message may take to be taken.
RESUME_WITHIN = 2.0
SEND_WITHIN = 30.0

SILENT = Ending(4408, "Nothing came for too long.")
SLOW = Ending(4408, "Messages are not taken fast enough: connect again and resume.")
UNKNOWN = Ending(1013, "The events cannot be had at the moment: connect again in a few seconds.")

Hello = Callable[[Session], dict[str, Any]]


class Channel:
    """One WebSocket that was let in, for one session at a time."""

    def __init__(self, socket: WebSocket, sessions: Sessions, hello: Hello) -> None:
        self._socket = socket
        self._sessions = sessions
        self._hello = hello
        self._session: Session
        self._answered = 0
        self._heard = time.monotonic()
        self._said = time.monotonic()
        self._begun = asyncio.Event()
        self._free = asyncio.Semaphore(IN_FLIGHT)
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    async def serve(self, session: Session) -> None:
        """Speak until either side ends it."""
        self._take(session)
        parts = [asyncio.ensure_future(part) for part in (self._listen(), self._tell(), self._keep())]
        try:
            await self._send(to_json(self._hello(session)).decode())
            ended: list[asyncio.Future[Any]] = [*parts, self._ending]
            await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
            for part in parts:
                if part.done() and (error := part.exception()):
                    log.error("channel failed", error=type(error).__name__, exc_info=error)
                    self._end(Ending(1011, "The server has a fault; its log says which one."))
        finally:
            await end(*parts)
            self._session.detach(self._end)
            await self._close()

    def _take(self, session: Session) -> None:
        self._session = session
        self._answered = 0
        session.attach(self._end)

    def _end(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)

    async def _close(self) -> None:
        ending = self._ending.result() if self._ending.done() else None
        self._ending.cancel()
        if ending:
            with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):  # it is closed already
                async with asyncio.timeout(5):
                    await self._socket.close(ending.code, ending.reason)

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            self._heard = self._session.seen_at = time.monotonic()
            try:
                await self._take_in(frames.read(message.get("text") or message.get("bytes") or ""))
            except BadFrame as reason:
                return self._end(Ending(4400, str(reason)))
            except Unanswered:
                return self._end(UNKNOWN)

    async def _take_in(self, frame: Frame) -> None:
        if frame.command == "RESUME" and "id" not in frame.members:
            await self._resume(frame)
        elif frame.command == "PING" and "id" not in frame.members:
            await self._send(PONG)
        elif frame.command != "PONG":
            await self._free.acquire()
            session = self._session
            answer = session.ask(frames.request(frame))
            answer.add_done_callback(lambda _done: self._free.release())
            answer.add_done_callback(session.answer)
        self._begun.set()

    async def _resume(self, frame: Frame) -> None:
        wanted, last = frame.text("session"), frame.sequence("lastSeq")
        old = self._session
        session = self._sessions.same(old.visitor, wanted) or old
        if session is not old:
            old.detach(self._end)
            self._take(session)
            await self._sessions.end(old, LEFT)
        known = await session.resume(last)
        said = {
            "command": "RESUMED",
            "session": session.id,
            "known": session.id == wanted,
            "seq": session.cursor,
            "reset": not known,
        }
        await self._send(to_json(said).decode())

    async def _tell(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), RESUME_WITHIN)
        while True:
            session, turn = self._session, self._session.turn
            signals = (session.wake, session.feed.news)
            try:
                news = await session.news(self._answered, session.cursor)
            except Unanswered:
                return self._end(UNKNOWN)
            for text in news.texts:
                await self._send(text)
            if session.turn == turn:
                self._answered, session.cursor = news.answered, news.cursor
            if news.texts:
                await asyncio.sleep(0)  # others have their turn, however much there is to tell
            else:
                await first(*(signal.wait() for signal in signals))

    async def _keep(self) -> None:
        """PING after a silence of ours, the end after a silence of theirs."""
        while True:
            await asyncio.sleep(stroke(1.0))  # of all lines together
            now = time.monotonic()
            if now - self._heard > DEAD_AFTER:
                return self._end(SILENT)
            if now - self._said > PING_AFTER:
                await self._send(PING)

    async def _send(self, text: str) -> None:
        self._said = time.monotonic()
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await self._socket.send_text(text)
        except TimeoutError:
            self._end(SLOW)
        except (WebSocketDisconnect, RuntimeError):  # it was closed meanwhile
            self._end(SILENT)
