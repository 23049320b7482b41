"""Questions of clients about the devices that they may use, and what their owners say of them."""

from collections.abc import Sequence

from libs.contracts.directory import DefaultEntry
from libs.contracts.ids import device_id
from libs.contracts.message import encode
from libs.contracts.queries import (
    Code,
    DeviceAnswer,
    DeviceList,
    DeviceView,
    Done,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    SetDefaultDevice,
    SetMarks,
    ShareDevice,
)
from libs.runtime.bus import Refused
from services.registry import domain, rights
from services.registry.enrol import Unfit
from services.registry.registry import Registry, client_of, who
from services.registry.store import Usable

#: Devices in one answer to `ListDevices`: an answer is one message of the bus.
PAGE = 2000
#: So many devices of one name are looked at.
MOST_NAMESAKES = 50


async def list_devices(registry: Registry, query: ListDevices) -> DeviceList:
    """The devices that a client may use: its own, those shared with it, those granted to it."""
    client = await client_of(registry, query.tenant, query.sn)
    found = await registry.store.usable(client, kind=query.type, offset=query.offset, limit=PAGE + 1, plain=True)
    return DeviceList(devices=await _views(registry, query.sn, found[:PAGE]), more=len(found) > PAGE)


async def get_device(registry: Registry, query: GetDevice) -> DeviceAnswer:
    """One device that the client may use."""
    return DeviceAnswer(device=await _view(registry, query.sn, await _device(registry, query)))


async def get_default_device(registry: Registry, query: GetDefaultDevice) -> DeviceAnswer:
    """The client's default device of a type, or none; one that it may not use any more is none."""
    client = await client_of(registry, query.tenant, query.sn)
    agent, chosen = (await registry.store.defaults(query.sn)).get(query.type.value, ("", ""))
    found = await registry.store.usable(client, agent=agent, device=chosen) if chosen else []
    return DeviceAnswer(device=await _view(registry, query.sn, found[0]) if found else None)


async def set_default_device(registry: Registry, query: SetDefaultDevice) -> DeviceAnswer:
    """Make a device the default of its type."""
    found = await _device(registry, query)
    agent, device = found.agent, found.device
    async with registry.store.acting(query.sn).change() as change:
        await change.set_default(DefaultEntry(sn=query.sn, type=query.type.value, agent=agent, device=device.id))
        await change.note("default set", f"{agent}/{device.name}", query.tenant, type=query.type.value)
    registry.herald.wake()
    return DeviceAnswer(device=await _view(registry, query.sn, found))


async def share_device(registry: Registry, query: ShareDevice) -> DeviceAnswer:
    """Share a device of one's own, or share it no more."""
    await client_of(registry, query.tenant, query.sn)
    acting = registry.store.acting(who(query.sn, query.by))
    try:
        await rights.share(acting, query.sn, query.name, query.users, kind=query.type, tenant=query.tenant)
    except Unfit as reason:
        raise Refused(Code.NOT_FOUND, str(reason)) from None
    registry.herald.wake()
    asked = GetDevice(region=query.region, tenant=query.tenant, sn=query.sn, agent=query.sn, name=query.name, type=query.type)
    return await get_device(registry, asked)


async def set_marks(registry: Registry, query: SetMarks) -> Done:
    """What is printed by rule on every page, of a client's tasks or on a device of its own."""
    await client_of(registry, query.tenant, query.sn)
    async with registry.store.acting(who(query.sn, query.by)).change() as change:
        marks = encode(query.marks).decode()
        if not query.device:
            await change.mark_client(query.sn, marks)
        elif not await change.mark_device(query.sn, device_id(query.sn, query.device), marks):
            raise Refused(Code.NOT_FOUND, f"There is no device named {query.device!r} of your own; listDevices names them.")
        what = f"{query.sn}/{query.device}" if query.device else query.sn
        await change.note("rules set", what, query.tenant, places=[mark.place for mark in query.marks])
    registry.herald.wake()
    return Done()


async def _device(registry: Registry, query: GetDevice | SetDefaultDevice) -> Usable:
    """A device that the client may use; one that it may not is as little there as one that is not there at all."""
    client = await client_of(registry, query.tenant, query.sn)
    found = await registry.store.usable(client, kind=query.type, agent=query.agent, name=query.name, limit=MOST_NAMESAKES)
    if not query.agent and len(found) > 1:
        default = (await registry.store.defaults(query.sn)).get(query.type.value, ("", ""))
        chosen = domain.choose([(each.agent, each.device) for each in found], query.sn, default)
        if chosen is None:
            at = ", ".join(each.agent for each in found[:5])
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


async def _view(registry: Registry, sn: str, found: Usable) -> DeviceView:
    (view,) = await _views(registry, sn, [found])
    return view


async def _views(registry: Registry, sn: str, found: Sequence[Usable]) -> tuple[DeviceView, ...]:
    """Devices as a client sees them; with whom others share is not its business."""
    defaults = await registry.store.defaults(sn)
    return tuple(
        DeviceView(
            agent=each.agent,
            device=each.device,
            online=domain.reachable(each.device, agent_online=registry.presence.online(each.agent), served=each.served),
            default=defaults.get(each.device.type.value) == (each.agent, each.device.id),
            shared=each.shared and each.agent == sn,
        )
        for each in found
    )
