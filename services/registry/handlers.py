"""What the registry does for each message: its table of contents."""

from collections.abc import Awaitable, Callable
from typing import Any

from libs.contracts.agents import EnrolAgent, RenewCredentials
from libs.contracts.definitions import (
    AddDefinition,
    AddTrigger,
    ChangeDefinition,
    ListDefinitions,
    ListTriggers,
    RemoveDefinition,
    RemoveTrigger,
)
from libs.contracts.fleet import (
    AddPrinterShare,
    ChangeConnector,
    ChangePrinter,
    ChangePrinterShare,
    GetOperation,
    GetPrinter,
    GetPrinterShare,
    ListConnectors,
    ListOperations,
    ListPrinters,
    ListPrinterShares,
    MayPrint,
    RegisterPrinter,
    RemoveConnector,
    RemovePrinter,
    RemovePrinterShare,
    RestorePrinter,
)
from libs.contracts.fleetsettings import ChangeFleetSettings, GetFleetSettings
from libs.contracts.message import Message
from libs.contracts.people import GetUser, ListGroups, ListUsers
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
from services.registry.connectors import (
    change_connector,
    change_fleet_settings,
    get_fleet_settings,
    list_connectors,
    remove_connector,
)
from services.registry.definitions import add_definition, change_definition, list_definitions, remove_definition
from services.registry.devices import (
    get_default_device,
    get_device,
    list_devices,
    set_default_device,
    set_marks,
    share_device,
)
from services.registry.offering import add_printer_share, change_printer_share, remove_printer_share
from services.registry.offers import get_printer_share, list_printer_shares, may_print
from services.registry.people import get_user, list_groups, list_users
from services.registry.printers import change_printer, get_printer, list_printers, remove_printer, restore_printer
from services.registry.registration import get_operation, list_operations, register_printer
from services.registry.registry import Registry, client_of, who
from services.registry.reporting import devices_reported
from services.registry.triggers import add_trigger, list_triggers, remove_trigger

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
    if query.sn:
        await client_of(registry, query.tenant, query.sn)
    client = {"client": query.sn} if query.sn else {}
    async with registry.store.acting(who(query.sn, query.by)).change() as change:
        await change.note(query.action, query.what, query.tenant, **{**client, **query.details})
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
    ListPrinters: list_printers,
    GetPrinter: get_printer,
    RegisterPrinter: register_printer,
    GetOperation: get_operation,
    ListOperations: list_operations,
    ChangePrinter: change_printer,
    RestorePrinter: restore_printer,
    RemovePrinter: remove_printer,
    ListPrinterShares: list_printer_shares,
    GetPrinterShare: get_printer_share,
    AddPrinterShare: add_printer_share,
    ChangePrinterShare: change_printer_share,
    RemovePrinterShare: remove_printer_share,
    MayPrint: may_print,
    ListConnectors: list_connectors,
    ChangeConnector: change_connector,
    RemoveConnector: remove_connector,
    GetFleetSettings: get_fleet_settings,
    ChangeFleetSettings: change_fleet_settings,
    ListDefinitions: list_definitions,
    AddDefinition: add_definition,
    ChangeDefinition: change_definition,
    RemoveDefinition: remove_definition,
    ListTriggers: list_triggers,
    AddTrigger: add_trigger,
    RemoveTrigger: remove_trigger,
    GetUser: get_user,
    ListUsers: list_users,
    ListGroups: list_groups,
}
