"""The agent's devices: what its drivers found, under ids derived from agent and name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import structlog
from pydantic import TypeAdapter

from libs.contracts.devices import Device, PrinterState
from libs.contracts.ids import device_id
from libs.contracts.message import decode
from services.agent.drivers import Printer
from services.agent.peripherals.watch import renamed

log = structlog.get_logger()


@cache
def _adapter() -> TypeAdapter[tuple[Device, ...]]:
    """To make one takes ten milliseconds, which an agent of a thousand printers has not for each."""
    return TypeAdapter(tuple[Device, ...])


class Devices:
    """All printers by the driver that found them, and the scanners and cameras of this machine."""

    def __init__(self, sn: str) -> None:
        self._sn = sn
        self._by_source: dict[str, dict[str, Device]] = {}
        self._source_of: dict[str, str] = {}
        self._dumped: dict[str, str] = {}
        self._seen: set[str] = set()
        self._peripherals: tuple[Device, ...] = ()

    def load(self, remembered: Mapping[str, str | None]) -> None:
        """What each driver had when the agent last ran, until it says what it has: not reachable yet."""
        for source, text in remembered.items():
            self._by_source[source] = {each.id: each for each in (decode(tuple[Device, ...], text) if text else ())}
            self._dumped[source] = text or ""
            for device in self._by_source[source]:
                self._source_of.setdefault(device, source)

    def dump(self, source: str) -> str:
        """One driver's devices for the journal, without how they are just now; empty: as the journal has them."""
        devices = tuple(
            replace(each, state=PrinterState.UNREACHABLE, reasons=("connecting-to-device",), accepting=True)
            for each in self._by_source[source].values()
        )
        text = _adapter().dump_json(devices).decode()
        if text == self._dumped.get(source):
            return ""
        self._dumped[source] = text
        return text

    @property
    def all(self) -> tuple[Device, ...]:
        """Every device once: printers in the order of PRINTERS, then the others."""
        printers = {device.id: device for devices in self._by_source.values() for device in devices.values()}
        others = (renamed(self._sn, each) if each.id in printers else each for each in self._peripherals)
        return (*printers.values(), *others)

    @property
    def sources(self) -> set[str]:
        """The drivers that have said what they have, or that they cannot."""
        return self._seen

    def place(self, peripherals: tuple[Device, ...]) -> bool:
        """The scanners and cameras that there are now; whether that is news."""
        news = peripherals != self._peripherals
        self._peripherals = peripherals
        return news

    def speechless(self, source: str) -> None:
        """This driver cannot say what it has: it has what it had."""
        self._seen.add(source)

    def of(self, source: str) -> dict[str, Device]:
        """One driver's devices by their ids."""
        return self._by_source.get(source, {})

    def name(self, device: str) -> str:
        """A printer's name, or its id when it is not known."""
        found = self._by_source.get(self._source_of.get(device, ""), {}).get(device)
        return found.name if found else device

    def update(self, source: str, printers: Sequence[Printer]) -> list[Printer]:
        """Everything that one driver has now. Returns those that count: a name that another driver has first does not."""
        counted = []
        for printer in printers:
            if self._source_of.setdefault(device_id(self._sn, printer.name), source) != source:
                log.warning("printer's name is taken", printer=printer.name)
            else:
                counted.append(printer)
        self._seen.add(source)
        now = {each.id: each for each in map(self._device, counted)}
        for gone in self.of(source).keys() - now.keys():
            if self._source_of.get(gone) == source:
                del self._source_of[gone]
        self._by_source[source] = now
        return counted

    def _device(self, printer: Printer) -> Device:
        seen = printer.seen
        return Device(
            id=device_id(self._sn, printer.name),
            name=printer.name,
            state=seen.state,
            reasons=seen.reasons,
            accepting=seen.accepting,
            system_default=seen.system_default,
            unknown=printer.unknown,
            resume=printer.resume,
            partial=printer.partial,
            capabilities=seen.capabilities,
        )
