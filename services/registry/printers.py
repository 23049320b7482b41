"""Questions of Graph's door about printers, and what people and applications say of them (graph-print.md 1.3)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from libs.contracts.devices import Device, PrinterState
from libs.contracts.directory import device_key
from libs.contracts.events import DeviceChanged
from libs.contracts.fleet import (
    ChangePrinter,
    Fulfilled,
    GetPrinter,
    ListPrinters,
    PrinterAnswer,
    PrinterList,
    RemovePrinter,
    RestorePrinter,
)
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import domain, fleet, rows
from services.registry.change import Change, now
from services.registry.fleet_tables import offers, profiles, triggers
from services.registry.offering import withdraw
from services.registry.registry import Registry
from services.registry.served import described
from services.registry.tables import devices

#: Printers in one answer, which is one message of the bus: without and with what they can do.
MOST_PLAIN, MOST = 1000, 100
#: Characters of a printer's name, make and model.
LONGEST_NAME = 128
#: Characters of a map that says more of it: a hundred of them fit into one message; of IPP's only one is told at a time.
LARGEST, LARGEST_IPP = 50_000, 250_000


async def list_printers(registry: Registry, query: ListPrinters) -> PrinterList:
    """The printers of a tenant, a page of them."""
    which = (fleet.attached(query.connector),) if query.connector else ()
    wanted = fleet.printers(query.tenant, plain=query.plain).where(*which)
    limit = min(query.limit, MOST_PLAIN if query.plain else MOST)
    async with registry.store.look() as look:
        total = await fleet.count(look, query.tenant, *which)
        found = (await look.execute(wanted.offset(query.offset).limit(limit))).all()
    views = tuple(fleet.view(row, registry.presence, plain=query.plain) for row in found)
    return PrinterList(printers=views, total=total)


async def get_printer(registry: Registry, query: GetPrinter) -> PrinterAnswer:
    """One printer with everything."""
    async with registry.store.look() as look:
        row = await fleet.printer_row(look, query.tenant, query.printer, query.agent, query.device)
    return PrinterAnswer(printer=fleet.view(row, registry.presence))


async def change_printer(registry: Registry, query: ChangePrinter) -> PrinterAnswer:
    """What people say of a printer, or the application that serves it."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        row = await fleet.locked(change, query.tenant, query.printer)
        _admit(row, query)
        values = _profile_values(row, query)
        await save_profile(change, row, values)
        if query.display is not None:
            display = named(query.display or row.name, "displayName")
            here = (devices.c.agent == row.agent) & (devices.c.id == row.id)
            await change.connection.execute(update(devices).where(here).values(display=display))
            values["display"] = display
        if query.app:
            await _change_device(change, query, row)
        if said := sorted(set(values) - {"ipp", "seen_at"}):  # states come and go, and are events
            await change.note("printer changed", row.guid, row.tenant, members=said)
    registry.herald.wake()
    return await get_printer(registry, GetPrinter(region=query.region, tenant=query.tenant, printer=query.printer))


async def restore_printer(registry: Registry, query: RestorePrinter) -> Fulfilled:
    """The defaults are the device's own again."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        row = await fleet.locked(change, query.tenant, query.printer)
        await save_profile(change, row, {"defaults": "{}"})
        await change.note("printer restored", row.guid, row.tenant)
    return Fulfilled()


async def remove_printer(registry: Registry, query: RemovePrinter) -> Fulfilled:
    """A printer that an application registered goes with its profile and its triggers."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        row = await fleet.locked(change, query.tenant, query.printer)
        if row.offer:
            raise Refused(Code.CONFLICT, f"The printer {row.display!r} is shared: delete its share {row.offer} first.")
        if not row.served_by:
            message = f"The printer {row.display!r} is reported by the agent {row.agent} and would come back: remove it there."
            raise Refused(Code.CONFLICT, message)
        for table in (triggers, profiles):
            here = (table.c.agent == row.agent) & (table.c.device == row.id)
            await change.connection.execute(delete(table).where(here))
        known = rows.known(row)
        gone = replace(known, revision=known.revision + 1, gone=True)
        await save_device(change, query.region, row.tenant, row.agent, domain.Change(gone, ("removed",)))
        mine = (devices.c.agent == row.agent) & (devices.c.id == row.id)
        await change.connection.execute(update(devices).where(mine).values(display=row.name))
        await change.note("printer removed", row.guid, row.tenant, name=row.display, app=row.served_by)
    registry.herald.wake()
    return Fulfilled()


