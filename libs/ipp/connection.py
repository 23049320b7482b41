"""One kept-alive HTTP/1.1 connection to a printer, and one POST after the other on it (RFC 8010 section 4, RFC 9112)."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from dataclasses import dataclass

from libs.ipp.address import Address
from libs.ipp.errors import IppAnswerError, IppConnectionError, IppTimeoutError
from libs.ipp.http_answer import HttpAnswer, read_answer

Document = bytes | AsyncIterable[bytes]
"""A document: its octets, or pieces of them as they come."""

_PIECE = 64 * 1024
_HEAR_OUT = 1.0  # seconds for an answer that was on its way when the upload broke


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part of an exchange may take, in seconds; None is for ever."""

    connect: float | None = 10.0
    answer: float | None = 30.0  # from the last octet sent to the last one of the answer
    stall: float | None = 120.0  # for the printer to take the next 64 KiB of a document


class Connection:
    """An open connection. Not to be used by two tasks at once; `usable` says whether it can carry another request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._broken = False
        self.carried = 0
        self.idle_since = asyncio.get_running_loop().time()

    @classmethod
    async def open(cls, address: Address, context: ssl.SSLContext | None, patience: Patience) -> "Connection":
        """Connects. Raises IppConnectionError or IppTimeoutError with `sent` False."""
        try:
            async with asyncio.timeout(patience.connect):
                streams = await asyncio.open_connection(address.host, address.port, ssl=context)
        except TimeoutError as error:
            raise IppTimeoutError(f"no connection to {address.authority} in {patience.connect} s", sent=False) from error
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise IppConnectionError(f"no connection to {address.authority}: {error}", sent=False) from error
        return cls(*streams)

    @property
    def usable(self) -> bool:
        """Whether the printer has kept the connection open, as far as is known here."""
        return not (self._broken or self._writer.is_closing() or self._reader.at_eof())

    async def post(self, head: bytes, message: bytes, document: Document | None, *, patience: Patience, limit: int) -> HttpAnswer:
        """Sends one request and reads its answer, of at most `limit` octets.

        Raises IppConnectionError and its kin, with `sent` True as soon as an octet may have left; what the document's
        own iterator raises passes through. After any exception, a cancellation too, the connection is not usable.
        """
        if not self.usable:
            raise IppConnectionError("the printer has closed the connection", sent=False)
        self._broken = True
        try:
            answer = await self._exchange(head, message, document, patience, limit)
        except _SourceError as error:
            raise (error.__cause__ or error) from None
        except (OSError, EOFError) as error:
            raise IppConnectionError(f"the connection broke: {error or 'end of stream'}", sent=True) from error
        except ValueError as error:
            raise IppAnswerError(f"the answer is not HTTP: {error}", sent=True) from error
        finally:
            if self._broken:
                self.abandon()
        self.carried += 1
        self.idle_since = asyncio.get_running_loop().time()
        return answer

    def abandon(self) -> None:
        """Closes the connection at once, without a word to the other side."""
        self._broken = True
        self._writer.transport.abort()

    async def close(self) -> None:
        """Closes the connection, without waiting long for the other side."""
        self._broken = True
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_HEAR_OUT):
                await self._writer.wait_closed()

    async def _exchange(self, head: bytes, message: bytes, document: Document | None, patience: Patience, limit: int) -> HttpAnswer:
        if document is None or (isinstance(document, bytes) and len(document) <= _PIECE):
            self._writer.write(head + message + (document or b""))
            await self._drained(patience.stall)
            answer = await _within(patience.answer, read_answer(self._reader, limit))
        else:
            upload = asyncio.create_task(self._send(_pieces(head, message, document), patience.stall))
            listen = asyncio.create_task(read_answer(self._reader, limit))
            try:
                answer = await _heard(upload, listen, patience)
            finally:
                whole = upload.done()
                for task in (upload, listen):
                    task.cancel()
                await asyncio.gather(upload, listen, return_exceptions=True)
            if not whole:
                return answer  # it came early, and the rest of the document was not sent: the connection ends
        self._broken = not answer.keep_alive
        return answer

    async def _send(self, pieces: AsyncIterator[bytes | memoryview], stall: float | None) -> None:
        async for piece in pieces:
            self._writer.write(piece)
            await self._drained(stall)

    async def _drained(self, stall: float | None) -> None:
        try:
            async with asyncio.timeout(stall):
                await self._writer.drain()
        except TimeoutError as error:
            raise IppTimeoutError(f"the printer took no data for {stall} s", sent=True) from error


class _SourceError(Exception):
    """What the document's own iterator raised, on its way past the handling of connection errors."""


async def _heard(upload: asyncio.Task[None], listen: asyncio.Task[HttpAnswer], patience: Patience) -> HttpAnswer:
    """The answer to a long document: a printer may refuse it before it is through."""
    await asyncio.wait({upload, listen}, return_when=asyncio.FIRST_COMPLETED)
    if not upload.done():
        answer = await listen
        if _accepted(answer):
            await upload
        return answer
    error = upload.exception()
    if isinstance(error, OSError):
        with contextlib.suppress(OSError, EOFError, ValueError, IppTimeoutError):
            return await _within(_HEAR_OUT, listen)
    if error is not None:
        raise error
    return await _within(patience.answer, listen)


def _accepted(answer: HttpAnswer) -> bool:
    """Whether this is a successful IPP response, whose status begins with a zero octet."""
    return answer.status == 200 and answer.body[2:3] == b"\0"


async def _pieces(head: bytes, message: bytes, document: Document) -> AsyncIterator[bytes | memoryview]:
    """A whole request in pieces: octets under a Content-Length, an iterator's in chunks (RFC 9112 section 7.1)."""
    if isinstance(document, bytes):
        yield head + message
        view = memoryview(document)
        for at in range(0, len(view), _PIECE):
            yield view[at : at + _PIECE]
        return
    yield head + _chunk(message)
    pieces = aiter(document)
    while (piece := await _next(pieces)) is not None:
        if piece:  # an empty chunk would end the body
            yield _chunk(piece)
    yield b"0\r\n\r\n"


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(pieces, None)
    except Exception as error:
        raise _SourceError from error


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


async def _within(seconds: float | None, answer: Awaitable[HttpAnswer]) -> HttpAnswer:
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError as error:
        raise IppTimeoutError(f"no whole answer in {seconds} s", sent=True) from error
