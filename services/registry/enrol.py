"""Who belongs here: tenants, clients and tokens, as the start of the embedded server and the command line make them."""

import re
import secrets
import string
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import func, select

from libs.contracts.directory import ClientEntry, ClientKind, Scope, TokenEntry
from libs.contracts.ids import token_digest
from libs.runtime.database import database
from services.registry import roaming
from services.registry.change import Change
from services.registry.domain import SN_PATTERN, TENANT_PATTERN, shard_of
from services.registry.settings import RegistrySettings
from services.registry.store import MIGRATIONS, Store
from services.registry.tables import clients

log = structlog.get_logger()

#: The name of the token that the settings (or the file `token`) give to this server's own client.
OWN_TOKEN = "api-token"  # noqa: S105 - a name, not a token
#: What tokens of an issuer elsewhere may call an application.
APP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}")
#: Characters of a name of a client or a token.
LONGEST_NAME = 100


class Unfit(Exception):
    """It cannot be enrolled like this; the sentence says why."""


@asynccontextmanager
async def open_store(settings: RegistrySettings) -> AsyncIterator[Store]:
    """The registry's database, migrated: a running registry takes up within a second what is changed here."""
    async with database(settings.database_url, settings.data_dir, "registry", MIGRATIONS) as opened:
        yield Store(opened, roaming=settings.roaming)


def make_sn() -> str:
    """A new serial number: 8 letters and digits in both cases."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(8))


def make_token() -> str:
    """A new token: 256 bits of chance, safe in a header."""
    return secrets.token_urlsafe(32)


async def add_tenant(store: Store, tenant: str, name: str = "") -> bool:
    """Add a tenant unless it is there; whether it was added. Raises `Unfit` for an id that cannot be one."""
    if not re.fullmatch(TENANT_PATTERN, tenant):
        raise Unfit(f"A tenant's id has up to 32 lower-case letters, digits and dashes, such as clinic-1; {tenant!r} is none.")
    async with store.change() as change:
        return await _add_tenant(change, tenant, name)


async def add_client(
    store: Store,
    tenant: str,
    role: ClientKind,
    name: str = "",
    sn: str = "",
    *,
    app_id: str = "",
    roles: Sequence[str] = (),
) -> ClientEntry:
    """Add a client with this or a new serial number. Raises `Unfit` when the tenant is unknown, or the number or `app_id` is taken.

    `app_id` is what tokens of other issuers call it, empty: what ours does; `roles` are Graph's permissions for itself.
    """
    sn = sn or make_sn()
    if not SN_PATTERN.fullmatch(sn):
        raise Unfit(f"A serial number has exactly 8 letters and digits, such as jueKiUEE; {sn!r} is none.")
    if len(name) > LONGEST_NAME:
        raise Unfit(f"The name of a client has at most {LONGEST_NAME} characters.")
    async with store.change() as change:
        if not await change.tenant(tenant):
            raise Unfit(f"There is no tenant {tenant!r}: add it first.")
        if await change.client(sn):
            raise Unfit(f"The serial number {sn} is taken: choose another one.")
        if app_id:
            await check_app_id(change, tenant, app_id)
        return await enter_client(change, tenant, role, name, sn, app_id=app_id, roles=roles)


async def check_app_id(change: Change, tenant: str, app_id: str) -> None:
    """Raises `Unfit` for what cannot be the id of an application, or is another's in this tenant."""
    if not APP_ID.fullmatch(app_id):
        raise Unfit(f"The id of an application is what its tokens say as appid or azp, best a GUID; {app_id[:80]!r} is none.")
    taken = select(clients.c.sn).where(clients.c.tenant == tenant, func.lower(clients.c.app_id) == app_id.lower())
    if row := (await change.connection.execute(taken)).first():
        raise Unfit(f"The id {app_id} is that of the client {row.sn} already.")


