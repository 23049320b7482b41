"""What dialects of our own making tell of an event: its type, what it is about, and everything that is known of it."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from libs.contracts.devices import Device
from libs.contracts.events import DeviceChanged, UpdateTaskStatus
from libs.contracts.webprinter import extended_row
from services.webhooks.domain import Delivery, Event, Trial

#: The event of the bus -> its type.
TYPES = {
    "NewTask": "printbus.task.new",
    "UpdateTaskStatus": "printbus.task.status",
    "EndTask": "printbus.task.end",
    "DeviceChanged": "printbus.device.changed",
    "Test": "printbus.test",
}


def instant(at: int) -> str:
    """Milliseconds since 1970 as RFC 3339 has them."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def type_of(delivery: Delivery) -> str:
    """The type of the event that a delivery carries."""
    return TYPES[delivery.name]


def data_of(event: Event, zone: tzinfo) -> dict[str, Any]:
    """What an event says: the row of its task as `getTask` shows it, or its device."""
    if isinstance(event, Trial):
        return {"message": "This is a test: nothing was printed, and nothing is expected but an answer with a status 2xx."}
    if isinstance(event, DeviceChanged):
        return {"what": event.what, "controlSn": event.agent, "device": _device(event.device)}
    data: dict[str, Any] = {"sn": event.task.sn, "task": extended_row(event.task, zone)}
    if isinstance(event, UpdateTaskStatus):
        data |= {"oldStatus": str(event.old_status), "newStatus": str(event.new_status)}
    return data


def _device(device: Device) -> dict[str, Any]:
    return {
        "deviceName": device.name,
        "deviceType": str(device.type),
        "state": str(device.state),
        "reasons": list(device.reasons),
        "accepting": device.accepting,
    }
