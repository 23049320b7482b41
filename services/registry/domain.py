"""The registry's rules: what a report of devices changes, which device becomes a default, who is online."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from libs.contracts.devices import Device, DeviceType, PrinterState
from libs.contracts.ids import device_id

#: A client's serial number: a token of subjects and of directory keys (webprinter.md 1.5).
SN_PATTERN = re.compile(r"[A-Za-z0-9]{8}")
#: A tenant's name: a token of subjects too.
TENANT_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"
#: About so many agents share a shard of the stream PRINT (design.md section 3).
AGENTS_PER_SHARD = 1000
#: A report that is older than the last one by less than this (ms) was overtaken; by more, the server's clock was set back.
OVERTAKEN = 600_000

What = Literal["added", "state", "capabilities", "removed"]


@dataclass(frozen=True, slots=True)
class Known:
    """A device as the registry has it; `revision` counts its changes, and a gone device keeps it.

    `served_by`: the application that registered it; no agent reports it.
    """

    device: Device
    revision: int
    gone: bool = False
    served_by: str = ""

    @property
    def reported(self) -> bool:
        """Whether it is its agent's report that says of it what is so."""
        return not self.device.virtual and not self.served_by


@dataclass(frozen=True, slots=True)
class Change:
    """One device after a report, and in which ways it changed."""

    known: Known
    what: tuple[What, ...]


def trustworthy(agent: str, devices: Iterable[Device], roaming: str = "") -> tuple[Device, ...]:
    """The devices whose id is really the one of their name, each once: ids become subjects and keys.

    None is virtual, and none has the name `roaming` of the virtual printer, which its client has without any agent.
    """
    good = (each for each in devices if each.name and not each.virtual and each.name != roaming)
    return tuple({each.id: each for each in good if each.id == device_id(agent, each.name)}.values())


def compare(known: Mapping[str, Known], reported: Iterable[Device]) -> tuple[Change, ...]:
    """What a report changes; a device that it does not name is gone."""
    now = {device.id: device for device in reported if not _served(known.get(device.id))}
    changes = [changed(known.get(device.id), device) for device in now.values()]
    gone = [one for key, one in known.items() if key not in now and not one.gone and one.reported]
    changes += [Change(replace(one, revision=one.revision + 1, gone=True), ("removed",)) for one in gone]
    return tuple(change for change in changes if change.what)


def _served(one: Known | None) -> bool:
    return one is not None and bool(one.served_by) and not one.gone


def changed(before: Known | None, device: Device, served_by: str = "") -> Change:
    """A device, and in which ways it differs from what was known of it."""
    if before is None or before.gone:
        return Change(Known(device, before.revision + 1 if before else 1, served_by=served_by), ("added",))
    what: tuple[What, ...] = ()
    if replace(before.device, capabilities=device.capabilities) != device:
        what += ("state",)
    if before.device.capabilities != device.capabilities:
        what += ("capabilities",)
    return Change(Known(device, before.revision + len(what[:1]), served_by=served_by), what)


def first_default(devices: Iterable[Device]) -> Device | None:
    """The printer that becomes its agent's default when none is set: the system's own choice, or the only one."""
    printers = [device for device in devices if device.type is DeviceType.PRINTER]
    chosen = [device for device in printers if device.system_default]
    if chosen:
        return chosen[0]
    return printers[0] if len(printers) == 1 else None


def overtaken(stored_at: int, last: int) -> bool:
    """Whether a report came after one that the stream stored later (both in ms since 1970)."""
    return 0 < last - stored_at < OVERTAKEN


def reachable(device: Device, *, agent_online: bool, served: bool = False) -> bool:
    """Whether somebody would reach the device now; a virtual one is always there, and its application comes when it wants to."""
    if device.virtual:
        return True
    return (agent_online or served) and device.state is not PrinterState.UNREACHABLE


def choose(named: Sequence[tuple[str, Device]], own: str, default: tuple[str, str]) -> tuple[str, Device] | None:
    """Which of the usable devices of one name is meant by who names no owner: its own, its default, or the only one."""
    for agent, device in named:
        if agent == own:
            return agent, device
    for agent, device in named:
        if (agent, device.id) == default:
            return agent, device
    return named[0] if len(named) == 1 else None


def shard_of(agents: int) -> int:
    """The shard of the next agent when there are so many already."""
    return agents // AGENTS_PER_SHARD
