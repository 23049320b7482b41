"""What the registry does for each message: its table of contents."""

from collections.abc import Awaitable, Callable
from typing import Any

from libs.contracts.agents import EnrolAgent, RenewCredentials
from libs.contracts.message import Message
from libs.contracts.queries import (
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
from services.registry.admission import enrol_agent, renew_credentials
from services.registry.devices import (
    get_default_device,
    get_device,
    list_devices,
    set_default_device,
    set_marks,
    share_device,
)
from services.registry.registry import Registry, client_of, who
from services.registry.reporting import devices_reported

__all__ = [
    "QUESTIONS",
    "Answer",
    "Bound",
    "Registry",
    "devices_reported",
    "enrol_agent",
    "get_default_device",
    "get_device",
    "list_devices",
    "look_up",
    "record_action",
    "renew_credentials",
    "set_default_device",
    "set_marks",
    "share_device",
]


async def record_action(registry: Registry, query: RecordAction) -> Done:
    """What a door did by itself is in the audit log when this is answered."""
    await client_of(registry, query.tenant, query.sn)
    async with registry.store.acting(who(query.sn, query.by)).change() as change:
        await change.note(query.action, query.what, query.tenant, **{"client": query.sn, **query.details})
    return Done()


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
