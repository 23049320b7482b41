"""The few connections that a client keeps to one printer."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.ipp.address import Address
from libs.ipp.connection import Connection, Document, Patience
from libs.ipp.errors import HttpError, IppAnswerError, IppConnectionError, IppTimeoutError


class Pool:
    """Up to `size` connections, the one used last first, made when needed.

    A request is made a second time, on a new connection, only where that can do no harm: when a kept connection turned
    out to be gone before an octet was sent, or when the request only reads.
    """

    def __init__(
        self, address: Address, context: ssl.SSLContext | None, *, size: int, keep: float, patience: Patience, limit: int
    ) -> None:
        self._address = address
        self._context = context
        self._keep = keep
        self._patience = patience
        self._limit = limit
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(size)

    async def post(self, message: bytes, document: Document | None, *, reading: bool, patience: Patience | None = None) -> bytes:
        """The body of the answer to one POST. Raises IppConnectionError, IppTimeoutError, IppAnswerError, HttpError."""
        head = self._head(len(message), document)
        patience = patience or self._patience
        async with self._free, self._connection(patience, fresh=False) as connection:
            kept = connection.carried > 0
            try:
                return await self._once(connection, head, message, document, patience)
            except IppConnectionError as error:
                if not (kept and _repeatable(error, document, reading=reading)):
                    raise
        async with self._free, self._connection(patience, fresh=True) as connection:
            return await self._once(connection, head, message, document, patience)

    async def close(self) -> None:
        """Closes the connections that are not in use."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close() for connection in idle))

    async def _once(
        self, connection: Connection, head: bytes, message: bytes, document: Document | None, patience: Patience
    ) -> bytes:
        answer = await connection.post(head, message, document, patience=patience, limit=self._limit)
        if answer.status != 200:
            raise HttpError(answer.status)
        return answer.body

    @asynccontextmanager
    async def _connection(self, patience: Patience, *, fresh: bool) -> AsyncIterator[Connection]:
        if fresh:
            await self.close()  # where one kept connection was gone, the others are as a rule gone too
        connection = self._kept() or await Connection.open(self._address, self._context, patience)
        try:
            yield connection
        finally:
            if connection.usable:
                self._idle.append(connection)
            else:
                connection.abandon()

    def _kept(self) -> Connection | None:
        """A connection that has not been idle for so long that the printer may be closing it this very moment."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and now - connection.idle_since < self._keep:
                return connection
            connection.abandon()
        return None

    def _head(self, size: int, document: Document | None) -> bytes:
        if document is None or isinstance(document, bytes):
            length = f"Content-Length: {size + len(document or b'')}"
        else:
            length = "Transfer-Encoding: chunked"
        lines = [
            f"POST {self._address.path} HTTP/1.1",
            f"Host: {self._address.authority}",
            "Content-Type: application/ipp",
            "Accept: application/ipp",
            length,
        ]
        if self._address.user is not None:
            pair = f"{self._address.user}:{self._address.password or ''}".encode()
            lines.append(f"Authorization: Basic {base64.b64encode(pair).decode()}")
        return "\r\n".join([*lines, "", ""]).encode()


def _repeatable(error: IppConnectionError, document: Document | None, *, reading: bool) -> bool:
    """Whether a request that failed on a kept connection may be made again on a new one."""
    if isinstance(error, IppTimeoutError | IppAnswerError) or not (document is None or isinstance(document, bytes)):
        return False
    if isinstance(error, HttpError):
        return error.status == 408  # what a server says of a connection that was idle for too long
    return reading or not error.sent
