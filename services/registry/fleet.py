"""Printers with their profiles as Graph has them (graph-print.md 1.3), as SQL and as views."""

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.devices import Device, DeviceType, PrinterState
from libs.contracts.directory import ClientKind
from libs.contracts.fleet import PrinterView, Profile
from libs.contracts.ids import guid
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import domain, rows
from services.registry.change import Change, now
from services.registry.fleet_tables import offers, profiles
from services.registry.presence import Presence
from services.registry.tables import clients, devices

#: Columns of `devices` and of `profiles` that a list of many does without, and what only who asks for one printer is told.
_LARGE, _ONE = ("capabilities", "marks"), ("ipp",)
#: A printer that is there was seen in this minute (ms): asked again at once, the answer is the same.
_MINUTE = 60_000
#: A device's own profile.
PROFILED = and_(profiles.c.agent == devices.c.agent, profiles.c.device == devices.c.id)
_JOINED = (
    devices.join(clients, clients.c.sn == devices.c.agent)
    .outerjoin(profiles, PROFILED)
    .outerjoin(offers, offers.c.printer == devices.c.guid)
)


def columns(*, plain: bool = False, alone: bool = False) -> list[Any]:
    """What a view is made of; what is not the device's own is named `client_…`, `profile_…` or `offer`."""
    without = (*(_LARGE if plain else ()), *(() if alone else _ONE))
    of_client = [clients.c[name].label(f"client_{name}") for name in ("shard", "role", "guid", "reported_at")]
    said = [column.label(f"profile_{column.name}") for column in profiles.c if column.name not in without]
    own = [column for column in devices.c if column.name not in without]
    return [*own, *of_client, *said, offers.c.id.label("offer")]


def _there(tenant: str) -> ColumnElement[bool]:
    """Whether a device is a printer of the tenant that is there, and not a virtual one."""
    real = (devices.c.gone.is_(False), devices.c.virtual.is_(False))
    return and_(devices.c.tenant == tenant, *real, devices.c.type == DeviceType.PRINTER.value)


def printers(tenant: str, *, plain: bool = False, alone: bool = False) -> Select[Any]:
    """The printers of a tenant by display name, without the virtual ones and those of disabled clients.

    `plain`: without what they can do; `alone`: with what its application said of it as IPP, too.
    """
    found = select(*columns(plain=plain, alone=alone)).select_from(_JOINED)
    return found.where(_there(tenant), clients.c.enabled.is_(True)).order_by(devices.c.display, devices.c.guid)


def attached(sn: str) -> ColumnElement[bool]:
    """Whether a device is this agent's, or was registered through it."""
    through = select(profiles.c.device).where(PROFILED, profiles.c.connector == guid("client", sn)).correlate(devices)
    return or_(devices.c.agent == sn, exists(through))


async def count(look: AsyncConnection, tenant: str, *which: ColumnElement[bool]) -> int:
    """How many printers of a tenant there are in all."""
    enabled = select(clients.c.sn).where(clients.c.tenant == tenant, clients.c.enabled.is_(True))
    wanted = select(func.count()).select_from(devices).where(_there(tenant), devices.c.agent.in_(enabled), *which)
    return int((await look.execute(wanted)).scalar_one())


async def printer_row(look: AsyncConnection, tenant: str, printer: str = "", agent: str = "", device: str = "") -> Row[Any]:
    """One printer by GUID, or by agent and device. Raises `Refused`: what is another tenant's is not there."""
    named = devices.c.guid == printer.lower() if printer else and_(devices.c.agent == agent, devices.c.id == device)
    row: Row[Any] | None = (await look.execute(printers(tenant, alone=True).where(named))).first()
    if row is None:
        raise Refused(Code.NOT_FOUND, f"There is no printer {printer or f'{agent}/{device}'}.")
    return row


async def locked(change: Change, tenant: str, printer: str) -> Row[Any]:
    """The same by GUID, its device locked until the end of the transaction."""
    await change.connection.execute(select(devices.c.id).where(devices.c.guid == printer.lower()).with_for_update())
    return await printer_row(change.connection, tenant, printer)


def minute() -> int:
    """Now, to the minute: when somebody who is there was heard, without a different answer each time."""
    return now() // _MINUTE * _MINUTE


def view(row: Row[Any], presence: Presence, *, plain: bool = False) -> PrinterView:
    """A row of `printers`; one that is gone cannot be reached."""
    device = rows.known(row, plain=plain).device
    online = _online(row, device, presence)
    if row.gone:
        device = replace(device, state=PrinterState.UNREACHABLE, reasons=(), accepting=False)
    at_agent = row.client_role == ClientKind.AGENT.value and not row.served_by
    seen = minute() if online and not row.served_by else row.profile_seen_at or row.client_reported_at
    return PrinterView(
        id=row.guid,
        tenant=row.tenant,
        agent=row.agent,
        device=device,
        shard=row.client_shard,
        online=online,
        profile=profile(row, plain=plain),
        physical=row.profile_physical is not False,
        registered_at=row.added_at,
        seen_at=seen,
        served_by=row.served_by,
        shares=(row.offer,) if row.offer else (),
        connector=row.profile_connector or (row.client_guid if at_agent else ""),
    )


def profile(row: Row[Any], *, plain: bool = False) -> Profile:
    """The profile of a row of `printers`."""
    if row.profile_agent is None:
        return Profile(display=row.display)
    return Profile(
        display=row.display,
        manufacturer=row.profile_manufacturer,
        model=row.profile_model,
        location=json.loads(row.profile_location),
        defaults=json.loads(row.profile_defaults),
        capabilities={} if plain else json.loads(row.profile_capabilities),
        ipp=json.loads(getattr(row, "profile_ipp", "{}")),
    )


def _online(row: Row[Any], device: Device, presence: Presence) -> bool:
    online = presence.online(row.agent)
    return not row.gone and domain.reachable(device, agent_online=online, served=bool(row.served_by))
