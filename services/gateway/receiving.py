"""Requests within limits: bodies of bounded size, and deadlines against clients that send or read a byte now and then."""

import asyncio
from asyncio.events import TimerHandle
from collections.abc import AsyncIterator

import structlog
from starlette.requests import ClientDisconnect, Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

#: A request's line and headers together, in bytes.
MAX_HEAD = 64 * 1024
#: After the deadline of its head a request must have come at this many bytes per second or more; an answer is read so fast.
SLOWEST = 16 * 1024
#: In the scope of a request whose body has come to its end: who waits for more then waits for ever.
WHOLE = "printbus.whole"
#: Bytes of a body that is too large which are taken all the same, so that its sender hears why it is refused.
DROPPED = 256 * 1024 * 1024


class TooLarge(Exception):
    """The body is larger than the limit."""


async def receive(request: Request, limit: int) -> bytes | bytearray:
    """A request's body, in memory once. Raises as `pieces`."""
    body = bytearray()
    async for piece in pieces(request, limit):
        if not body and len(piece) == _announced(request):
            return piece
        body += piece
    return body


async def pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """A request's body as it comes. Raises `TooLarge` as soon as that is known, and starlette's `ClientDisconnect`."""
    if _announced(request) > limit:
        raise TooLarge
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        more = message.get("more_body", False)
        if not more:
            request.scope[WHOLE] = True
        size += len(piece)
        if size > limit:
            raise TooLarge
        if piece:
            yield piece


async def drop_rest(request: Request) -> None:
    """Before a refusal: where the line ends with the answer because its sender wants that, drop what is still coming first.

    Most programs read no answer before they have sent all. When `pieces` has had all of it, nothing is waited for.
    Raises starlette's `ClientDisconnect`.
    """
    if request.headers.get("connection", "").lower() != "close" or "expect" in request.headers or WHOLE in request.scope:
        return
    left = DROPPED if _announced(request) <= DROPPED else 0
    while left > 0:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        left = left - len(message.get("body", b"")) if message.get("more_body") else 0


def _announced(request: Request) -> int:
    """The length that a request's head promises, -1: none."""
    announced = request.headers.get("content-length", "")
    return int(announced[:20]) if announced.isdecimal() else -1


class Patient(HttpToolsProtocol):
    """One connection. uvicorn itself waits for ever for the rest of a request, and until an answer is read; here neither.

    `patience` is in seconds; a body may take that and its length at `SLOWEST`, then the line is cut. So is one whose answers
    lie unread for as long.
    """

    patience = 20.0
    _began = 0.0
    _got = 0
    _whole = True
    _headed = False
    _timer: TimerHandle | None = None
    _unread: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self._is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._whole:
            self._begin()
        self._got += len(data)
        if not self._headed and self._got - len(data) > MAX_HEAD:
            self._cut("head too large")
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._headed = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._headed = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._end()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_read()
        left = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(self.patience + left / SLOWEST, self._cut, "answer not read")

    def resume_writing(self) -> None:
        self._is_read()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():  # a line that is only closed waits for its reader
            self._cut("answer not read")

    def _is_read(self) -> None:
        if self._unread:
            self._unread.cancel()
            self._unread = None

    def _begin(self) -> None:
        self._end()
        self._whole = False
        self._headed = False
        self._began = self.loop.time()
        self._got = 0
        self._timer = self.loop.call_later(self.patience, self._look)

    def _end(self) -> None:
        self._whole = True
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """The deadline: it moves with a body that comes fast enough."""
        allowed = self.patience + (self._got / SLOWEST if self._headed else 0.0)
        left = self._began + allowed - self.loop.time()
        if left <= 0:
            self._cut("request too slow")
        else:
            self._timer = self.loop.call_later(max(left, 0.05), self._look)

    def _cut(self, why: str) -> None:
        log.info("connection cut", why=why, received=self._got)
        self._end()
        self._is_read()
        self.transport.abort()


def patient(seconds: float) -> type[HttpToolsProtocol]:
    """The protocol with this patience."""
    return type("PatientProtocol", (Patient,), {"patience": seconds})
