"""`pauseDevice` and `resumeDevice`: whether the line of a printer moves (extensions, webprinter.md 3.4)."""

from typing import Any

from libs.contracts.directory import ClientKind
from libs.contracts.queries import Lines, PauseDevice, ResumeDevice
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.recording import record
from services.gateway.webprinter.actions.control import PATIENCE
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.printers import FoundPrinter, named_printer
from services.gateway.webprinter.reading.fields import Fields


async def pause_device(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Print nothing more on it; what has not begun waits in its order."""
    printer = await _managed(gateway, identity, data)
    return await _line(gateway, identity, printer, PauseDevice, "printer paused")


async def resume_device(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Go on where its line stands."""
    printer = await _managed(gateway, identity, data)
    return await _line(gateway, identity, printer, ResumeDevice, "printer resumed")


async def _managed(gateway: Gateway, identity: Identity, data: Fields) -> FoundPrinter:
    """Whoever has it, or an application that it was granted to: others who may print on it must not stop it for everybody."""
    printer = await named_printer(gateway, identity, data)
    if printer.ref.agent != identity.sn and identity.role is not ClientKind.APP:
        raise Rejected(f"deviceName: this printer belongs to the client {printer.ref.agent}, which alone may pause and resume it.")
    if printer.device.virtual:
        raise Rejected("deviceName: this device prints nothing by itself, so that there is nothing to pause.")
    return printer


async def _line(
    gateway: Gateway, identity: Identity, printer: FoundPrinter, command: type[PauseDevice | ResumeDevice], action: str
) -> dict[str, Any]:
    where = command(region=gateway.region, tenant=identity.tenant, agent=printer.ref.agent, printer=printer.ref.id)
    found: Lines = await gateway.bus.ask(where, timeout=PATIENCE)
    await record(gateway, identity, action, f"{printer.ref.agent}/{printer.ref.name}")
    (line,) = found.lines
    return {
        "deviceName": printer.ref.name,
        "controlSn": printer.ref.agent,
        "paused": line.paused,
        "waiting": line.waiting,
        "sent": line.sent,
    }
