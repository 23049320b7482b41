"""Applications register printers that they serve themselves; each registration is an operation (graph-print.md 1.3)."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import structlog
from cryptography.x509 import CertificateSigningRequest
from sqlalchemy import Row, delete, func, insert, select, update

from libs.contracts.devices import Device
from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.fleet import (
    GetOperation,
    ListOperations,
    OperationAnswer,
    OperationList,
    OperationView,
    PrinterView,
    RegisterPrinter,
)
from libs.contracts.ids import device_id, guid
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.crashpoint import crashpoint
from libs.runtime.deviceidentity import BadRequest, certify, read_request
from services.registry import domain, enrol, fleet
from services.registry.change import Change, now
from services.registry.fleet_tables import operations, profiles
from services.registry.printers import merged, named, save_device
from services.registry.registry import Registry
from services.registry.served import CAPABILITIES, described
from services.registry.tables import clients, devices

log = structlog.get_logger()

#: Operations are told for so long (ms).
KEPT = 30 * 86_400_000
#: Operations of one answer.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a registration."""

    printer: str = ""
    certificate: str = ""
    failure: str = ""


async def register_printer(registry: Registry, query: RegisterPrinter) -> OperationAnswer:
    """A new printer of an application, and a certificate if it asked for one; the operation tells how it went."""
    name = named(query.profile.display, "displayName")
    if not query.app:
        raise Refused(Code.FORBIDDEN, "Printers are registered by applications: the token names none.")
    try:
        request = read_request(query.request) if query.request else None
    except BadRequest as reason:
        return await _answer(registry, query, Outcome(failure=f"No printer was registered: {reason}."))
    client = await _client(registry, query, name)
    printer = guid("printer", client.sn, device_id(client.sn, name))
    try:
        certificate = await asyncio.to_thread(_certify, registry, request, printer) if request else ""
    except (OSError, ValueError) as error:
        log.warning("certificate of a printer not made", error=str(error)[:200])
        failure = "No printer was registered: this server cannot sign certificates; its log says why."
        return await _answer(registry, query, Outcome(failure=failure))
    async with registry.store.acting(_by(query)).change() as change:
        await _enter(change, query, client, name)
        operation = await _record(change, query.tenant, Outcome(printer, certificate))
    crashpoint("registry-after-registered")
    registry.herald.wake()
    log.info("printer registered", client=client.sn, printer=printer)
    return await get_operation(registry, GetOperation(region=query.region, tenant=query.tenant, operation=operation))


async def get_operation(registry: Registry, query: GetOperation) -> OperationAnswer:
    """How a registration went, with the printer if it is still there."""
    async with registry.store.look() as look:
        wanted = select(operations).where(operations.c.id == query.operation.lower(), operations.c.tenant == query.tenant)
        row = (await look.execute(wanted)).first()
        if row is None:
            raise Refused(Code.NOT_FOUND, f"There is no operation {query.operation}.")
        found = (await look.execute(fleet.printers(query.tenant).where(devices.c.guid == row.printer))).first()
    printer = fleet.view(found, registry.presence) if found else None
    return OperationAnswer(operation=_view(row, printer))


async def list_operations(registry: Registry, query: ListOperations) -> OperationList:
    """All registrations that are still told."""
    mine = operations.c.tenant == query.tenant
    page = select(operations).where(mine).order_by(operations.c.created_at.desc(), operations.c.id)
    async with registry.store.look() as look:
        found = (await look.execute(page.offset(query.offset).limit(min(query.limit, MOST)))).all()
        total = (await look.execute(select(func.count()).select_from(operations).where(mine))).scalar_one()
    return OperationList(operations=tuple(replace(_view(row, None), certificate="") for row in found), total=total)


async def application(change: Change, tenant: str, app: str) -> Row[Any] | None:
    """The client that an application id of the tenant names, locked until the end of the transaction."""
    named = func.lower(clients.c.app_id) == app.lower()
    wanted = select(clients).where(clients.c.tenant == tenant, named).with_for_update()
    row: Row[Any] | None = (await change.connection.execute(wanted)).first()
    return row


