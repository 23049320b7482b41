"""The calls of one session: each id is executed once, however often it is sent (webprinter.md 4.2)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from libs.contracts.directory import Scope
from services.gateway.webapi import frames
from services.gateway.webapi.frames import RETRY, Request
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.envelope import failed
from services.gateway.webprinter.reading.asking import Asked

#: Calls of one session that run at the same time.
IN_FLIGHT = 64
#: Answers that are remembered for a call that is sent again: for so many seconds, so many, of so many characters together.
REMEMBERED_FOR = 600.0
REMEMBERED = 1000
REMEMBERED_SIZE = 8 * 1024 * 1024

Execute = Callable[[Asked], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class _Call:
    """`kept`: it changed something, so that its answer is remembered."""

    digest: bytes
    answer: "asyncio.Task[str]" = field(init=False)
    kept: bool = False
    ended_at: float = 0.0
    size: int = 0


class Calls:
    """What a session has asked for. Printing is done in the order of asking, everything else side by side."""

    def __init__(self, execute: Execute, clock: Callable[[], float] = time.monotonic) -> None:
        self._execute = execute
        self._clock = clock
        self._known: OrderedDict[str, _Call] = OrderedDict()
        self._ended: OrderedDict[str, _Call] = OrderedDict()
        self._size = 0
        self._in_line = asyncio.Lock()

    @property
    def running(self) -> int:
        """How many are not answered yet."""
        return len(self._known)

    def call(self, request: Request) -> "asyncio.Task[str]":
        """The answer's frame, at once or later; a call with a known id is not executed again."""
        self.forget()
        known = self._known.get(request.id) or self._ended.get(request.id)
        if known is None:
            return self._begin(request)
        if known.digest != request.digest:
            body = failed("id: another call of this session had this id; give each call its own.").body
            return asyncio.ensure_future(_said(frames.answer(request.id, body)))
        return known.answer

    def forget(self) -> None:
        """Drop remembered answers that are too old, too many or too large."""
        now = self._clock()
        while self._ended:
            oldest = next(iter(self._ended.values()))
            if (
                now - oldest.ended_at < REMEMBERED_FOR
                and len(self._ended) <= REMEMBERED
                and (self._size <= REMEMBERED_SIZE or len(self._ended) == 1)
            ):
                return
            self._ended.popitem(last=False)
            self._size -= oldest.size

    async def finish(self) -> None:
        """Wait for what runs: a call that was begun is not torn off."""
        while self._known:
            await asyncio.wait([call.answer for call in self._known.values()])

    def _begin(self, request: Request) -> "asyncio.Task[str]":
        call = _Call(request.digest)
        call.answer = asyncio.ensure_future(self._answer(request, call))
        self._known[request.id] = call
        call.answer.add_done_callback(lambda _done: self._end(request, call))
        return call.answer

    def _end(self, request: Request, call: _Call) -> None:
        self._known.pop(request.id, None)
        if call.answer.cancelled() or call.answer.exception() or not call.kept:
            return
        call.ended_at = self._clock()
        call.size = len(call.answer.result())
        self._ended[request.id] = call
        self._size += call.size
        self.forget()

    async def _answer(self, request: Request, call: _Call) -> str:
        command = COMMANDS.get(request.asked.command)
        if command and command.scope is Scope.PRINT:
            async with self._in_line:
                body = await self._execute(request.asked)
        else:
            body = await self._execute(request.asked)
        call.kept = command is not None and command.scope not in (None, Scope.READ) and RETRY not in body
        return frames.answer(request.id, body)


async def _said(text: str) -> str:
    return text
