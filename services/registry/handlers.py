"""What the registry does for each message: its table of contents."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import DefaultEntry, DeviceEntry
from libs.contracts.events import DeviceChanged
from libs.contracts.ids import device_id
from libs.contracts.message import Message
from libs.contracts.queries import (
    Code,
    DeviceAnswer,
    DeviceList,
    DeviceView,
    Entries,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    LookUp,
    SetDefaultDevice,
)
from libs.contracts.reports import DevicesReported
from libs.runtime.bus import Refused
from services.registry import domain
from services.registry.herald import Herald
from services.registry.presence import Presence
from services.registry.store import Change, Store

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Registry:
    """What the handlers work with."""

    store: Store
    presence: Presence
    herald: Herald


async def devices_reported(registry: Registry, report: DevicesReported, stored_at: int) -> None:
    """All devices of an agent; `stored_at` is when the stream stored the report, in ms since 1970."""
    devices = domain.trustworthy(report.agent, report.devices)
    if len(devices) < len(report.devices):
        log.warning("devices with a wrong id left out", agent=report.agent, count=len(report.devices) - len(devices))
    async with registry.store.change() as change:
        client = await change.client(report.agent)
        if client is None or client.tenant != report.tenant:
            log.warning("report of an unknown agent left out", agent=report.agent, tenant=report.tenant)
            return
        if domain.overtaken(stored_at, client.reported_at):
            log.info("report overtaken by a newer one", agent=report.agent)
            return
        changes = await _save(change, report, devices)
        await change.reported(report.agent, stored_at)
        await _choose_default(change, report.agent, devices)
    registry.herald.wake()
    if changes:
        log.info("devices changed", agent=report.agent, changes={one.known.device.id: one.what for one in changes})


async def _save(change: Change, report: DevicesReported, devices: tuple[Device, ...]) -> tuple[domain.Change, ...]:
    known = await change.devices(report.agent)
    changes = domain.compare(known, devices)
    for one in changes:
        device = one.known.device
        entry = DeviceEntry(tenant=report.tenant, agent=report.agent, device=device)
        await change.save_device(entry, one.known, new=device.id not in known)
        for what in one.what:
            await change.announce(
                DeviceChanged(
                    region=report.region,
                    tenant=report.tenant,
                    agent=report.agent,
                    device=device,
                    what=what,
                    revision=one.known.revision,
                    at=report.at or _now(),
                )
            )
    return changes


async def _choose_default(change: Change, agent: str, devices: tuple[Device, ...]) -> None:
    first = domain.first_default(devices)
    if first and await change.default(agent, first.type.value) is None:
        await change.set_default(DefaultEntry(sn=agent, type=first.type.value, agent=agent, device=first.id))


async def list_devices(registry: Registry, query: ListDevices) -> DeviceList:
    """The devices that a client may use: an agent's own."""
    await _client(registry, query.tenant, query.sn)
    devices = await registry.store.devices(query.sn, query.type)
    return DeviceList(devices=await _views(registry, query.sn, query.sn, devices))


async def get_device(registry: Registry, query: GetDevice) -> DeviceAnswer:
    """One device that the client may use."""
    device = await _device(registry, query)
    (view,) = await _views(registry, query.sn, query.agent, [device])
    return DeviceAnswer(device=view)


async def get_default_device(registry: Registry, query: GetDefaultDevice) -> DeviceAnswer:
    """The client's default device of a type, or none."""
    await _client(registry, query.tenant, query.sn)
    agent, chosen = (await registry.store.defaults(query.sn)).get(query.type.value, ("", ""))
    device = await registry.store.device(agent, chosen) if chosen and agent == query.sn else None
    if device is None:
        return DeviceAnswer(device=None)
    (view,) = await _views(registry, query.sn, agent, [device])
    return DeviceAnswer(device=view)


async def set_default_device(registry: Registry, query: SetDefaultDevice) -> DeviceAnswer:
    """Make a device the default of its type."""
    device = await _device(registry, query)
    async with registry.store.change() as change:
        await change.set_default(DefaultEntry(sn=query.sn, type=query.type.value, agent=query.agent, device=device.id))
    registry.herald.wake()
    (view,) = await _views(registry, query.sn, query.agent, [device])
    return DeviceAnswer(device=view)


async def look_up(registry: Registry, query: LookUp) -> Entries:
    """Entries of the directory, straight from what they are made of."""
    found = [await registry.herald.current(key) for key in query.keys[:100]]
    return Entries(entries=tuple(entry for entry in found if entry))


Answer = Callable[[Registry, Any], Awaitable[Any]]
Bound = Callable[[Any], Awaitable[Any]]

QUESTIONS: dict[type[Message], Answer] = {
    ListDevices: list_devices,
    GetDevice: get_device,
    GetDefaultDevice: get_default_device,
    SetDefaultDevice: set_default_device,
    LookUp: look_up,
}


async def _client(registry: Registry, tenant: str, sn: str) -> None:
    client = await registry.store.client(sn)
    if client is None or client.tenant != tenant:
        raise Refused(Code.NOT_FOUND, f"There is no client {sn}.")


async def _device(registry: Registry, query: GetDevice | SetDefaultDevice) -> Device:
    """A device that the client may use; one of somebody else's is as little there as one that is not there at all."""
    await _client(registry, query.tenant, query.sn)
    found = None
    if query.agent == query.sn:
        found = await registry.store.device(query.agent, device_id(query.agent, query.name))
    if found is None or found.type is not query.type:
        of_type = {DeviceType.PRINTER: "printer", DeviceType.SCANNER: "scanner", DeviceType.CAMERA: "camera"}[query.type]
        raise Refused(
            Code.NOT_FOUND, f"There is no {of_type} named {query.name!r} at the client {query.agent}; listDevices names them."
        )
    return found


async def _views(registry: Registry, sn: str, agent: str, devices: Sequence[Device]) -> tuple[DeviceView, ...]:
    """Devices of one agent as a client sees them."""
    defaults = await registry.store.defaults(sn)
    there = registry.presence.online(agent)
    return tuple(
        DeviceView(
            agent=agent,
            device=device,
            online=domain.reachable(device, agent_online=there),
            default=defaults.get(device.type.value) == (agent, device.id),
        )
        for device in devices
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
