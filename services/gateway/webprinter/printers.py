"""Finding the printer of a task in the directory, for whoever may use it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import ClientEntry, DefaultEntry, DeviceEntry, Entry, client_key, default_key, device_key
from libs.contracts.ids import device_id
from libs.contracts.marks import Mark
from libs.contracts.tasks import PrinterRef
from services.gateway.domain import Identity, usable_printer
from services.gateway.gateway import Gateway
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.fields import shown

#: The same few printers are named again and again.
_place = lru_cache(8192)(device_id)

Look = Callable[..., Awaitable[list[Entry | None]]]


@dataclass(frozen=True, slots=True)
class FoundPrinter:
    """A printer as a task names it, what its agent says of it, and the marks by rule: of the device, then of the client."""

    ref: PrinterRef
    device: Device
    rules: tuple[Mark, ...] = ()


async def find_printer(gateway: Gateway, identity: Identity, agent: str, device: str, path: str = "task") -> FoundPrinter:
    """The printer `device` of the client `agent`, either empty: the client's own, or its default. Raises `Rejected`."""
    for look in (gateway.directory.get, gateway.directory.ask):  # before saying no, ask who knows best
        if printer := await _printer(look, identity, agent, device):
            return printer
    if device:
        at = shown(agent or identity.sn)
        raise Rejected(f"{path}.deviceName: there is no printer {shown(device)} at the client {at}; listDevices names them.")
    raise Rejected(
        f"{path}.deviceName is missing and there is no default printer: name one that listDevices names, or use setDefaultDevice."
    )


async def _printer(look: Look, identity: Identity, named: str, device: str) -> FoundPrinter | None:
    agent, place = named or identity.sn, ""
    if device:
        place = _place(agent, device)
    else:
        (default,) = await look(default_key(identity.sn, DeviceType.PRINTER))
        if not isinstance(default, DefaultEntry):
            return None
        agent, place = default.agent, default.device
    owner, found, client = await look(client_key(agent), device_key(agent, place), client_key(identity.sn))
    if not isinstance(owner, ClientEntry) or not isinstance(found, DeviceEntry):
        return None
    ref = usable_printer(identity, owner, found)
    if ref is None:
        return None
    rules = client.marks if isinstance(client, ClientEntry) else ()
    return FoundPrinter(ref, found.device, (*found.marks, *rules))
