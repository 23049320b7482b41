"""`listDevices`, `getDeviceDetail`, `getDefaultDevice` and `setDefaultDevice` (webprinter.md 1.5)."""

from typing import Any

from libs.contracts.devices import DeviceType
from libs.contracts.directory import DefaultEntry
from libs.contracts.queries import DeviceAnswer, DeviceList, GetDefaultDevice, GetDevice, ListDevices, SetDefaultDevice
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter import views, words
from services.gateway.webprinter.envelope import NOTHING, Rejected
from services.gateway.webprinter.fields import Fields

_TYPES = "printer, scanner and camera"


async def list_devices(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """The client's devices, of one type or of all."""
    query = ListDevices(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        type=data.word("deviceType", words.DEVICE_TYPES, _TYPES),
    )
    found: DeviceList = await gateway.bus.ask(query)
    return [views.device_info(view, identity.sn) for view in found.devices]


async def get_device_detail(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """One device with what it can do."""
    query = GetDevice(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        agent=data.text("controlSn") or identity.sn,
        name=_name(data),
        type=_type(data),
    )
    found: DeviceAnswer = await gateway.bus.ask(query)
    if found.device is None:
        raise Rejected("deviceName: there is no such device; listDevices names them.")
    return {
        "baseInfo": views.device_info(found.device, identity.sn),
        "capability": views.capability(found.device.device.capabilities),
    }


async def get_default_device(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """The default device of a type; nothing when there is none."""
    query = GetDefaultDevice(region=gateway.region, tenant=identity.tenant, sn=identity.sn, type=_type(data))
    found: DeviceAnswer = await gateway.bus.ask(query)
    return views.device_info(found.device, identity.sn) if found.device else NOTHING


async def set_default_device(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """Make a device the default of its type."""
    query = SetDefaultDevice(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        agent=data.text("controlSn") or identity.sn,
        name=_name(data),
        type=_type(data),
    )
    found: DeviceAnswer = await gateway.bus.ask(query)
    if found.device:
        chosen = DefaultEntry(sn=identity.sn, type=query.type, agent=found.device.agent, device=found.device.device.id)
        await gateway.directory.settle(chosen)
    return NOTHING


def _name(data: Fields) -> str:
    name = data.text("deviceName")
    if name is None:
        raise Rejected("deviceName is missing: write the name of a device as listDevices shows it.")
    return name


def _type(data: Fields) -> DeviceType:
    return data.word("deviceType", words.DEVICE_TYPES, _TYPES) or DeviceType.PRINTER
