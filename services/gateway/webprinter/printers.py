"""Finding the printer of a task in the directory, for whoever may use it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import ClientEntry, DefaultEntry, DeviceEntry, Entry, client_key, default_key, device_key
from libs.contracts.documents import RAW_FORMATS, Format
from libs.contracts.ids import device_id
from libs.contracts.marks import Mark
from libs.contracts.queries import Code, DeviceAnswer, GetDevice
from libs.contracts.tasks import PrinterRef
from libs.contracts.tickets import Ticket
from libs.runtime.bus import Refused
from services.gateway.domain import Identity, usable, usable_printer
from services.gateway.gateway import Gateway
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields, at, shown

#: The same few printers are named again and again.
_place = lru_cache(8192)(device_id)

Look = Callable[..., Awaitable[list[Entry | None]]]


@dataclass(frozen=True, slots=True)
class FoundPrinter:
    """A printer as a task names it, what its agent says of it, and the marks by rule: of the device, then of the client."""

    ref: PrinterRef
    device: Device
    rules: tuple[Mark, ...] = ()

    def ruled(self, ticket: Ticket, kind: Format) -> Ticket:
        """A ticket that was made for another printer, with the marks of this one; nothing is put on what goes untouched."""
        more = tuple(mark for mark in self.rules if mark not in ticket.marks)
        return replace(ticket, marks=(*more, *ticket.marks)) if more and kind not in RAW_FORMATS else ticket


async def named_printer(gateway: Gateway, identity: Identity, data: Fields) -> FoundPrinter:
    """The printer that `deviceName` and `controlSn` of a command name. Raises `Rejected`."""
    name = data.text("deviceName")
    if name is None:
        raise Rejected("deviceName is missing: write the name of a printer as listDevices shows it.")
    return await find_printer(gateway, identity, data.text("controlSn") or "", name, data.path)


async def find_printer(gateway: Gateway, identity: Identity, agent: str, device: str, path: str = "task") -> FoundPrinter:
    """The printer `device` of the client `agent`. Without `agent` its own one, its default, or the only one of that name that it
    may use; without `device` its default. Raises `Rejected`.
    """
    for look in (gateway.directory.get, gateway.directory.ask):  # before saying no, ask who knows best
        if printer := await _printer(look, identity, agent, device):
            return printer
        blind = look == gateway.directory.ask
        owner = "" if agent or not device else await _owner(gateway, identity, device, path, blind=blind)
        if owner and (printer := await _printer(look, identity, owner, device)):
            return printer
    field = at(path, "deviceName")
    if device:
        where = f"at the client {shown(agent)}" if agent else "that you may use"
        raise Rejected(f"{field}: there is no printer {shown(device)} {where}; listDevices names them.")
    raise Rejected(f"{field} is missing and there is no default printer: name one that listDevices names, or use setDefaultDevice.")


async def _owner(gateway: Gateway, identity: Identity, device: str, path: str, *, blind: bool) -> str:
    """Whose printer of this name is meant by who names no client and has none itself; empty: there is none.

    `blind`: what the mirror says is not enough, the registry is asked.
    """
    if blind:
        return await _ask_owner(gateway, identity, device)
    (default,) = await gateway.directory.get(default_key(identity.sn, DeviceType.PRINTER))
    found = [entry.agent for entry in gateway.directory.named(identity.tenant, device) if usable(identity, entry)]
    if isinstance(default, DefaultEntry) and default.agent in found and default.device == _place(default.agent, device):
        return default.agent
    if len(found) > 1:
        owners = ", ".join(sorted(found)[:5])
        raise Rejected(
            f"{at(path, 'controlSn')} is missing, and several clients have a printer {shown(device)}: write one of {owners}."
        )
    return found[0] if found else ""


async def _ask_owner(gateway: Gateway, identity: Identity, device: str) -> str:
    query = GetDevice(region=gateway.region, tenant=identity.tenant, sn=identity.sn, agent="", name=device)
    try:
        answer: DeviceAnswer = await gateway.bus.ask(query)
    except Refused as refusal:
        if refusal.code is Code.NOT_FOUND:
            return ""
        raise
    return answer.device.agent if answer.device else ""


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
