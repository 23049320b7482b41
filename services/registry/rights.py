"""Rights as people give and take them: disabling, removing, allow-lists of applications, shares; each recorded with who did it."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from libs.contracts.devices import DeviceType
from libs.contracts.directory import EVERYBODY, ClientEntry, ClientKind, client_key, default_key, device_key, token_key
from libs.contracts.ids import device_id
from services.registry import permits
from services.registry.change import Change
from services.registry.definitions import forget_definitions
from services.registry.enrol import Unfit, check_app_id
from services.registry.fleet_tables import definitions, memberships, operations, print_settings, triggers, user_groups, users
from services.registry.printers import forget_printers
from services.registry.store import Store
from services.registry.tables import clients, defaults, devices, enrolments, grants, shares, tenants, tokens

#: So many clients may be named by one share.
MOST_USERS = 200


async def switch_tenant(store: Store, tenant: str, *, enabled: bool) -> None:
    """Disable or enable a tenant with all its clients. Raises `Unfit` when there is none."""
    async with store.change() as change:
        if not await change.tenant(tenant):
            raise Unfit(f"There is no tenant {tenant!r}.")
        await change.connection.execute(update(tenants).where(tenants.c.id == tenant).values(enabled=enabled))
        found = await change.connection.execute(select(clients.c.sn).where(clients.c.tenant == tenant))
        await change.tell_all([client_key(row.sn) for row in found.all()])
        await change.note("tenant enabled" if enabled else "tenant disabled", tenant, tenant)


async def remove_tenant(store: Store, tenant: str) -> None:
    """Remove a tenant that has no clients. Raises `Unfit`."""
    async with store.change() as change:
        if not await change.tenant(tenant):
            raise Unfit(f"There is no tenant {tenant!r}.")
        if (await change.connection.execute(select(clients.c.sn).where(clients.c.tenant == tenant).limit(1))).first():
            raise Unfit(f"The tenant {tenant!r} has clients: disable it instead, or remove its applications first.")
        for table in (enrolments, memberships, users, user_groups, operations, print_settings, definitions):
            await change.connection.execute(delete(table).where(table.c.tenant == tenant))
        await change.connection.execute(delete(tenants).where(tenants.c.id == tenant))
        await change.note("tenant removed", tenant, tenant)


async def switch_client(store: Store, sn: str, role: ClientKind, *, enabled: bool) -> None:
    """Disable or enable a client: none of its tokens is good meanwhile. Raises `Unfit` when there is none of this role."""
    async with store.change() as change:
        client = await _client(change, sn, role)
        await change.connection.execute(update(clients).where(clients.c.sn == sn).values(enabled=enabled))
        await change.tell(client.key)
        await _tell_devices(change, sn)
        await change.note(f"{role.value} enabled" if enabled else f"{role.value} disabled", sn, client.tenant)


async def remove_app(store: Store, sn: str) -> None:
    """Remove an application with its tokens and rights; its tasks stay. Raises `Unfit` when there is none."""
    async with store.change() as change:
        app = await _client(change, sn, ClientKind.APP)
        await permits.leave(change, app)
        theirs = or_(defaults.c.sn == sn, defaults.c.agent == sn)
        lost = [default_key(row.sn, row.type) for row in await change.connection.execute(select(defaults).where(theirs))]
        await change.tell_all([*(token_key(token.digest) for token in await change.tokens(sn)), *lost, app.key])
        await _tell_devices(change, sn)
        await forget_printers(change, sn)
        await forget_definitions(change, app.tenant, app.app_id)
        for table, column in (
            (tokens, tokens.c.sn),
            (defaults, defaults.c.sn),
            (defaults, defaults.c.agent),
            (grants, grants.c.agent),
            (shares, shares.c.agent),
            (devices, devices.c.agent),
            (clients, clients.c.sn),
        ):
            await change.connection.execute(delete(table).where(column == sn))
        await change.note("app removed", sn, app.tenant, name=app.name)


async def change_roles(store: Store, sn: str, *, grant: Iterable[str] = (), revoke: Iterable[str] = ()) -> tuple[str, ...]:
    """Give an application permissions of Graph for itself, or take them back; all that it has then. Raises `Unfit`.

    Tokens of this server's issuer are cut down at once; those of another say what that one granted.
    """
    async with store.change() as change:
        app = await _client(change, sn, ClientKind.APP)
        now = tuple(sorted((set(app.roles) | set(grant)) - set(revoke)))
        await change.connection.execute(update(clients).where(clients.c.sn == sn).values(roles=json.dumps(now)))
        await change.tell(app.key)
        await change.note("app roles changed", sn, app.tenant, granted=sorted(grant), revoked=sorted(revoke))
        return now


async def name_app(store: Store, sn: str, app_id: str) -> None:
    """What tokens of other issuers call an application from now on; its definitions go with it. Raises `Unfit`."""
    async with store.change() as change:
        app = await _client(change, sn, ClientKind.APP)
        if app_id == app.app_id:
            return
        await check_app_id(change, app.tenant, app_id)
        mine = (definitions.c.tenant == app.tenant) & (definitions.c.app == app.app_id)
        bound = select(triggers.c.agent, triggers.c.device).join(definitions, definitions.c.id == triggers.c.definition).where(mine)
        touched = [device_key(row.agent, row.device) for row in await change.connection.execute(bound)]
        await change.connection.execute(update(definitions).where(mine).values(app=app_id))
        await change.connection.execute(update(clients).where(clients.c.sn == sn).values(app_id=app_id))
        served = (devices.c.agent == sn) & (devices.c.served_by == app.app_id)
        await change.connection.execute(update(devices).where(served).values(served_by=app_id))
        await _tell_devices(change, sn)
        await change.tell_all([*touched, app.key])
        await change.note("app named", sn, app.tenant, app_id=app_id)


async def allow(store: Store, sn: str, agent: str = permits.ALL, device: str = permits.ALL) -> bool:
    """Let an application use the device of this name, or all of an agent, or all of the tenant; whether that is new.

    Raises `Unfit` when there is no such application, agent or device in one tenant.
    """
    async with store.change() as change:
        app = await _client(change, sn, ClientKind.APP)
        found = await _device_of(change, app.tenant, agent, device)
        new = await permits.grant(change, app, agent, found)
        await change.note("app allowed", sn, app.tenant, agent=agent, device=device)
        return new


async def deny(store: Store, sn: str, agent: str = permits.ALL, device: str = permits.ALL) -> None:
    """Take back what `allow` gave in the same words. Raises `Unfit` when it was not given."""
    async with store.change() as change:
        app = await _client(change, sn, ClientKind.APP)
        found = device if device == permits.ALL else device_id(agent, device)
        if not await permits.deny(change, app, agent, found):
            raise Unfit(
                f"The application {sn} was not allowed {agent}/{device} in these words: `application show` tells what it is."
            )
        await change.note("app denied", sn, app.tenant, agent=agent, device=device)


async def share(
    store: Store, agent: str, name: str, users: Iterable[str], *, kind: DeviceType = DeviceType.PRINTER, tenant: str = ""
) -> tuple[str, ...]:
    """Share a device with exactly these clients of its tenant, `EVERYBODY`, or nobody any more; with whom it is shared now.

    Raises `Unfit` when there is no such device or client in the (given) tenant, or when the device is not one to share.
    """
    async with store.change() as change:
        row = await _shareable(change, agent, name, kind, tenant)
        wanted = await _users(change, row, users)
        await permits.share(change, agent, row.id, wanted)
        await change.note("device shared" if wanted else "device unshared", f"{agent}/{name}", row.tenant, users=list(wanted))
        return wanted


async def shared_with(store: Store, agent: str, name: str) -> tuple[str, ...]:
    """With whom the owner of a device shares it."""
    found = await store.rows(permits.shares_of())
    return tuple(row.client for row in found if row.agent == agent and row.device == device_id(agent, name))


async def _client(change: Change, sn: str, role: ClientKind) -> ClientEntry:
    row = await change.client(sn)
    if row is None or row.role != role.value:
        raise Unfit(f"There is no {'application' if role is ClientKind.APP else role.value} {sn}.")
    return ClientEntry(
        sn=row.sn,
        tenant=row.tenant,
        role=role,
        name=row.name,
        shard=row.shard,
        app_id=row.app_id,
        roles=tuple(json.loads(row.roles)),
    )


async def _device_of(change: Change, tenant: str, agent: str, device: str) -> str:
    """The id of the device, or `ALL`."""
    if agent == permits.ALL:
        return permits.ALL
    owner = await change.client(agent)
    if owner is None or owner.tenant != tenant:
        raise Unfit(f"There is no agent or application {agent} in the tenant {tenant}.")
    if device == permits.ALL:
        return permits.ALL
    found = (await change.devices(agent)).get(device_id(agent, device))
    if found is None or found.device.virtual:
        raise Unfit(f"There is no device named {device!r} at the agent {agent}; `agent list --devices` names them.")
    return found.device.id


async def _shareable(change: Change, agent: str, name: str, kind: DeviceType, tenant: str) -> Row[Any]:
    wanted = select(devices).where(devices.c.agent == agent, devices.c.id == device_id(agent, name), devices.c.gone.is_(False))
    row = (await change.connection.execute(wanted)).first()
    if row is None or row.type != kind.value or (tenant and row.tenant != tenant):
        raise Unfit(f"There is no {kind.value} named {name!r} at the client {agent}; listDevices names them.")
    if row.virtual:
        raise Unfit(f"deviceName: {name!r} is every client's own and cannot be shared: name a device of this machine.")
    return row


async def _users(change: Change, device: Row[Any], users: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(sorted(set(users) - {device.agent}))
    if len(wanted) > MOST_USERS:
        raise Unfit(f"users: at most {MOST_USERS} clients can be named; write * for all of them.")
    for sn in wanted:
        if sn == EVERYBODY:
            continue
        row = await change.client(sn)
        if row is None or row.tenant != device.tenant:
            raise Unfit(f"users: there is no client {sn[:8]!r}; write serial numbers of this tenant, or * for all.")
    return wanted


async def _tell_devices(change: Change, sn: str) -> None:
    found = await change.connection.execute(select(devices.c.id).where(devices.c.agent == sn))
    await change.tell_all([device_key(sn, row.id) for row in found])
