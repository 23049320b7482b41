"""Agents as Graph's connectors (graph-print.md 1.2), and the settings of a tenant's printing."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, insert, select, update

from libs.contracts.directory import ClientKind, client_key
from libs.contracts.fleet import ChangeConnector, ConnectorList, ConnectorView, Fulfilled, ListConnectors, RemoveConnector
from libs.contracts.fleetsettings import ChangeFleetSettings, FleetSettings, GetFleetSettings
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import enrol, fleet
from services.registry.change import Change
from services.registry.fleet_tables import print_settings
from services.registry.printers import merged
from services.registry.registry import Registry
from services.registry.tables import clients, devices

#: What becomes of printers that a phone cannot print on, in the list that it is shown.
DISCOVERY = ("show", "hide")


async def list_connectors(registry: Registry, query: ListConnectors) -> ConnectorList:
    """The agents of a tenant; disabled ones are not there."""
    wanted = _connectors(query.tenant)
    if query.connector:
        wanted = wanted.where(clients.c.guid == query.connector.lower())
    async with registry.store.look() as look:
        if query.printer:
            printer = await fleet.printer_row(look, query.tenant, query.printer)
            view = fleet.view(printer, registry.presence, plain=True)
            wanted = wanted.where(clients.c.guid == view.connector)
        found = (await look.execute(wanted)).all()
    if query.connector and not found:
        raise _missing(query.connector)
    return ConnectorList(connectors=tuple(_view(registry, row) for row in found))


async def change_connector(registry: Registry, query: ChangeConnector) -> ConnectorList:
    """Say what it is called, what it runs on and where it stands."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        row = await _locked(change, query.tenant, query.connector)
        values: dict[str, Any] = {name: _short(query, name) for name in ("name", "host", "system", "version")}
        if query.location is not None:
            values["location"] = merged(row.location, query.location, "location")
        values = {name: value for name, value in values.items() if value is not None}
        if values:
            await change.connection.execute(update(clients).where(clients.c.sn == row.sn).values(**values))
            await change.tell(client_key(row.sn))
            await change.note("connector changed", row.sn, query.tenant, members=sorted(values))
    registry.herald.wake()
    return await list_connectors(registry, ListConnectors(region=query.region, tenant=query.tenant, connector=query.connector))


async def remove_connector(registry: Registry, query: RemoveConnector) -> Fulfilled:
    """An agent without printers is disabled: it is let in no more, until the command line says so."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        row = await _locked(change, query.tenant, query.connector)
        has = select(func.count()).select_from(devices).where(_there(row), fleet.attached(row.sn))
        count = (await change.connection.execute(has)).scalar_one()
        if count:
            message = f"The connector {row.name or row.sn!r} has {count} printer(s): remove them first."
            raise Refused(Code.CONFLICT, message)
        await change.connection.execute(update(clients).where(clients.c.sn == row.sn).values(enabled=False))
        await change.tell(client_key(row.sn))
        await change.note("connector removed", row.sn, query.tenant, name=row.name)
    registry.herald.wake()
    return Fulfilled()


async def get_fleet_settings(registry: Registry, query: GetFleetSettings) -> FleetSettings:
    """The settings of a tenant."""
    found = await registry.store.rows(select(print_settings).where(print_settings.c.tenant == query.tenant))
    if not found:
        return FleetSettings()
    row = found[0]
    return FleetSettings(conversion=row.conversion, incompatible_printers=row.incompatible_printers, alerts=json.loads(row.alerts))


async def change_fleet_settings(registry: Registry, query: ChangeFleetSettings) -> FleetSettings:
    """Change them."""
    if query.incompatible_printers not in (None, *DISCOVERY):
        raise Refused(Code.BAD_REQUEST, f"incompatiblePrinters: write one of {', '.join(DISCOVERY)}.")
    said = {"conversion": query.conversion, "incompatible_printers": query.incompatible_printers}
    values = {name: value for name, value in said.items() if value is not None}
    async with registry.store.acting(query.by or "Graph").change() as change:
        await change.tenant(query.tenant)
        here = print_settings.c.tenant == query.tenant
        known = (await change.connection.execute(select(print_settings).where(here))).first()
        before: dict[str, Any] = (
            known._asdict() if known else {"conversion": True, "incompatible_printers": DISCOVERY[0], "alerts": "{}"}
        )
        if query.alerts is not None:
            values["alerts"] = merged(before["alerts"], query.alerts, "alerts")
        now = {**before, **values, "tenant": query.tenant}
        told = {"alerts": sorted(query.alerts)} if query.alerts is not None else {}
        await change.connection.execute(delete(print_settings).where(here))
        await change.connection.execute(insert(print_settings).values(**now))
        await change.note("print settings changed", query.tenant, query.tenant, **{**values, **told})
    return await get_fleet_settings(registry, GetFleetSettings(region=query.region, tenant=query.tenant))


def _connectors(tenant: str) -> Select[Any]:
    here = (clients.c.tenant == tenant, clients.c.role == ClientKind.AGENT.value, clients.c.enabled.is_(True))
    return select(clients).where(*here).order_by(clients.c.name, clients.c.sn)


async def _locked(change: Change, tenant: str, connector: str) -> Row[Any]:
    wanted = _connectors(tenant).where(clients.c.guid == connector.lower()).with_for_update()
    row: Row[Any] | None = (await change.connection.execute(wanted)).first()
    if row is None:
        raise _missing(connector)
    return row


def _there(row: Row[Any]) -> ColumnElement[bool]:
    return and_(devices.c.gone.is_(False), devices.c.virtual.is_(False), devices.c.tenant == row.tenant)


def _short(query: ChangeConnector, name: str) -> str | None:
    said: str | None = getattr(query, name)
    if said is not None and (len(said) > enrol.LONGEST_NAME or not said.isprintable()):
        raise Refused(Code.BAD_REQUEST, f"{name}: write at most {enrol.LONGEST_NAME} characters that can be printed.")
    if name == "name" and said is not None and not said.strip():
        raise Refused(Code.BAD_REQUEST, "displayName: a connector has a name.")
    return said


def _view(registry: Registry, row: Row[Any]) -> ConnectorView:
    """What people said of it goes before what it says of itself."""
    online = registry.presence.online(row.sn)
    said = registry.presence.said(row.sn)
    return ConnectorView(
        id=row.guid,
        sn=row.sn,
        name=row.name or row.sn,
        host=row.host or (said.host if said else ""),
        system=row.system or (said.system if said else ""),
        version=row.version or (said.version if said else ""),
        registered_at=row.created_at,
        online=online,
        location=json.loads(row.location),
        seen_at=fleet.minute() if online else row.reported_at,
    )


def _missing(connector: str) -> Refused:
    return Refused(Code.NOT_FOUND, f"There is no connector {connector}.")