async def add_token(store: Store, sn: str, name: str, *, token: str = "", expires_at: int = 0, scopes: Sequence[Scope] = ()) -> str:
    """Give a client a token, a new one unless given, until `expires_at` (ms since 1970, 0: for ever); returns it.

    No `scopes`: it is good for everything. Raises `Unfit` when there is no such client or it has a valid token of that name.
    """
    token = token or make_token()
    async with store.change() as change:
        client = await change.client(sn)
        if client is None:
            raise Unfit(f"There is no client {sn}.")
        if not name or len(name) > LONGEST_NAME:
            raise Unfit(f"The name of a token has 1 to {LONGEST_NAME} characters.")
        if any(row.name == name and not row.revoked_at for row in await change.tokens(sn)):
            raise Unfit(f"The client {sn} has a token named {name!r}: revoke it first, or choose another name.")
        if await change.token(token_digest(token)):
            raise Unfit("This token was given before: let a new one be made.")
        entry = TokenEntry(
            digest=token_digest(token), sn=sn, tenant=client.tenant, name=name, expires_at=expires_at, scopes=tuple(scopes)
        )
        await change.add_token(entry, _now())
        await change.note("token added", sn, client.tenant, token=name, expires_at=expires_at, scopes=list(scopes))
    log.info("token added", client=sn, name=name)
    return token


async def revoke_token(store: Store, sn: str, name: str) -> None:
    """Revoke the valid token of that name. Raises `Unfit` when there is none."""
    async with store.change() as change:
        client = await change.client(sn)
        found = [row for row in await change.tokens(sn) if row.name == name and not row.revoked_at]
        if not found or client is None:
            raise Unfit(f"The client {sn} has no valid token named {name!r}.")
        for row in found:
            await change.revoke(row, _now())
        await change.note("token revoked", sn, client.tenant, token=name)
    log.info("token revoked", client=sn, name=name)


async def ensure_client(store: Store, tenant: str, sn: str, role: ClientKind, digest: str) -> ClientEntry:
    """See to it that tenant, client and token exist, as at every start; the client's last own token gives way to this one.

    Raises `Unfit` when the serial number belongs to another tenant.
    """
    now = _now()
    async with store.change() as change:
        await _add_tenant(change, tenant, tenant)
        row = await change.client(sn)
        if row is not None and (row.tenant, row.role) != (tenant, role.value):
            raise Unfit(f"The client {sn} is {row.role} of the tenant {row.tenant}: it cannot be {role.value} of {tenant}.")
        if row is None:
            await enter_client(change, tenant, role, "", sn)
        await _ensure_token(change, TokenEntry(digest=digest, sn=sn, tenant=tenant, name=OWN_TOKEN), now)
    found = await store.client(sn)
    assert found  # noqa: S101 - it was made above
    return found


async def _ensure_token(change: Change, entry: TokenEntry, now: int) -> None:
    known = await change.token(entry.digest)
    if known is not None:
        if known.revoked_at:
            log.warning("the given token stays revoked", client=entry.sn, name=known.name)
        return
    for row in await change.tokens(entry.sn):
        if row.name == OWN_TOKEN and not row.revoked_at:
            await change.revoke(row, now)
            await change.note("token revoked", entry.sn, entry.tenant, token=row.name)
    await change.add_token(entry, now)
    await change.note("token added", entry.sn, entry.tenant, token=entry.name, expires_at=0, scopes=[])


async def _add_tenant(change: Change, tenant: str, name: str) -> bool:
    added = await change.add_tenant(tenant, name, _now())
    if added:
        await change.note("tenant added", tenant, tenant, name=name or tenant)
    return added


async def enter_client(
    change: Change, tenant: str, role: ClientKind, name: str, sn: str, *, app_id: str = "", roles: Sequence[str] = ()
) -> ClientEntry:
    """Add a client within a transaction that has looked whether it may be added."""
    shard = shard_of(await change.agents()) if role is ClientKind.AGENT else 0
    entry = ClientEntry(sn=sn, tenant=tenant, role=role, name=name, shard=shard, app_id=app_id, roles=tuple(roles))
    await change.add_client(entry, _now())
    await roaming.give(change, entry)
    await change.note(f"{role.value} added", sn, tenant, name=name)
    log.info("client added", client=sn, tenant=tenant, role=role.value)
    return entry


def _now() -> int:
    return time.time_ns() // 1_000_000
