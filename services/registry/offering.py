"""Changes of the printers that are offered to people: added, renamed, moved, allowed, used, taken back (graph-print.md 1.4)."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, delete, insert, select, update

from libs.contracts.fleet import (
    AddPrinterShare,
    ChangePrinterShare,
    Fulfilled,
    GetPrinterShare,
    RemovePrinterShare,
    ShareAnswer,
)
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import fleet
from services.registry.change import Change, now
from services.registry.fleet_tables import offer_groups, offer_users, offer_uses, offers
from services.registry.offers import get_printer_share, offer_row
from services.registry.registry import Registry

#: Characters of an offer's name (graph-print.md 1.4), and of an id of an issuer elsewhere.
LONGEST_NAME, LONGEST_ID = 50, 64
#: So many users, and so many groups, an offer may name: who may print is told with it, and a group takes any number.
MOST = 500


async def add_printer_share(registry: Registry, query: AddPrinterShare) -> ShareAnswer:
    """Offer a printer to people; to nobody yet, unless to all."""
    name = _named(query.name)
    offer = str(uuid4())
    async with registry.store.acting(query.by or "Graph").change() as change:
        await change.tenant(query.tenant)  # locked: names are given one after the other
        printer = await fleet.locked(change, query.tenant, query.printer)
        _check_free(printer)
        await _check_name(change, query.tenant, name)
        values = {"tenant": query.tenant, "printer": printer.guid, "name": name, "allow_all": query.allow_all, "created_at": now()}
        await change.connection.execute(insert(offers).values(id=offer, **values))
        await change.note("printer offered", offer, query.tenant, name=name, printer=printer.guid, allow_all=query.allow_all)
    return await get_printer_share(registry, GetPrinterShare(region=query.region, tenant=query.tenant, share=offer))


async def change_printer_share(registry: Registry, query: ChangePrinterShare) -> ShareAnswer:
    """Another printer or name behind an offer, other people, or that somebody used it."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        if query.name is not None or query.printer is not None:  # use is told at every job, and waits for nobody else's
            await change.tenant(query.tenant)
        row = await _locked(change, query.tenant, query.share)
        values: dict[str, Any] = {}
        if query.name is not None and (name := _named(query.name)) != row.offer_name:
            await _check_name(change, query.tenant, name)
            values["name"] = name
        if query.printer is not None and query.printer.lower() != row.guid:
            printer = await fleet.locked(change, query.tenant, query.printer)
            _check_free(printer)
            values["printer"] = printer.guid
        if query.allow_all is not None:
            values["allow_all"] = query.allow_all
        if values:
            await change.connection.execute(update(offers).where(offers.c.id == row.offer).values(**values))
        people = await _change_people(change, row.offer, query)
        if query.used_by:
            await _used(change, row.offer, query.used_by)
        if values or people:
            await change.note("offer changed", row.offer, query.tenant, **values, **people)
    asked = GetPrinterShare(region=query.region, tenant=query.tenant, share=query.share, user=query.used_by)
    return await get_printer_share(registry, asked)


async def remove_printer_share(registry: Registry, query: RemovePrinterShare) -> Fulfilled:
    """Nobody prints through it any more; what is queued is printed."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        row = await _locked(change, query.tenant, query.share)
        await withdraw(change, [row.offer])
        await change.note("offer withdrawn", row.offer, query.tenant, name=row.offer_name, printer=row.guid)
    return Fulfilled()


async def withdraw(change: Change, which: Iterable[str]) -> None:
    """Delete offers with whom they are for."""
    ids = list(which)
    for table in (offer_users, offer_groups, offer_uses):
        await change.connection.execute(delete(table).where(table.c.offer.in_(ids)))
    await change.connection.execute(delete(offers).where(offers.c.id.in_(ids)))


async def _locked(change: Change, tenant: str, offer: str) -> Row[Any]:
    """A row of `offered`, its offer locked until the end of the transaction."""
    await change.connection.execute(select(offers.c.id).where(offers.c.id == offer.lower()).with_for_update())
    return await offer_row(change.connection, tenant, offer)


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(Code.BAD_REQUEST, f"displayName: write 1 to {LONGEST_NAME} characters that can be printed.")
    return name


def _check_free(printer: Row[Any]) -> None:
    if printer.offer:
        message = f"The printer {printer.display!r} is shared already ({printer.offer}), and it takes only one share."
        raise Refused(Code.CONFLICT, f"{message} Change that one, or delete it first.")


async def _check_name(change: Change, tenant: str, name: str) -> None:
    taken = select(offers.c.id).where(offers.c.tenant == tenant, offers.c.name == name)
    if (await change.connection.execute(taken)).first():
        raise Refused(Code.CONFLICT, f"displayName: there is a printer share named {name!r} already; choose another name.")


async def _change_people(change: Change, offer: str, query: ChangePrinterShare) -> dict[str, list[str]]:
    """Allow these, and those no more; what was said, for the audit log."""
    said: dict[str, list[str]] = {}
    for table, column, add, remove in (
        (offer_users, offer_users.c.user_id, query.add_users, query.remove_users),
        (offer_groups, offer_groups.c.group_id, query.add_groups, query.remove_groups),
    ):
        if not add and not remove:
            continue
        _check_ids((*add, *remove), column.name)
        there = (await change.connection.execute(select(column).where(table.c.offer == offer))).scalars().all()
        new = [each for each in dict.fromkeys(add) if each not in there]
        if new and len(there) + len(new) > MOST:
            raise Refused(
                Code.CONFLICT, f"A printer share names at most {MOST} users and {MOST} groups: name a group of them instead."
            )
        if new:
            await change.connection.execute(insert(table), [{"offer": offer, column.name: each} for each in new])
            said[f"added {column.name}"] = new
        if remove:
            gone = await change.connection.execute(delete(table).where(table.c.offer == offer, column.in_(remove)))
            said |= {f"removed {column.name}": list(remove)} if gone.rowcount else {}
    return said


def _check_ids(ids: tuple[str, ...], member: str) -> None:
    if any(not each.strip() or len(each) > LONGEST_ID or not each.isprintable() for each in ids):
        raise Refused(Code.BAD_REQUEST, f"{member}: write an id of 1 to {LONGEST_ID} characters.")


async def _used(change: Change, offer: str, user: str) -> None:
    here = (offer_uses.c.offer == offer) & (offer_uses.c.user_id == user)
    if not (await change.connection.execute(update(offer_uses).where(here).values(used_at=now()))).rowcount:
        await change.connection.execute(insert(offer_uses).values(offer=offer, user_id=user, used_at=now()))