async def _client(registry: Registry, query: RegisterPrinter, name: str) -> ClientEntry:
    """The client that will have the printer; made when the application has none. Raises `Refused`."""
    async with registry.store.acting(_by(query)).change() as change:
        tenant = await change.tenant(query.tenant)
        if tenant is None or not tenant.enabled:
            raise Refused(Code.NOT_FOUND, f"There is no tenant {query.tenant}.")
        await _check_connector(change, query)
        row = await application(change, query.tenant, query.app)
        if row is None:
            return await enrol.enter_client(
                change, query.tenant, ClientKind.APP, query.app[: enrol.LONGEST_NAME], enrol.make_sn(), app_id=query.app
            )
        client = ClientEntry(sn=row.sn, tenant=row.tenant, role=ClientKind(row.role), name=row.name, shard=row.shard)
        if not row.enabled:
            raise Refused(Code.FORBIDDEN, f"The application {query.app} is disabled: have it enabled first.")
        await _check_name(change, client, name)
        return client


async def _check_connector(change: Change, query: RegisterPrinter) -> None:
    if not query.connector:
        return
    agents = select(clients.c.sn).where(clients.c.tenant == query.tenant, clients.c.role == ClientKind.AGENT.value)
    if (await change.connection.execute(agents.where(clients.c.guid == query.connector.lower()))).first() is None:
        raise Refused(Code.BAD_REQUEST, f"connectorId: there is no connector {query.connector}; leave it out, or write one's id.")


async def _check_name(change: Change, client: ClientEntry, name: str) -> None:
    same = (devices.c.id == device_id(client.sn, name)) | (devices.c.display == name)
    taken = select(devices.c.id).where(devices.c.agent == client.sn, devices.c.gone.is_(False), same)
    if (await change.connection.execute(taken)).first():
        raise Refused(Code.CONFLICT, f"displayName: this application has a printer {name!r} already; choose another name.")


async def _enter(change: Change, query: RegisterPrinter, client: ClientEntry, name: str) -> None:
    await change.client(client.sn)  # locked: two registrations of one name come one after the other
    await _check_name(change, client, name)
    said = query.profile
    device = Device(id=device_id(client.sn, name), name=name, capabilities=described(CAPABILITIES, said.capabilities))
    known = (await change.devices(client.sn)).get(device.id)
    one = domain.changed(known, device, query.app)
    await save_device(change, query.region, client.tenant, client.sn, one, new=known is None)
    here = (devices.c.agent == client.sn) & (devices.c.id == device.id)
    await change.connection.execute(update(devices).where(here).values(display=name, added_at=now()))
    before = (profiles.c.agent == client.sn) & (profiles.c.device == device.id)
    await change.connection.execute(delete(profiles).where(before))
    await change.connection.execute(
        insert(profiles).values(
            agent=client.sn,
            device=device.id,
            manufacturer=said.manufacturer,
            model=said.model,
            **{each: merged("{}", getattr(said, each), each) for each in ("location", "defaults", "capabilities", "ipp")},
            physical=query.physical,
            device_id=query.device_id,
            connector=query.connector.lower(),
            seen_at=now(),
        )
    )
    await change.note("printer registered", f"{client.sn}/{name}", client.tenant, app=query.app, physical=query.physical)


async def _answer(registry: Registry, query: RegisterPrinter, outcome: Outcome) -> OperationAnswer:
    """An operation that is over before it has begun."""
    async with registry.store.acting(_by(query)).change() as change:
        operation = await _record(change, query.tenant, outcome)
    return await get_operation(registry, GetOperation(region=query.region, tenant=query.tenant, operation=operation))


async def _record(change: Change, tenant: str, outcome: Outcome) -> str:
    """Write an operation down, and forget those of long ago."""
    old = (operations.c.tenant == tenant) & (operations.c.created_at < now() - KEPT)
    await change.connection.execute(delete(operations).where(old))
    operation = str(uuid4())
    await change.connection.execute(
        insert(operations).values(
            id=operation,
            tenant=tenant,
            created_at=now(),
            state="failed" if outcome.failure else "succeeded",
            description=outcome.failure or "The printer is registered.",
            certificate=outcome.certificate,
            printer=outcome.printer,
        )
    )
    return operation


def _certify(registry: Registry, request: CertificateSigningRequest, printer: str) -> str:
    if registry.authority is None:
        raise FileNotFoundError("there is no folder of keys")
    return certify(registry.authority, request, printer)


def _view(row: Row[Any], printer: PrinterView | None) -> OperationView:
    return OperationView(
        id=row.id,
        tenant=row.tenant,
        created_at=row.created_at,
        state=row.state,
        description=row.description,
        certificate=row.certificate,
        printer=printer,
    )


def _by(query: RegisterPrinter) -> str:
    """Who asks, as the audit log has it."""
    return f"{query.user} through {query.app}" if query.user else f"the application {query.app}"
