"""Looking for scanners and cameras now and then, and telling when there are others than before."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import structlog

from libs.contracts.devices import Capabilities, Device, DeviceType
from libs.contracts.ids import device_id
from services.agent.peripherals.cameras import cameras
from services.agent.peripherals.scanners import scanners

log = structlog.get_logger()

#: How often cameras are looked for, which costs nothing, and scanners, which wakes them up. Seconds.
CAMERAS_EVERY = 15.0
SCANNERS_EVERY = 600.0


async def _cameras() -> list[str]:
    return await asyncio.to_thread(cameras)


class Peripherals:
    """The scanners and cameras of this machine; how they are found can be given."""

    def __init__(
        self,
        sn: str,
        find_scanners: Callable[[], Awaitable[list[str]]] = scanners,
        find_cameras: Callable[[], Awaitable[list[str]]] = _cameras,
    ) -> None:
        self._sn = sn
        self._find_scanners = find_scanners
        self._find_cameras = find_cameras

    async def watch(self, found: Callable[[tuple[Device, ...]], None]) -> None:
        """Say what there is, at once and whenever it changes, for ever."""
        loop = asyncio.get_running_loop()
        asked = -SCANNERS_EVERY
        scanning: list[str] = []
        while True:
            filming = await self._names(self._find_cameras, DeviceType.CAMERA)
            if loop.time() - asked >= SCANNERS_EVERY:
                found(devices(self._sn, scanning, filming))
                scanning = await self._names(self._find_scanners, DeviceType.SCANNER)
                asked = loop.time()
            found(devices(self._sn, scanning, filming))
            await asyncio.sleep(CAMERAS_EVERY)

    @staticmethod
    async def _names(find: Callable[[], Awaitable[list[str]]], kind: DeviceType) -> list[str]:
        try:
            return await find()
        except OSError as error:  # they are extras: printing goes on without them
            log.info("devices not listed", type=kind.value, error=error.strerror or type(error).__name__)
            return []


def devices(sn: str, scanning: Sequence[str], filming: Sequence[str]) -> tuple[Device, ...]:
    """Scanners and cameras as devices, each with a name of its own: two of a kind are numbered."""
    given: Counter[str] = Counter()
    made = []
    for kind, names in ((DeviceType.SCANNER, scanning), (DeviceType.CAMERA, filming)):
        for name in names:
            given[name] += 1
            made.append(_device(sn, name if given[name] == 1 else f"{name} {given[name]}", kind))
    return tuple(made)


def renamed(sn: str, device: Device) -> Device:
    """The same device, when a printer has its name: a multifunction printer is both."""
    return _device(sn, f"{device.name} ({device.type.value})", device.type)


def _device(sn: str, name: str, kind: DeviceType) -> Device:
    return Device(id=device_id(sn, name), name=name, type=kind, capabilities=Capabilities(formats=()))
