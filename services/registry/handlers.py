"""What the registry does for each message: its table of contents."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from libs.contracts.agents import EnrolAgent, Enrolled, RenewCredentials, Renewed
from libs.contracts.devices import Device
from libs.contracts.directory import ClientEntry, DefaultEntry, DeviceEntry
from libs.contracts.events import DeviceChanged
from libs.contracts.ids import device_id
from libs.contracts.message import Message, encode
from libs.contracts.queries import (
    Code,
    DeviceAnswer,
    DeviceList,
    DeviceView,
    Done,
    Entries,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    LookUp,
    RecordAction,
    SetDefaultDevice,
    SetMarks,
    ShareDevice,
)
from libs.contracts.reports import DevicesReported
from libs.runtime.bus import Refused
from services.registry import domain, enrolment, rights
from services.registry.change import Change
from services.registry.enrol import Unfit
from services.registry.herald import Herald
from services.registry.presence import Presence
from services.registry.signing import Outside, Signer
from services.registry.store import Store

log = structlog.get_logger()


#: Devices in one answer to `ListDevices`: an answer is one message of the bus.
PAGE = 2000
#: So many devices of one name are looked at.
MOST_NAMESAKES = 50

#: An owner's SN, its device, and whether the owner shares it.
Found = tuple[str, Device, bool]


@dataclass(frozen=True, slots=True)
class Registry:
    """What the handlers work with."""

    store: Store
    presence: Presence
    herald: Herald
    signer: Signer | None = None
    outside: Outside = Outside()


async def devices_reported(registry: Registry, report: DevicesReported, stored_at: int) -> None:
    """All devices of an agent; `stored_at` is when the stream stored the report, in ms since 1970."""
    devices = domain.trustworthy(report.agent, report.devices, registry.store.roaming)
    if len(devices) < len(report.devices):
        log.warning("devices with a wrong id or name left out", agent=report.agent, count=len(report.devices) - len(devices))
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
    """The devices that a client may use: its own, those shared with it, those granted to it."""
    client = await _client(registry, query.tenant, query.sn)
    found = await registry.store.usable(client, kind=query.type, offset=query.offset, limit=PAGE + 1, plain=True)
    return DeviceList(devices=await _views(registry, query.sn, found[:PAGE]), more=len(found) > PAGE)


async def get_device(registry: Registry, query: GetDevice) -> DeviceAnswer:
    """One device that the client may use."""
    return DeviceAnswer(device=await _view(registry, query.sn, await _device(registry, query)))


async def get_default_device(registry: Registry, query: GetDefaultDevice) -> DeviceAnswer:
    """The client's default device of a type, or none; one that it may not use any more is none."""
    client = await _client(registry, query.tenant, query.sn)
    agent, chosen = (await registry.store.defaults(query.sn)).get(query.type.value, ("", ""))
    found = await registry.store.usable(client, agent=agent, device=chosen) if chosen else []
    return DeviceAnswer(device=await _view(registry, query.sn, found[0]) if found else None)


async def set_default_device(registry: Registry, query: SetDefaultDevice) -> DeviceAnswer:
    """Make a device the default of its type."""
    found = await _device(registry, query)
    agent, device, _ = found
    async with registry.store.change() as change:
        await change.set_default(DefaultEntry(sn=query.sn, type=query.type.value, agent=agent, device=device.id))
    registry.herald.wake()
    return DeviceAnswer(device=await _view(registry, query.sn, found))


async def share_device(registry: Registry, query: ShareDevice) -> DeviceAnswer:
    """Share a device of one's own, or share it no more."""
    await _client(registry, query.tenant, query.sn)
    acting = registry.store.acting(_who(query.sn, query.by))
    try:
        await rights.share(acting, query.sn, query.name, query.users, kind=query.type, tenant=query.tenant)
    except Unfit as reason:
        raise Refused(Code.NOT_FOUND, str(reason)) from None
    registry.herald.wake()
    asked = GetDevice(region=query.region, tenant=query.tenant, sn=query.sn, agent=query.sn, name=query.name, type=query.type)
    return await get_device(registry, asked)


async def set_marks(registry: Registry, query: SetMarks) -> Done:
    """What is printed by rule on every page, of a client's tasks or on a device of its own."""
    await _client(registry, query.tenant, query.sn)
    async with registry.store.acting(_who(query.sn, query.by)).change() as change:
        marks = encode(query.marks).decode()
        if not query.device:
            await change.mark_client(query.sn, marks)
        elif not await change.mark_device(query.sn, device_id(query.sn, query.device), marks):
            raise Refused(Code.NOT_FOUND, f"There is no device named {query.device!r} of your own; listDevices names them.")
        what = f"{query.sn}/{query.device}" if query.device else query.sn
        await change.note("rules set", what, query.tenant, places=[mark.place for mark in query.marks])
    registry.herald.wake()
    return Done()


