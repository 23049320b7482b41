"""Who may use which device: an owner's shares and an administrator's grants, as SQL."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, insert, or_, select, union

from libs.contracts.directory import EVERYBODY, ClientEntry, ClientKind, DefaultEntry, device_key
from services.registry.change import Change
from services.registry.rows import together
from services.registry.tables import clients, defaults, devices, grants, shares

#: In a grant: every device of the agent, and as agent: of every agent of the tenant.
ALL = "*"


#: Columns of `devices` that a list of many does without.
_LARGE = ("capabilities", "marks")


def usable(client: ClientEntry, *, plain: bool = False) -> Select[Any]:
    """The devices that a client may use: its own, those shared with it, those granted to it; in the order of lists.

    `plain`: without what they can do.
    """
    named = [client.sn, EVERYBODY] if client.role is ClientKind.AGENT else [client.sn]
    here = (shares.c.agent == devices.c.agent) & (shares.c.device == devices.c.id)
    shared = exists().where(here, shares.c.client.in_(named))
    granted = exists().where(grants.c.client == client.sn, _covers(devices.c.agent, devices.c.id))
    own = devices.c.agent == client.sn
    foreign = and_(devices.c.virtual.is_(False), clients.c.enabled.is_(True), or_(shared, granted))
    columns = [column for column in devices.c if not plain or column.name not in _LARGE]
    return (
        select(*columns, exists().where(here).label("shared"))
        .join(clients, clients.c.sn == devices.c.agent)
        .where(devices.c.gone.is_(False), devices.c.tenant == client.tenant, or_(own, foreign))
        .order_by(own.desc(), devices.c.virtual, devices.c.name, devices.c.agent)
    )


def users(tenant: str, agent: str, device: str) -> Select[Any]:
    """Who may use one device beside its owner: serial numbers, or `EVERYBODY`."""
    shared = select(shares.c.client.label("user")).where(shares.c.agent == agent, shares.c.device == device)
    allowed = _join_tenant(grants.c.client.label("user")).where(clients.c.tenant == tenant, _covers(agent, device))
    both = union(shared, allowed).subquery()
    return select(both.c.user).order_by(both.c.user)


def all_shares() -> Select[Any]:
    """Every share: agent, device, client."""
    return select(shares)


def all_grants() -> Select[Any]:
    """Every grant with the tenant of its application: tenant, agent, device, client."""
    return _join_tenant(clients.c.tenant, grants.c.agent, grants.c.device, grants.c.client)


def grants_of(sn: str) -> Select[Any]:
    """What an application is let use: agent, device id and name; the name is missing where the grant is for all."""
    here = (devices.c.agent == grants.c.agent) & (devices.c.id == grants.c.device)
    found = select(grants.c.agent, grants.c.device, devices.c.name).outerjoin(devices, here)
    return found.where(grants.c.client == sn).order_by(grants.c.agent, devices.c.name)


def shares_of(tenant: str = "") -> Select[Any]:
    """What is shared with whom: tenant, agent, device, name, type, client."""
    here = (devices.c.agent == shares.c.agent) & (devices.c.id == shares.c.device)
    found = select(devices.c.tenant, shares.c.agent, shares.c.device, devices.c.name, devices.c.type, shares.c.client)
    found = found.join(devices, here).order_by(shares.c.agent, devices.c.name, shares.c.client)
    return found.where(devices.c.tenant == tenant) if tenant else found


class Users:
    """Who may use which device beside its owner, of all devices at once."""

    def __init__(self, shared: Iterable[Row[Any]], granted: Iterable[Row[Any]]) -> None:
        self._shared = together(shared)
        self._granted = together(granted)

    def of(self, device: Row[Any]) -> tuple[str, ...]:
        """The users of the device of this row of `devices`."""
        if device.virtual:
            return ()
        found = set(self._shared.get((device.agent, device.id), ()))
        for agent, name in ((device.agent, device.id), (device.agent, ALL), (ALL, ALL)):
            found |= self._granted.get((device.tenant, agent, name), set())
        return tuple(sorted(found))


async def share(change: Change, agent: str, device: str, with_whom: Iterable[str]) -> None:
    """Share a device with exactly these; who loses it, loses it as a default too."""
    here = (shares.c.agent == agent) & (shares.c.device == device)
    await change.connection.execute(delete(shares).where(here))
    if rows := [{"agent": agent, "device": device, "client": client} for client in sorted(set(with_whom))]:
        await change.connection.execute(insert(shares), rows)
    await change.tell(device_key(agent, device))
    await forget_defaults(change, defaults.c.agent == agent, defaults.c.device == device)


async def grant(change: Change, app: ClientEntry, agent: str, device: str) -> bool:
    """Let an application use a device (`ALL`: all of them, also future ones); whether that is new."""
    same = (grants.c.client == app.sn) & (grants.c.agent == agent) & (grants.c.device == device)
    if (await change.connection.execute(select(grants).where(same))).first():
        return False
    await change.connection.execute(insert(grants).values(client=app.sn, agent=agent, device=device))
    await _tell_covered(change, app.tenant, agent, device)
    return True


async def deny(change: Change, app: ClientEntry, agent: str, device: str) -> bool:
    """Take back a grant; whether it was there."""
    same = (grants.c.client == app.sn) & (grants.c.agent == agent) & (grants.c.device == device)
    if not (await change.connection.execute(delete(grants).where(same))).rowcount:
        return False
    await _tell_covered(change, app.tenant, agent, device)
    await forget_defaults(change, defaults.c.sn == app.sn)
    return True


async def leave(change: Change, client: ClientEntry) -> None:
    """Nobody shares with this client or grants it anything any more."""
    for row in (await change.connection.execute(select(grants).where(grants.c.client == client.sn))).all():
        await deny(change, client, row.agent, row.device)
    for row in (await change.connection.execute(select(shares).where(shares.c.client == client.sn))).all():
        await change.tell(device_key(row.agent, row.device))
    await change.connection.execute(delete(shares).where(shares.c.client == client.sn))


async def forget_defaults(change: Change, *which: ColumnElement[bool]) -> None:
    """A default whose device its client may not use any more falls away."""
    for row in (await change.connection.execute(select(defaults).where(*which, defaults.c.agent != defaults.c.sn))).all():
        client = (await change.connection.execute(select(clients).where(clients.c.sn == row.sn))).one()
        entry = ClientEntry(sn=client.sn, tenant=client.tenant, role=ClientKind(client.role))
        wanted = usable(entry).where(devices.c.agent == row.agent, devices.c.id == row.device)
        if (await change.connection.execute(wanted)).first() is None:
            await change.unset_default(DefaultEntry(sn=row.sn, type=row.type, agent=row.agent, device=row.device))


async def _tell_covered(change: Change, tenant: str, agent: str, device: str) -> None:
    wanted = select(devices.c.agent, devices.c.id).where(devices.c.tenant == tenant, devices.c.virtual.is_(False))
    if agent != ALL:
        wanted = wanted.where(devices.c.agent == agent)
    if device != ALL:
        wanted = wanted.where(devices.c.id == device)
    await change.tell_all([device_key(row.agent, row.id) for row in (await change.connection.execute(wanted)).all()])


def _covers(agent: Any, device: Any) -> ColumnElement[bool]:
    """Whether a grant is for this device."""
    return and_(or_(grants.c.agent == agent, grants.c.agent == ALL), or_(grants.c.device == device, grants.c.device == ALL))


def _join_tenant(*columns: Any) -> Select[Any]:
    return select(*columns).join_from(grants, clients, clients.c.sn == grants.c.client)
