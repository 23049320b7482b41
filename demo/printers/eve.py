"""A virtual IPP Everywhere printer: an `ippeveprinter` that keeps what it prints and breaks down on demand."""

import asyncio
import contextlib
import shlex
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from demo.printers.dbus import private_bus
from demo.printers.port import Port
from demo.printers.process import Process
from libs.ipp.client import Client
from libs.ipp.errors import ClientError

_HERE = Path(__file__).parent
OFFICE = _HERE / "office.conf"
"""Attributes of the printer that is used by default: PDF, JPEG and PWG raster; A4, A5, Letter and custom sizes."""

_FULL = "size1=iso_a4_210x297mm&type1=stationery&level1=250&size2=na_letter_8.5x11in&type2=stationery&level2=250"
_EMPTY = _FULL.replace("250", "0")
_TRAYS = {True: _EMPTY + "&level3=-2", False: _FULL + "&level3=-2"}


@dataclass(frozen=True, slots=True)
class Printed:
    """A document that came out of the printer, with the IPP attributes of its job as text, as `sides`: `one-sided`."""

    path: Path
    job_id: int
    job_name: str
    attributes: dict[str, str]


class EvePrinter:
    """A printer at `uri`, while the context lasts. It takes one job at a time and answers others with server-error-busy.

    Its job numbers and its history begin anew when its power is cut (`kill`, then `start`), as a real one's do; what it
    has printed stays printed: `documents` lists it in order, over all power cycles.
    """

    def __init__(self, folder: Path, *, name: str = "Office", attributes: Path = OFFICE, bus: str | None = None) -> None:
        self.name = name
        self.folder = folder
        self._attributes = attributes
        self._bus = bus
        self._control = folder / "control"
        self._paper = folder / "paper.log"
        self._stack = AsyncExitStack()
        self._process: Process | None = None
        self._power_cycles = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        if not self._attributes.is_file():  # ippeveprinter would go on with attributes of its own
            raise FileNotFoundError(f"the printer's attributes are to be in a file: {self._attributes}")
        (self._control / "reasons").mkdir(parents=True, exist_ok=True)
        (self.folder / "ssl").mkdir(exist_ok=True)  # where it makes itself a certificate
        try:
            self.port = self._stack.enter_context(Port()).number
            if self._bus is None:
                self._bus = await self._stack.enter_async_context(private_bus(self.folder))
            self._stack.push_async_callback(self.kill)
            await self.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    @property
    def uri(self) -> str:
        """Where the printer is printed to."""
        return f"ipp://localhost:{self.port}/ipp/print"

    @property
    def spool(self) -> Path:
        """Where documents arrive since the power was switched on, printed or not."""
        return self.folder / f"spool-{self._power_cycles}"

    @property
    def running(self) -> bool:
        """Whether the printer has power."""
        return self._process is not None and self._process.running

    def documents(self) -> list[Printed]:
        """What is on paper, in order of printing."""
        if not self._paper.exists():
            return []
        return [_printed(Path(line)) for line in self._paper.read_text().splitlines()]

    async def start(self) -> None:
        """Switches the printer on, at the same address as before, with an empty spool folder."""
        self._power_cycles += 1
        self.spool.mkdir()
        self._process = await Process.start(
            *("ippeveprinter", "-r", "off", "-n", "localhost", "-p", str(self.port)),
            *("-k", "-d", self.spool, "-K", self.folder / "ssl", "-c", _HERE / "hook.sh"),
            *("-a", self._attributes, self.name),
            environment={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "DBUS_SYSTEM_BUS_ADDRESS": self._bus or "",
                "PRINTER_CONTROL": str(self._control),
                "PRINTER_PAPER": str(self._paper),
            },
            log=self.folder / "printer.log",
        )
        await self._answers(self._process)

    async def kill(self) -> None:
        """Cuts the power: jobs, numbers and history are gone, and what is half printed stays so."""
        if self._process is not None:
            await self._process.kill()

    def suspend(self) -> None:
        """The printer hangs: it takes connections but answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """The printer goes on where it was suspended."""
        self._signal(signal.SIGCONT)

    async def set_reason(self, reason: str) -> None:
        """The printer stops for a reason (`media-jam`, `cover-open`) before the next document, and tells it with a job.

        `media-empty` empties all trays, which the printer tells at once, with or without a job.
        """
        if reason == "media-empty":
            await self._fill(_TRAYS[True])
        else:
            (self._control / "reasons" / reason).touch()

    async def clear_reason(self, reason: str) -> None:
        """The reason is gone, and the printer prints on by itself."""
        if reason == "media-empty":
            await self._fill(_TRAYS[False])
        else:
            (self._control / "reasons" / reason).unlink(missing_ok=True)

    def hold(self, *, impressions: int = 0) -> None:
        """The next document stays in processing until `release`; so many impressions of it are reported as done."""
        if impressions:
            (self._control / "impressions").write_text(f"{impressions}\n")
        (self._control / "hold").touch()

    def release(self) -> None:
        """Ends `hold`."""
        (self._control / "hold").unlink(missing_ok=True)
        (self._control / "impressions").unlink(missing_ok=True)

    def abort(self, *, once: bool = False) -> None:
        """Jobs end as aborted, with nothing on paper, until `abort_no_more`; or the next one only."""
        (self._control / ("abort-once" if once else "abort")).touch()

    def abort_no_more(self) -> None:
        """Ends `abort`."""
        (self._control / "abort").unlink(missing_ok=True)
        (self._control / "abort-once").unlink(missing_ok=True)

    def slow_down(self, seconds: float) -> None:
        """Each document takes so long; 0 for as fast as it can."""
        path = self._control / "delay"
        if seconds:
            path.write_text(f"{seconds}\n")
        else:
            path.unlink(missing_ok=True)

    async def _fill(self, query: str) -> None:
        """Uses the printer's own web form; a form that is not sent whole empties what it leaves out."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"http://localhost:{self.port}/media?{query}")
            answer.raise_for_status()

    async def _answers(self, process: Process, within: float = 20.0) -> None:
        async with asyncio.timeout(within), Client(self.uri) as client:
            while process.running:
                with contextlib.suppress(ClientError):
                    await client.get_printer_attributes(["printer-state"])
                    return
                await asyncio.sleep(0.02)
        raise RuntimeError(f"ippeveprinter did not start: {process.said()}")

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.signal(number)


def _printed(path: Path) -> Printed:
    attributes = dict(_attributes(path.with_name(path.name + ".attributes").read_text(errors="replace")))
    return Printed(path, int(attributes["job-id"]), attributes["job-name"], attributes)


def _attributes(exports: str) -> Iterator[tuple[str, str]]:
    """The IPP attributes in what `export -p` wrote."""
    for word in shlex.split(exports):
        name, _, value = word.partition("=")
        if name.startswith("IPP_"):
            yield name.removeprefix("IPP_").lower().replace("_", "-"), value