async def record_action(registry: Registry, query: RecordAction) -> Done:
    """What a door did by itself is in the audit log when this is answered."""
    await _client(registry, query.tenant, query.sn)
    async with registry.store.acting(_who(query.sn, query.by)).change() as change:
        await change.note(query.action, query.what, query.tenant, **{"client": query.sn, **query.details})
    return Done()


async def enrol_agent(registry: Registry, query: EnrolAgent) -> Enrolled:
    """Who shows a good enrolment token is an agent from now on."""
    signer = _signer(registry)
    if not registry.outside.urls:
        message = "This server lets no agents in from outside: set PRINTBUS_NATS_TLS_PORT or PRINTBUS_NATS_WEBSOCKET_PORT."
        raise Refused(Code.CONFLICT, message)
    try:
        agent = await enrolment.redeem(registry.store, query.digest, query.key, query.sn, _now() + signer.lifetime * 1000)
    except Unfit as reason:
        raise Refused(Code.FORBIDDEN, str(reason)) from None
    registry.herald.wake()
    jwt, _ = await asyncio.to_thread(signer.sign, agent, query.key)
    ca = await asyncio.to_thread(registry.outside.certificate)
    return Enrolled(
        sn=agent.sn, tenant=agent.tenant, shard=agent.shard, region=query.region, jwt=jwt, urls=registry.outside.urls, ca=ca
    )


async def renew_credentials(registry: Registry, query: RenewCredentials) -> Renewed:
    """A JWT that lasts longer, for an agent that is still welcome."""
    signer = _signer(registry)
    try:
        agent = await enrolment.renew(registry.store, query.tenant, query.agent, query.key, _now() + signer.lifetime * 1000)
    except Unfit as reason:
        raise Refused(Code.FORBIDDEN, str(reason)) from None
    jwt, _ = await asyncio.to_thread(signer.sign, agent, query.key)
    return Renewed(jwt=jwt)


def _signer(registry: Registry) -> Signer:
    if registry.signer is None:
        raise Refused(Code.FAULT, "This server has no key to sign agents' credentials with: run `python -m services provision`.")
    return registry.signer


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
    ShareDevice: share_device,
    SetMarks: set_marks,
    RecordAction: record_action,
    LookUp: look_up,
    EnrolAgent: enrol_agent,
    RenewCredentials: renew_credentials,
}


async def _client(registry: Registry, tenant: str, sn: str) -> ClientEntry:
    client = await registry.store.client(sn)
    if client is None or client.tenant != tenant:
        raise Refused(Code.NOT_FOUND, f"There is no client {sn}.")
    return client


async def _device(registry: Registry, query: GetDevice | SetDefaultDevice) -> Found:
    """A device that the client may use; one that it may not is as little there as one that is not there at all."""
    client = await _client(registry, query.tenant, query.sn)
    found = await registry.store.usable(client, kind=query.type, agent=query.agent, name=query.name, limit=MOST_NAMESAKES)
    if not query.agent and len(found) > 1:
        default = (await registry.store.defaults(query.sn)).get(query.type.value, ("", ""))
        chosen = domain.choose([(agent, device) for agent, device, _ in found], query.sn, default)
        if chosen is None:
            at = ", ".join(agent for agent, _, _ in found[:5])
            raise Refused(
                Code.CONFLICT, f"Several clients have a {query.type.value} named {query.name!r}: write one of {at} as controlSn."
            )
        found = [each for each in found if each[:2] == chosen]
    if not found:
        at = query.agent or query.sn
        raise Refused(
            Code.NOT_FOUND, f"There is no {query.type.value} named {query.name!r} at the client {at}; listDevices names them."
        )
    return found[0]


async def _view(registry: Registry, sn: str, found: Found) -> DeviceView:
    (view,) = await _views(registry, sn, [found])
    return view


async def _views(registry: Registry, sn: str, found: Sequence[Found]) -> tuple[DeviceView, ...]:
    """Devices as a client sees them; with whom others share is not its business."""
    defaults = await registry.store.defaults(sn)
    return tuple(
        DeviceView(
            agent=agent,
            device=device,
            online=domain.reachable(device, agent_online=registry.presence.online(agent)),
            default=defaults.get(device.type.value) == (agent, device.id),
            shared=shared and agent == sn,
        )
        for agent, device, shared in found
    )


def _who(sn: str, by: str) -> str:
    return f"{sn} with {by}" if by else sn


def _now() -> int:
    return time.time_ns() // 1_000_000
