"""Printers offered to people, Graph's printerShares: what is asked about them, and who may print (graph-print.md 1.4, 6.4)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Join, Row, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.fleet import GetPrinterShare, ListPrinterShares, MayPrint, Permitted, ShareAnswer, ShareList, ShareView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import fleet
from services.registry.fleet_tables import memberships, offer_groups, offer_users, offer_uses, offers, profiles, users
from services.registry.presence import Presence
from services.registry.registry import Registry
from services.registry.tables import clients, devices

#: Offers in one answer, which is one message of the bus: without and with what their printers can do.
MOST_PLAIN, MOST = 200, 50


def offered(tenant: str, *, plain: bool = False, user: str = "", recent: bool = False) -> Select[Any]:
    """Offers by name with their printers, and when this user last used each; what its agent does not report now is there too.

    `recent`: those that the user used, newest first.
    """
    own = [offers.c.name.label("offer_name"), offers.c.allow_all, offers.c.created_at.label("offered_at"), offer_uses.c.used_at]
    printers = _joined(user, recent=recent).outerjoin(profiles, fleet.PROFILED)
    order = (offer_uses.c.used_at.desc(), offers.c.name) if recent else (offers.c.name,)
    found = select(*fleet.columns(plain=plain), *own).select_from(printers)
    return found.where(offers.c.tenant == tenant, clients.c.enabled.is_(True)).order_by(*order)


def _joined(user: str, *, recent: bool) -> Join:
    used = (offer_uses.c.offer == offers.c.id) & (offer_uses.c.user_id == user)
    there = offers.join(devices, devices.c.guid == offers.c.printer).join(clients, clients.c.sn == devices.c.agent)
    return there.join(offer_uses, used, isouter=not recent)


async def list_printer_shares(registry: Registry, query: ListPrinterShares) -> ShareList:
    """Offers, a page of them."""
    wanted = offered(query.tenant, plain=query.plain, user=query.user, recent=query.recent)
    every = select(func.count()).select_from(_joined(query.user, recent=query.recent))
    every = every.where(offers.c.tenant == query.tenant, clients.c.enabled.is_(True))
    if query.printer:
        wanted, every = (each.where(offers.c.printer == query.printer.lower()) for each in (wanted, every))
    limit = min(query.limit, MOST_PLAIN if query.plain else MOST)
    async with registry.store.look() as look:
        total = (await look.execute(every)).scalar_one()
        found = (await look.execute(wanted.offset(query.offset).limit(limit))).all()
        return ShareList(shares=await views(look, found, registry.presence, plain=query.plain), total=total)


async def get_printer_share(registry: Registry, query: GetPrinterShare) -> ShareAnswer:
    """One offer with everything."""
    async with registry.store.look() as look:
        row = await offer_row(look, query.tenant, query.share, user=query.user)
        (view,) = await views(look, [row], registry.presence)
    return ShareAnswer(share=view)


async def offer_row(look: AsyncConnection, tenant: str, offer: str, user: str = "") -> Row[Any]:
    """A row of `offered`. Raises `Refused`: what is another tenant's is not there."""
    row: Row[Any] | None = (await look.execute(offered(tenant, user=user).where(offers.c.id == offer.lower()))).first()
    if row is None:
        raise Refused(Code.NOT_FOUND, f"There is no printer share {offer}.")
    return row


async def may_print(registry: Registry, query: MayPrint) -> Permitted:
    """Whether an offer is for this user; who is disabled here prints nothing."""
    if not query.printer and not query.share:
        raise Refused(Code.BAD_REQUEST, "printer, share: write one of them.")
    wanted = select(offers.c.id).join(devices, devices.c.guid == offers.c.printer).where(offers.c.tenant == query.tenant)
    if query.printer:
        wanted = wanted.where(offers.c.printer == query.printer.lower())
    if query.share:
        wanted = wanted.where(offers.c.id == query.share.lower())
    off = exists().where(users.c.tenant == query.tenant, users.c.id == query.user, users.c.enabled.is_(False))
    found = await registry.store.rows(wanted.where(_is_for(query), ~off).limit(1))
    return Permitted(allowed=bool(found), share=found[0].id if found else "")


async def views(
    look: AsyncConnection, found: Sequence[Row[Any]], presence: Presence, *, plain: bool = False
) -> tuple[ShareView, ...]:
    """Rows of `offered`, with whom they are for."""
    people = await _for_whom(look, found, offer_users, offer_users.c.user_id)
    groups = await _for_whom(look, found, offer_groups, offer_groups.c.group_id)
    return tuple(
        ShareView(
            id=row.offer,
            tenant=row.tenant,
            name=row.offer_name,
            printer=fleet.view(row, presence, plain=plain),
            allow_all=row.allow_all,
            users=people.get(row.offer, ()),
            groups=groups.get(row.offer, ()),
            created_at=row.offered_at,
            used_at=row.used_at or 0,
        )
        for row in found
    )


def _is_for(query: MayPrint) -> ColumnElement[bool]:
    named = exists().where(offer_users.c.offer == offers.c.id, offer_users.c.user_id == query.user)
    here = and_(memberships.c.tenant == query.tenant, memberships.c.user_id == query.user)
    known = select(memberships.c.group_id).where(here)
    within = or_(offer_groups.c.group_id.in_(known), offer_groups.c.group_id.in_(query.groups))
    return or_(offers.c.allow_all.is_(True), named, exists().where(offer_groups.c.offer == offers.c.id, within))


async def _for_whom(look: AsyncConnection, found: Sequence[Row[Any]], table: Any, column: Any) -> dict[str, tuple[str, ...]]:
    if not found:
        return {}
    wanted = select(table.c.offer, column).where(table.c.offer.in_([row.offer for row in found])).order_by(column)
    ids: dict[str, tuple[str, ...]] = {}
    for offer, each in (await look.execute(wanted)).all():
        ids[offer] = (*ids.get(offer, ()), each)
    return ids
