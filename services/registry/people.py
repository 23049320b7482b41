"""Users and groups of a tenant: what is asked about them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.people import GetUser, GroupList, GroupView, ListGroups, ListUsers, UserAnswer, UserList, UserView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry.fleet_tables import memberships, user_groups, users
from services.registry.registry import Registry
from services.registry.tables import tenants

#: Users or groups in one answer, which is one message of the bus.
MOST = 1000


async def get_user(registry: Registry, query: GetUser) -> UserAnswer:
    """A user by id or by name, while the tenant is there and not disabled."""
    async with registry.store.look() as look:
        if not (await look.execute(select(tenants.c.enabled).where(tenants.c.id == query.tenant))).scalar():
            raise Refused(Code.FORBIDDEN, f"The tenant {query.tenant} is disabled, or there is none of this name.")
        found = await find_user(look, query.tenant, query.user)
        if found is None:
            raise Refused(Code.NOT_FOUND, f"There is no user {query.user}.")
        (view,) = await user_views(look, [found])
    return UserAnswer(user=view)


async def list_users(registry: Registry, query: ListUsers) -> UserList:
    """Users by their names, or those of these ids in their order."""
    async with registry.store.look() as look:
        rows, more = await _page(
            look, select(users).where(users.c.tenant == query.tenant).order_by(users.c.login), users.c.id, query
        )
        return UserList(users=await user_views(look, rows), more=more)


async def list_groups(registry: Registry, query: ListGroups) -> GroupList:
    """Groups by their names, or those of these ids in their order."""
    wanted = select(user_groups).where(user_groups.c.tenant == query.tenant).order_by(user_groups.c.name)
    async with registry.store.look() as look:
        rows, more = await _page(look, wanted, user_groups.c.id, query)
    views = (GroupView(id=row.id, tenant=row.tenant, name=row.name, created_at=row.created_at) for row in rows)
    return GroupList(groups=tuple(views), more=more)


async def all_users(look: AsyncConnection, tenant: str) -> tuple[UserView, ...]:
    """Every user of a tenant by name."""
    rows = (await look.execute(select(users).where(users.c.tenant == tenant).order_by(users.c.login))).all()
    views: tuple[UserView, ...] = ()
    for start in range(0, len(rows), MOST):  # a statement takes only so many ids
        views += await user_views(look, rows[start : start + MOST])
    return views


async def find_user(look: AsyncConnection, tenant: str, user: str) -> Row[Any] | None:
    """A user's row by id, or by name in small letters or not."""
    named = or_(users.c.id == user, users.c.id == user.lower(), users.c.login == user.casefold())
    found: Row[Any] | None = (await look.execute(select(users).where(users.c.tenant == tenant, named))).first()
    return found


async def user_views(look: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[UserView, ...]:
    """Rows of `users` of one tenant, with their groups."""
    groups: dict[str, tuple[str, ...]] = {}
    if rows:
        mine = memberships.c.user_id.in_([row.id for row in rows]) & (memberships.c.tenant == rows[0].tenant)
        for each in await look.execute(select(memberships).where(mine).order_by(memberships.c.group_id)):
            groups[each.user_id] = (*groups.get(each.user_id, ()), each.group_id)
    return tuple(
        UserView(
            id=row.id,
            tenant=row.tenant,
            name=row.name,
            display=row.display,
            enabled=row.enabled,
            administrator=row.administrator,
            groups=groups.get(row.id, ()),
            created_at=row.created_at,
        )
        for row in rows
    )


async def _page(
    look: AsyncConnection, wanted: Select[Any], key: Any, query: ListUsers | ListGroups
) -> tuple[Sequence[Row[Any]], bool]:
    """A page of rows, and whether there are more."""
    if query.ids:
        named = query.ids[query.offset : query.offset + min(query.limit, MOST)]
        found = (await look.execute(wanted.where(key.in_(named)))).all()
        return in_order(found, named), len(query.ids) > query.offset + len(named)
    limit = min(query.limit, MOST)
    found = (await look.execute(wanted.offset(query.offset).limit(limit + 1))).all()
    return found[:limit], len(found) > limit


def in_order(found: Iterable[Row[Any]], ids: Iterable[str]) -> list[Row[Any]]:
    """Rows in the order of these ids, each once."""
    known = {row.id: row for row in found}
    return [known[each] for each in dict.fromkeys(ids) if each in known]
