"""Users and groups as the command line makes them; each change is recorded with who did it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.people import GroupView, UserView
from services.registry import people
from services.registry.change import Change, now
from services.registry.enrol import Unfit
from services.registry.fleet_tables import memberships, offer_groups, offer_users, offer_uses, offers, user_groups, users
from services.registry.store import Store

#: A userPrincipalName: an alias and a domain; a plain alias is enough where nobody else names users.
NAME = re.compile(r"[^\s@/\\,]{1,64}(@[A-Za-z0-9.-]{1,253})?")
#: Characters of a group's name, of a display name, and of an id.
LONGEST_NAME, LONGEST_ID = 256, 64


async def add_user(
    store: Store,
    tenant: str,
    name: str,
    *,
    display: str = "",
    administrator: bool = False,
    groups: Sequence[str] = (),
    user_id: str = "",
) -> UserView:
    """Add a user with this or a new id, in these groups (ids or names). Raises `Unfit`."""
    if not NAME.fullmatch(name):
        raise Unfit(f"A user's name is like an address of mail, such as anna@clinic.example; {name[:80]!r} is none.")
    values = {"name": name, "login": name.casefold(), "display": _text(display, "--display"), "administrator": administrator}
    async with store.change() as change:
        await _tenant(change, tenant)
        found = _id(user_id)
        taken = or_(users.c.id == found, users.c.login == name.casefold())
        if (await change.connection.execute(select(users.c.id).where(users.c.tenant == tenant, taken))).first():
            raise Unfit(f"The tenant {tenant!r} has a user {name!r} or the id {found} already.")
        await change.connection.execute(insert(users).values(tenant=tenant, id=found, enabled=True, created_at=now(), **values))
        chosen = await _groups(change, tenant, groups)
        await _join(change, tenant, found, [group.id for group in chosen])
        named = [group.name for group in chosen]
        await change.note("user added", name, tenant, id=found, administrator=administrator, groups=named)
        return await _view(change, tenant, found)


async def change_user(
    store: Store,
    tenant: str,
    user: str,
    *,
    display: str | None = None,
    administrator: bool | None = None,
    enabled: bool | None = None,
    groups: Sequence[str] | None = None,
) -> UserView:
    """Change what is not None of a user (id or name); `groups` are all that it is in from then on. Raises `Unfit`."""
    said: dict[str, Any] = {"display": display, "administrator": administrator, "enabled": enabled}
    values = {name: value for name, value in said.items() if value is not None}
    async with store.change() as change:
        row = await _user(change, tenant, user)
        if "display" in values:
            values["display"] = _text(values["display"], "--display")
        here = (users.c.tenant == tenant) & (users.c.id == row.id)
        if values:
            await change.connection.execute(update(users).where(here).values(**values))
        if groups is not None:
            chosen = await _groups(change, tenant, groups)
            mine = (memberships.c.tenant == tenant) & (memberships.c.user_id == row.id)
            await change.connection.execute(delete(memberships).where(mine))
            await _join(change, tenant, row.id, [group.id for group in chosen])
            values["groups"] = [group.name for group in chosen]
        if values:
            await change.note("user changed", row.name, tenant, **values)
        return await _view(change, tenant, row.id)


async def remove_user(store: Store, tenant: str, user: str) -> None:
    """Remove a user (id or name) with all that it may; its tasks stay. Raises `Unfit`."""
    async with store.change() as change:
        row = await _user(change, tenant, user)
        own = select(offers.c.id).where(offers.c.tenant == tenant)
        for table in (offer_users, offer_uses):
            await change.connection.execute(delete(table).where(table.c.user_id == row.id, table.c.offer.in_(own)))
        here = (memberships.c.tenant == tenant) & (memberships.c.user_id == row.id)
        await change.connection.execute(delete(memberships).where(here))
        await change.connection.execute(delete(users).where(users.c.tenant == tenant, users.c.id == row.id))
        await change.note("user removed", row.name, tenant, id=row.id)


async def add_group(store: Store, tenant: str, name: str, *, group_id: str = "", members: Sequence[str] = ()) -> GroupView:
    """Add a group with this or a new id, with these users (ids or names) in it. Raises `Unfit`."""
    name = _text(name, "name").strip()
    async with store.change() as change:
        await _tenant(change, tenant)
        found = _id(group_id)
        taken = or_(user_groups.c.id == found, user_groups.c.name == name)
        if not name or (await change.connection.execute(select(user_groups.c.id).where(_of(tenant), taken))).first():
            raise Unfit(f"The tenant {tenant!r} has a group {name!r} or the id {found} already, or it has no name.")
        await change.connection.execute(insert(user_groups).values(tenant=tenant, id=found, name=name, created_at=now()))
        for user in [await _user(change, tenant, each) for each in dict.fromkeys(members)]:
            await _join(change, tenant, user.id, [found])
        await change.note("group added", name, tenant, id=found, members=list(members))
        return GroupView(id=found, tenant=tenant, name=name)


async def change_members(
    store: Store, tenant: str, group: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> tuple[str, ...]:
    """Put users (ids or names) into a group (id or name), or take them out; the names of all that are in it. Raises `Unfit`."""
    async with store.change() as change:
        (row,) = await _groups(change, tenant, [group])
        for each in add:
            await _join(change, tenant, (await _user(change, tenant, each)).id, [row.id])
        here = (memberships.c.tenant == tenant) & (memberships.c.group_id == row.id)
        for each in remove:
            user = await _user(change, tenant, each)
            await change.connection.execute(delete(memberships).where(here, memberships.c.user_id == user.id))
        if add or remove:
            await change.note("group changed", row.name, tenant, added=list(add), removed=list(remove))
        joined = (users.c.tenant == memberships.c.tenant) & (users.c.id == memberships.c.user_id)
        names = select(users.c.name).join(memberships, joined).where(here).order_by(users.c.login)
        return tuple((await change.connection.execute(names)).scalars().all())


async def remove_group(store: Store, tenant: str, group: str) -> None:
    """Remove a group (id or name) with all that it may; its users stay. Raises `Unfit`."""
    async with store.change() as change:
        (row,) = await _groups(change, tenant, [group])
        own = select(offers.c.id).where(offers.c.tenant == tenant)
        await change.connection.execute(
            delete(offer_groups).where(offer_groups.c.group_id == row.id, offer_groups.c.offer.in_(own))
        )
        here = (memberships.c.tenant == tenant) & (memberships.c.group_id == row.id)
        await change.connection.execute(delete(memberships).where(here))
        await change.connection.execute(delete(user_groups).where(_of(tenant), user_groups.c.id == row.id))
        await change.note("group removed", row.name, tenant, id=row.id)


async def user_ids(look: AsyncConnection, tenant: str, named: Iterable[str]) -> tuple[str, ...]:
    """Ids of users by id or name; what is no name here stays: it is an id of an issuer elsewhere. Raises `Unfit` for a name."""
    ids = []
    for each in dict.fromkeys(named):
        found = await people.find_user(look, tenant, each)
        if found is None and "@" in each:
            raise Unfit(f"There is no user {each!r} in the tenant {tenant}: add it, or write the id that its issuer gives it.")
        ids.append(found.id if found else each)
    return tuple(ids)


async def group_ids(look: AsyncConnection, tenant: str, named: Iterable[str]) -> tuple[str, ...]:
    """Ids of groups by id or name; what is none here stays: it is an id of an issuer elsewhere."""
    ids = []
    for each in dict.fromkeys(named):
        found = (await look.execute(_group(tenant, each))).first()
        ids.append(found.id if found else each)
    return tuple(ids)


def _of(tenant: str) -> Any:
    return user_groups.c.tenant == tenant


def _group(tenant: str, group: str) -> Any:
    return select(user_groups).where(_of(tenant), or_(user_groups.c.id == group, user_groups.c.name == group))


async def _tenant(change: Change, tenant: str) -> None:
    """The tenant, locked: names are given one after the other."""
    if not await change.tenant(tenant):
        raise Unfit(f"There is no tenant {tenant!r}: add it first.")


async def _user(change: Change, tenant: str, user: str) -> Row[Any]:
    found = await people.find_user(change.connection, tenant, user)
    if found is None:
        raise Unfit(f"There is no user {user!r} in the tenant {tenant!r}; `user list` names them.")
    return found


async def _groups(change: Change, tenant: str, groups: Sequence[str]) -> list[Row[Any]]:
    rows = []
    for each in dict.fromkeys(groups):
        found = (await change.connection.execute(_group(tenant, each))).first()
        if found is None:
            raise Unfit(f"There is no group {each!r} in the tenant {tenant!r}: add it first; `group list` names them.")
        rows.append(found)
    return rows


async def _join(change: Change, tenant: str, user: str, groups: Sequence[str]) -> None:
    mine = select(memberships.c.group_id).where(memberships.c.tenant == tenant, memberships.c.user_id == user)
    has = (await change.connection.execute(mine)).scalars().all()
    if new := [group for group in groups if group not in has]:
        rows = [{"tenant": tenant, "user_id": user, "group_id": group} for group in new]
        await change.connection.execute(insert(memberships), rows)


async def _view(change: Change, tenant: str, user: str) -> UserView:
    row = (await change.connection.execute(select(users).where(users.c.tenant == tenant, users.c.id == user))).one()
    (view,) = await people.user_views(change.connection, [row])
    return view


def _id(given: str) -> str:
    if not given:
        return str(uuid4())
    if len(given) > LONGEST_ID or not given.isprintable() or not re.fullmatch(r"[^\s@/\\,]+", given):
        raise Unfit(f"An id has 1 to {LONGEST_ID} characters without spaces, best a GUID: what its issuer writes as `oid`.")
    return given


def _text(text: str, what: str) -> str:
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise Unfit(f"{what}: write at most {LONGEST_NAME} characters that can be printed.")
    return text
