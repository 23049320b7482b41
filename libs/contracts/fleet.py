"""Printers as Graph administers them: profiles, shares, connectors; asked of the registry (graph-print.md 1.2 to 1.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from libs.contracts.devices import Device
from libs.contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What people say of a printer beside what it says of itself. Texts empty and maps empty: nothing.

    `location`, `defaults` and `capabilities` are members of Graph's printerLocation, printerDefaults and printerCapabilities
    by name; those of the last two go before what the device says. `ipp` are the attributes that the application which serves it
    sent as IPP (application/ipp), by name; only in the answer to `GetPrinter`.
    """

    display: str = ""
    manufacturer: str = ""
    model: str = ""
    location: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    ipp: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterView:
    """A printer with its profile. `id` is `guid("printer", agent, device.id)`. Times are ms since 1970, 0: none.

    `physical`: there is a device. `served_by`: the application (id) that fetches its jobs; empty: its agent prints. `shares` are
    ids, `connector` is the one that it was registered through or its agent is, as a GUID.
    """

    id: str
    tenant: str
    agent: str
    device: Device
    shard: int = 0
    online: bool = False
    profile: Profile = Profile()
    physical: bool = True
    registered_at: int = 0
    seen_at: int = 0
    served_by: str = ""
    shares: tuple[str, ...] = ()
    connector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrinters(Message, subject="query.{region}.registry.list-printers"):
    """All printers of a tenant by display name; `connector`: only those of this agent (SN). `plain`: without capabilities."""

    region: str
    tenant: str
    connector: str = ""
    plain: bool = True
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterList:
    """`total` counts all that there are."""

    printers: tuple[PrinterView, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPrinter(Message, subject="query.{region}.registry.get-printer"):
    """One printer by its GUID, or by (agent, device id) where `printer` is empty."""

    region: str
    tenant: str
    printer: str = ""
    agent: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterAnswer:
    printer: PrinterView


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPrinter(Message, subject="query.{region}.registry.register-printer"):
    """A printer that the application `app` serves. `request` is a PKCS#10 request (base64 DER), empty: no certificate is wanted.

    The answer is the operation, which has succeeded or failed already.
    """

    region: str
    tenant: str
    app: str
    user: str
    profile: Profile
    physical: bool = True
    device_id: str = ""
    connector: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """A registration: `state` is notStarted, running, succeeded or failed; `certificate` is base64 DER."""

    id: str
    tenant: str
    created_at: int
    state: str
    description: str = ""
    certificate: str = ""
    printer: PrinterView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOperation(Message, subject="query.{region}.registry.get-operation"):
    region: str
    tenant: str
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationAnswer:
    operation: OperationView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOperations(Message, subject="query.{region}.registry.list-operations"):
    """The registrations of a tenant, newest first; without their printers and certificates."""

    region: str
    tenant: str
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationList:
    """`total` counts all that there are."""

    operations: tuple[OperationView, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePrinter(Message, subject="query.{region}.registry.change-printer"):
    """Change what is not None. Maps are merged: a member with the value None is taken away.

    `app` not empty: only when that application serves it and there is no device (else FORBIDDEN); only then `state`, `reasons`,
    `accepting` and `capabilities` may be given.
    """

    region: str
    tenant: str
    printer: str
    app: str = ""
    by: str = ""
    display: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    location: Mapping[str, Any] | None = None
    defaults: Mapping[str, Any] | None = None
    capabilities: Mapping[str, Any] | None = None
    ipp: Mapping[str, Any] | None = None
    state: str | None = None
    reasons: tuple[str, ...] | None = None
    accepting: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePrinter(Message, subject="query.{region}.registry.restore-printer"):
    """Its defaults are the device's own again."""

    region: str
    tenant: str
    printer: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePrinter(Message, subject="query.{region}.registry.remove-printer"):
    """Refused (CONFLICT) while it is shared, and for a printer that its agent reports: that one would come back."""

    region: str
    tenant: str
    printer: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareView:
    """A printer offered to people. `used_at`: when the user who was asked for last printed through it, 0: never."""

    id: str
    tenant: str
    name: str
    printer: PrinterView
    allow_all: bool = False
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    created_at: int = 0
    used_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrinterShares(Message, subject="query.{region}.registry.list-printer-shares"):
    """Shares by name: all, of one printer (GUID), or what `user` (id) used last (`recent`), newest first."""

    region: str
    tenant: str
    printer: str = ""
    user: str = ""
    recent: bool = False
    plain: bool = True
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareList:
    shares: tuple[ShareView, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPrinterShare(Message, subject="query.{region}.registry.get-printer-share"):
    region: str
    tenant: str
    share: str
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareAnswer:
    share: ShareView


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPrinterShare(Message, subject="query.{region}.registry.add-printer-share"):
    """Refused (CONFLICT) when the printer has one already, or the name is taken."""

    region: str
    tenant: str
    printer: str
    name: str
    allow_all: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePrinterShare(Message, subject="query.{region}.registry.change-printer-share"):
    """Change what is not None; `add_*` and `remove_*` are ids. `used_by` (a user's id): it was used just now, by that user."""

    region: str
    tenant: str
    share: str
    printer: str | None = None
    name: str | None = None
    allow_all: bool | None = None
    add_users: tuple[str, ...] = ()
    remove_users: tuple[str, ...] = ()
    add_groups: tuple[str, ...] = ()
    remove_groups: tuple[str, ...] = ()
    used_by: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePrinterShare(Message, subject="query.{region}.registry.remove-printer-share"):
    region: str
    tenant: str
    share: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MayPrint(Message, subject="query.{region}.registry.may-print"):
    """Whether a user (with groups as the token names them, beside those that the registry knows) may print on a printer (GUID), or
    through a share: everybody is allowed, or the user, or one of the groups.
    """

    region: str
    tenant: str
    user: str
    groups: tuple[str, ...] = ()
    printer: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """`share`: by which share; empty: by none."""

    allowed: bool
    share: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorView:
    """An agent as Graph's printConnector; `id` is `guid("client", sn)`. `seen_at`: when it was heard last, 0: nobody knows."""

    id: str
    sn: str
    name: str
    host: str = ""
    system: str = ""
    version: str = ""
    registered_at: int = 0
    online: bool = False
    location: Mapping[str, Any] = field(default_factory=dict)
    seen_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConnectors(Message, subject="query.{region}.registry.list-connectors"):
    """The agents of a tenant, by name; `connector`: only this one (GUID); `printer` (GUID): only the one that has it."""

    region: str
    tenant: str
    connector: str = ""
    printer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorList:
    connectors: tuple[ConnectorView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeConnector(Message, subject="query.{region}.registry.change-connector"):
    """Change what is not None."""

    region: str
    tenant: str
    connector: str
    name: str | None = None
    host: str | None = None
    system: str | None = None
    version: str | None = None
    location: Mapping[str, Any] | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveConnector(Message, subject="query.{region}.registry.remove-connector"):
    """Refused (CONFLICT) while it has printers."""

    region: str
    tenant: str
    connector: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilled:
    """It is done, and there is nothing to tell."""


#: Question -> the record that answers it (or a `Refusal`).
FLEET_ANSWER: dict[type[Message], type] = {
    ListPrinters: PrinterList,
    GetPrinter: PrinterAnswer,
    RegisterPrinter: OperationAnswer,
    GetOperation: OperationAnswer,
    ListOperations: OperationList,
    ChangePrinter: PrinterAnswer,
    RestorePrinter: Fulfilled,
    RemovePrinter: Fulfilled,
    ListPrinterShares: ShareList,
    GetPrinterShare: ShareAnswer,
    AddPrinterShare: ShareAnswer,
    ChangePrinterShare: ShareAnswer,
    RemovePrinterShare: Fulfilled,
    MayPrint: Permitted,
    ListConnectors: ConnectorList,
    ChangeConnector: ConnectorList,
    RemoveConnector: Fulfilled,
}
