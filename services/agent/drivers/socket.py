"""Driver `socket`: bytes to port 9100. Nothing comes back, so that only the bytes' arrival is known."""

import array
import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import AsyncIterator

import structlog

from libs.contracts.devices import Capabilities, PrinterState
from libs.runtime.crashpoint import crashpoint
from services.agent import raw
from services.agent.attempt import Attempt
from services.agent.domain import Means, Outcome, Printed, Sight, Step
from services.agent.drivers import STUCK, Declined, Fault, Found, Seen
from services.agent.printer_uri import PrinterUri
from services.agent.stall import Stall

log = structlog.get_logger()

PORT = 9100
CONNECT = 5.0
#: How often it is looked at whether bytes have left, in seconds.
LOOK = 0.05
#: How often a printer that could not be reached is tried, in seconds. One that could is left in peace.
AGAIN = 5.0
#: How long a printer may take to close its side after it has everything, in seconds.
CLOSING = 2.0


def connect(uri: PrinterUri) -> "RawPrinter":
    """`socket://127.0.0.1:9100?name=Label&format=application/pdf`; `format` is what the device takes besides its own language.

    A receipt printer: `socket://127.0.0.1:9100?name=Till&raster=escpos&width=576&dpi=203&cut=partial&drawer=true&dither=threshold`.
    """
    if not uri.host:
        raise ValueError("a socket printer needs a host; write socket://printer.example:9100?name=Label")
    if uri.format.count("/") != 1:
        raise ValueError(f"format={uri.format} of {uri.name}: write a media type, as format=application/pdf")
    return RawPrinter(uri)


class RawPrinter:
    """Driver and printer in one."""

    means = Means.BLIND
    window = 64

    def __init__(self, uri: PrinterUri) -> None:
        self.name = uri.name
        self.unknown = uri.unknown
        self.resume = uri.resume
        self.partial = uri.partial
        self._host = uri.host
        self._port = uri.port or PORT
        self._grace = uri.grace
        self._stall = uri.stall
        self._capabilities = raw.offered(Capabilities(formats=(uri.format,), monochrome=False), uri, passes=True)
        self.seen = Seen(capabilities=self._capabilities)
        self._found: Found = lambda _printers: None

    async def run(self, found: Found) -> None:
        """Try a printer that could not be reached until it can."""
        self._found = found
        found([self])
        while True:
            await asyncio.sleep(AGAIN)
            if self.seen.state is PrinterState.UNREACHABLE:
                with contextlib.suppress(Fault):
                    _, writer = await self._connect()
                    writer.close()

    async def prepare(self, attempt: Attempt) -> None:
        formats, media_type = self._capabilities.formats, attempt.content.media_type
        if media_type not in formats:
            raise Declined(
                "unsupported-document-format", f"The printer {self.name} takes {' or '.join(formats)}, not {media_type}."
            )
        await attempt.reach(Step.INTENT)

    async def put(self, attempt: Attempt) -> None:
        reader, writer = await self._connect()
        listening = asyncio.create_task(_listen(reader))
        try:
            await attempt.reach(Step.RELEASING)
            await self._send(attempt, writer)
            if writer.can_write_eof():
                writer.write_eof()
            await asyncio.wait([listening], timeout=CLOSING if self._grace else 0)
        except OSError as error:
            raise Fault("connecting-to-device", f"The printer {self.name} broke the connection off.") from error
        except BaseException:
            _drop(writer)  # what it has not taken yet must not come after the attempt was given up
            raise
        finally:
            listening.cancel()
            writer.close()

    async def follow(self, attempt: Attempt) -> Outcome:
        if attempt.step < Step.RELEASED:
            await attempt.reach(Step.RELEASED, sent=True)
        await asyncio.sleep(self._grace)
        return Printed(pages=attempt.order.document.pages, confirmed=False)

    async def look(self, attempt: Attempt) -> Sight:
        """Nothing can be seen there; but what the printer's system has acknowledged whole has arrived, whatever came after."""
        return Sight.ENDED if attempt.step is Step.RELEASED else Sight.ABSENT

    async def release(self, attempt: Attempt) -> None:
        raise AssertionError(f"port 9100 does not hold {attempt.name}")

    async def discard(self, attempt: Attempt) -> None:
        """Nothing can be taken back, and before RELEASING nothing has left."""

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(CONNECT):
                streams = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            self._see(Seen(PrinterState.UNREACHABLE, ("connecting-to-device",), capabilities=self._capabilities))
            raise Fault("connecting-to-device", f"The printer {self.name} does not answer.") from error
        self._see(Seen(capabilities=self._capabilities))
        return streams

    async def _send(self, attempt: Attempt, writer: asyncio.StreamWriter) -> None:
        """All bytes, until the other side's system has acknowledged the last one. Raises OSError, `Fault`."""
        async with Stall(attempt, self.name, self._stall) as stall:
            async for piece in _small(attempt.content.pieces()):
                writer.write(piece)
                crashpoint("agent-mid-document")
                await self._left(writer, stall, len(piece))
            await self._left(writer, stall, 0)

    async def _left(self, writer: asyncio.StreamWriter, stall: Stall, enough: int) -> None:
        """Until at most `enough` bytes wait here."""
        waiting = _waiting(writer)
        while waiting > enough:
            await asyncio.sleep(LOOK if waiting > enough + 65536 or stall.slow else 0.001)
            if writer.is_closing():
                raise ConnectionResetError
            now_waiting = _waiting(writer)
            if now_waiting < waiting:
                stall.progress(waiting - now_waiting)
            elif stall.over:
                message = f"The printer {self.name} stopped reading in the middle of the document."
                raise Fault(STUCK, message)
            waiting = now_waiting

    def _see(self, seen: Seen) -> None:
        if seen != self.seen:
            self.seen = seen
            self._found([self])


async def _listen(reader: asyncio.StreamReader) -> None:
    """Take whatever the printer says, until it closes."""
    with contextlib.suppress(OSError):
        while await reader.read(4096):
            pass


async def _small(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        for start in range(0, len(piece), 65536):
            yield piece[start : start + 65536]


def _drop(writer: asyncio.StreamWriter) -> None:
    """Close so that the bytes that wait here are thrown away (socket(7), SO_LINGER)."""
    with contextlib.suppress(OSError, ValueError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _waiting(writer: asyncio.StreamWriter) -> int:
    """Bytes that the other side's system has not acknowledged: in our buffer and in the kernel's (tcp(7), SIOCOUTQ)."""
    in_kernel = array.array("i", [0])
    with contextlib.suppress(OSError, ValueError):
        fcntl.ioctl(writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, in_kernel)
    transport = writer.transport
    return int(transport.get_write_buffer_size()) + in_kernel[0]
