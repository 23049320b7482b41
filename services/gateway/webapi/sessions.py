"""The sessions of all pages: opened within limits, found again, ended when they are left or not allowed any more."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import structlog

from libs.runtime.ending import end
from libs.runtime.strokes import stroke
from services.gateway.domain import Identity
from services.gateway.events import Feeds
from services.gateway.webapi.calls import Calls
from services.gateway.webapi.session import Ending, Session, Visitor
from services.gateway.webprinter.reading.asking import Asked

log = structlog.get_logger()

#: A session without a line is kept for so many seconds.
KEPT_FOR = 600.0
#: Sessions of one client.
OF_ONE_CLIENT = 200
#: Seconds that calls may go on when the server stops.
FINISH_WITHIN = 3.0

STOPPING = Ending(1012, "The server stops: connect again in a moment.")
LEFT = Ending(1000, "The session was closed.")
FORGOTTEN = Ending(4408, "Nothing came for too long.")

#: Executes a command for somebody.
Do = Callable[[Identity, Asked], Awaitable[dict[str, Any]]]
#: Why a session may not go on; None: it may.
Standing = Callable[[Visitor], Awaitable[Ending | None]]


class Full(Exception):
    """There are too many sessions; the sentence says whose."""


class Sessions:
    """Every session of this gateway by its id, which is a secret of its page."""

    def __init__(self, feeds: Feeds, do: Do, standing: Standing, limit: int) -> None:
        self._feeds = feeds
        self._do = do
        self._standing = standing
        self._limit = limit
        self._open: dict[str, Session] = {}
        self._coming: Counter[str] = Counter()  # sessions that are being opened, by client

    def __len__(self) -> int:
        return len(self._open)

    async def open(self, visitor: Visitor) -> Session:
        """A new session. Raises `Full`, and `Unanswered` when the events cannot be had now."""
        who = visitor.identity

        async def do(asked: Asked) -> dict[str, Any]:
            return await self._do(who, asked)

        self._coming[who.sn] += 1
        try:
            await self._make_room(visitor)
            parts = AsyncExitStack()
            feed = await parts.enter_async_context(self._feeds.open(who.tenant, who.sn))
            session = Session(secrets.token_urlsafe(24), visitor, feed, Calls(do), parts)
            self._open[session.id] = session
        finally:
            self._coming -= Counter((who.sn,))
        return session

    def find(self, number: str, origin: str) -> Session | None:
        """The session of this id, if it is this origin's."""
        found = self._open.get(number)
        return found if found and found.visitor.origin == origin else None

    def same(self, visitor: Visitor, number: str) -> Session | None:
        """The session of this id if it is the same visitor's: it goes on."""
        found = self._open.get(number)
        return found if found and found.visitor == visitor else None

    async def end(self, session: Session, ending: Ending) -> None:
        """End one."""
        self._open.pop(session.id, None)
        await session.end(ending)

    async def watch(self) -> None:
        """Look each second whose sessions may not go on and which are left; a body for `Service.loop`."""
        while True:
            for session in list(self._open.values()):
                if not session.attached and time.monotonic() - session.seen_at > KEPT_FOR:
                    await self.end(session, FORGOTTEN)
                elif ending := await self._standing(session.visitor):
                    log.info("session ended", client=session.visitor.identity.sn, why=ending.reason)
                    await self.end(session, ending)
            await asyncio.sleep(stroke(1.0))

    async def close(self) -> None:
        """End all: the server stops. What was begun has a moment to finish, and lines a moment to carry the answers."""
        running = [asyncio.ensure_future(each.calls.finish()) for each in self._open.values() if each.calls.running]
        if running:
            await asyncio.wait(running, timeout=FINISH_WITHIN)
            await end(*running)
        for session in list(self._open.values()):
            await self.end(session, STOPPING)

    async def _make_room(self, visitor: Visitor) -> None:
        """For one that is counted among those that are coming. Raises `Full`."""
        sn = visitor.identity.sn
        own = [each for each in self._open.values() if each.visitor.identity.sn == sn]
        if len(own) + self._coming[sn] > OF_ONE_CLIENT:
            await self._evict(own, f"The client {sn} has {len(own)} open sessions: close some.")
        if len(self._open) + self._coming.total() > self._limit:
            await self._evict(list(self._open.values()), "The server has as many sessions as it may have: try again later.")

    async def _evict(self, sessions: list[Session], otherwise: str) -> None:
        """End the one that was left first."""
        left = [each for each in sessions if not each.attached and not each.calls.running and time.monotonic() - each.seen_at > 30]
        if not left:
            raise Full(otherwise)
        await self.end(min(left, key=lambda each: each.seen_at), FORGOTTEN)
