"""`listDevices`, `getDeviceDetail`, `getDefaultDevice` and `setDefaultDevice` (webprinter.md 1.5)."""

from typing import Any

from libs.contracts.devices import DeviceType
from libs.contracts.directory import DefaultEntry
from libs.contracts.queries import (
    DeviceAnswer,
    DeviceList,
    DeviceView,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    SetDefaultDevice,
)
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.unfound import naming
from services.gateway.webprinter.envelope import NOTHING, Rejected
from services.gateway.webprinter.reading import words
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.telling import extended, views

_TYPES = "printer, scanner and camera"


async def list_devices(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """The devices that the client may use, of one type or of all: its own, those shared with it or allowed to it."""
    kind = data.word("deviceType", words.DEVICE_TYPES, _TYPES)
    listed: list[DeviceView] = []
    more = True
    while more:
        query = ListDevices(region=gateway.region, tenant=identity.tenant, sn=identity.sn, type=kind, offset=len(listed))
        found: DeviceList = await gateway.bus.ask(query)
        listed += found.devices
        more = found.more and bool(found.devices)
    return await extended.device_infos(gateway, identity, listed, extended=extended.wanted(gateway, data))


async def get_device_detail(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """One device with what it can do."""
    query = GetDevice(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        agent=data.text("controlSn") or "",
        name=device_name(data),
        type=device_type(data),
    )
    with naming("deviceName"):
        found: DeviceAnswer = await gateway.bus.ask(query)
    if found.device is None:
        raise Rejected("deviceName: there is no such device; listDevices names them.")
    more = extended.wanted(gateway, data)
    (info,) = await extended.device_infos(gateway, identity, [found.device], extended=more)
    show = extended.capability if more else views.capability
    return {"baseInfo": info, "capability": show(found.device.device.capabilities)}


async def get_default_device(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """The default device of a type; nothing when there is none."""
    query = GetDefaultDevice(region=gateway.region, tenant=identity.tenant, sn=identity.sn, type=device_type(data))
    found: DeviceAnswer = await gateway.bus.ask(query)
    if found.device is None:
        return NOTHING
    return (await extended.device_infos(gateway, identity, [found.device], extended=extended.wanted(gateway, data)))[0]


async def set_default_device(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """Make a device the default of its type."""
    query = SetDefaultDevice(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        agent=data.text("controlSn") or "",
        name=device_name(data),
        type=device_type(data),
    )
    with naming("deviceName"):
        found: DeviceAnswer = await gateway.bus.ask(query)
    if found.device:
        chosen = DefaultEntry(sn=identity.sn, type=query.type, agent=found.device.agent, device=found.device.device.id)
        await gateway.directory.settle(chosen)
    return NOTHING


def device_name(data: Fields) -> str:
    """The name of a device, which must be there. Raises `Rejected`."""
    name = data.text("deviceName")
    if name is None:
        raise Rejected("deviceName is missing: write the name of a device as listDevices shows it.")
    return name


def device_type(data: Fields) -> DeviceType:
    """The type of a device; missing: a printer. Raises `Rejected`."""
    return data.word("deviceType", words.DEVICE_TYPES, _TYPES) or DeviceType.PRINTER