async def forget_printers(change: Change, sn: str) -> None:
    """What people said of the printers of a client that is removed, and to whom they offered them."""
    mine = select(offers.c.id).join(devices, devices.c.guid == offers.c.printer).where(devices.c.agent == sn)
    await withdraw(change, (await change.connection.execute(mine)).scalars().all())
    for table in (triggers, profiles):
        await change.connection.execute(delete(table).where(table.c.agent == sn))


async def save_device(change: Change, region: str, tenant: str, agent: str, one: domain.Change, *, new: bool = False) -> None:
    """Save a device that an application serves, with the events of it."""
    device, revision = one.known.device, one.known.revision
    await change.save_devices(tenant, agent, [one.known], () if new else (device.id,))
    await change.announce(
        DeviceChanged(region=region, tenant=tenant, agent=agent, device=device, what=what, revision=revision, at=now())
        for what in one.what
    )


async def save_profile(change: Change, row: Row[Any], values: Mapping[str, Any]) -> None:
    """Save columns of the profile of a row of `fleet.printers`."""
    if row.profile_agent is None:
        await change.connection.execute(insert(profiles).values(agent=row.agent, device=row.id, **values))
        return
    here = (profiles.c.agent == row.agent) & (profiles.c.device == row.id)
    if values:
        await change.connection.execute(update(profiles).where(here).values(**values))


def named(name: str, member: str) -> str:
    """A name as it is kept. Raises `Refused`, which names the member."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(Code.BAD_REQUEST, f"{member}: write 1 to {LONGEST_NAME} characters that can be printed.")
    return name


def merged(known: str, changes: Mapping[str, Any], member: str) -> str:
    """A map (JSON) with these members; one that is None is taken away. Raises `Refused` when it is too large to be told."""
    both = {**json.loads(known), **changes}
    text = json.dumps({name: value for name, value in both.items() if value is not None}, ensure_ascii=False)
    most = LARGEST_IPP if member == "ipp" else LARGEST
    if len(text) > most:
        raise Refused(Code.BAD_REQUEST, f"{member}: it would have more than {most} characters in all; say less of the printer.")
    return text


def _admit(row: Row[Any], query: ChangePrinter) -> None:
    """The rule of who may say what. Raises `Refused`."""
    if query.app and (row.served_by != query.app or row.profile_physical is not False):
        message = f"The printer {row.display!r} is none that this application registered without a physical device."
        raise Refused(Code.FORBIDDEN, f"{message} Only such a one may it change.")
    if not query.app:
        own = ("state", "reasons", "accepting", "capabilities", "ipp")
        if wrong := [name for name in own if getattr(query, name) is not None]:
            message = f"{', '.join(wrong)}: only the application that serves the printer {row.display!r} may say so."
            raise Refused(Code.FORBIDDEN, message)


def _profile_values(row: Row[Any], query: ChangePrinter) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in ("manufacturer", "model"):
        said = getattr(query, name)
        if said is not None:
            values[name] = named(said, name) if said else ""
    for name in ("location", "defaults", "capabilities", "ipp"):
        said = getattr(query, name)
        if said is not None:
            values[name] = merged(getattr(row, f"profile_{name}") or "{}", said, name)
    return {**values, "seen_at": now()} if query.app else values


async def _change_device(change: Change, query: ChangePrinter, row: Row[Any]) -> None:
    before = rows.known(row)
    device = _said(before.device, query)
    one = domain.changed(before, device, row.served_by)
    if one.what:
        await save_device(change, query.region, row.tenant, row.agent, one)
    else:
        await change.tell(device_key(row.agent, row.id))


def _said(device: Device, query: ChangePrinter) -> Device:
    if query.state is not None:
        if query.state not in set(PrinterState):
            raise Refused(Code.BAD_REQUEST, f"state: write one of {', '.join(PrinterState)}.")
        device = replace(device, state=PrinterState(query.state))
    if query.reasons is not None:
        device = replace(device, reasons=query.reasons)
    if query.accepting is not None:
        device = replace(device, accepting=query.accepting)
    return replace(device, capabilities=described(device.capabilities, query.capabilities or {}))
