"""Agents outside: invited by a token that is good once, enrolled with a key of their own, renewed, and put out."""

import re
import time
from typing import Any

import structlog
from sqlalchemy import Row, insert, or_, select, update

from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.ids import token_digest
from services.registry import enrol
from services.registry.change import Change
from services.registry.enrol import Unfit
from services.registry.store import Store
from services.registry.tables import clients, credentials, enrolments, tenants

log = structlog.get_logger()

#: The public key of a user of the bus (nkey).
KEY = re.compile(r"U[A-Z2-7]{55}")


async def invite(store: Store, tenant: str, name: str, *, sn: str = "", expires_at: int) -> str:
    """A token that enrols one agent until `expires_at` (ms since 1970): a new one, or once more the one with this number.

    Raises `Unfit` when there is no such tenant or agent.
    """
    token = enrol.make_token()
    async with store.change() as change:
        if not await change.tenant(tenant):
            raise Unfit(f"There is no tenant {tenant!r}: add it first.")
        if sn:
            client = await change.client(sn)
            if client is None or (client.tenant, client.role) != (tenant, ClientKind.AGENT.value):
                raise Unfit(f"The tenant {tenant!r} has no agent {sn}: leave its number out, and it gets a new one.")
            name = name or client.name
        if not name or len(name) > enrol.LONGEST_NAME:
            raise Unfit(f"The name of an agent has 1 to {enrol.LONGEST_NAME} characters.")
        values = {"tenant": tenant, "name": name, "sn": sn, "created_at": _now(), "expires_at": expires_at, "key": ""}
        await change.connection.execute(insert(enrolments).values(digest=token_digest(token), **values))
        await change.note("agent invited", sn or name, tenant, name=name, expires_at=expires_at)
    return token


async def redeem(store: Store, digest: str, key: str, sn: str, expires_at: int) -> ClientEntry:
    """Enrol who shows a token: a new agent, or the invited one with a new key. Repeated with the same key it changes nothing.

    `sn` is who it was before, if anybody. `expires_at`: of its credentials. Raises `Unfit` with what to do instead.
    """
    if not KEY.fullmatch(key):
        raise Unfit("The key is not the public key of a user of the bus: 56 letters and digits, a U first.")
    async with store.change() as change:
        asked = select(enrolments).where(enrolments.c.digest == digest).with_for_update()
        row = (await change.connection.execute(asked)).first()
        if row is None or row.expires_at <= _now():
            raise Unfit("The enrolment token is not known, or its time is over: have the agent invited again.")
        if row.key and row.key != key:
            raise Unfit("The enrolment token was used already: each is good for one agent. Have this one invited too.")
        agent = await _agent(change, row, sn)
        await change.connection.execute(update(enrolments).where(enrolments.c.digest == digest).values(key=key, sn=agent))
        await _give_key(change, agent, key, expires_at)
        if not row.key:
            await change.note("agent enrolled", agent, row.tenant, key=key)
    found = await store.client(agent)
    if found is None or not found.enabled:
        raise Unfit(f"The agent {agent} is disabled: have it enabled first.")
    log.info("agent enrolled", agent=agent, tenant=found.tenant)
    return found


async def renew(store: Store, tenant: str, sn: str, key: str, expires_at: int) -> ClientEntry:
    """Prolong an agent's credentials. Raises `Unfit` when it is disabled, or the key is not its own any more."""
    found = await store.client(sn)
    if found is None or found.tenant != tenant or not found.enabled:
        raise Unfit(f"The agent {sn} is disabled, or not known: its credentials are not renewed.")
    async with store.change() as change:
        mine = (credentials.c.key == key) & (credentials.c.sn == sn) & (credentials.c.replaced_at == 0)
        done = await change.connection.execute(update(credentials).where(mine).values(issued_at=_now(), expires_at=expires_at))
        if not done.rowcount:
            raise Unfit(f"The agent {sn} has another key by now, or never enrolled: have it invited again.")
        await change.note("credentials renewed", sn, tenant, expires_at=expires_at)
    return found


async def put_out(store: Store) -> tuple[dict[str, int], list[str]]:
    """Keys that are good no more though their JWTs still are, and since when (seconds since 1970); and all disabled agents."""
    disabled = or_(clients.c.enabled.is_(False), tenants.c.enabled.is_(False))
    joined = credentials.join(clients, clients.c.sn == credentials.c.sn).join(tenants, tenants.c.id == clients.c.tenant)
    wanted = (
        select(credentials)
        .select_from(joined)
        .where(credentials.c.expires_at > _now())
        .where(or_(credentials.c.replaced_at > 0, disabled))
    )
    async with store.look() as connection:
        rows = (await connection.execute(wanted)).all()
        agents = select(clients.c.sn).join(tenants, tenants.c.id == clients.c.tenant)
        off = (await connection.execute(agents.where(clients.c.role == ClientKind.AGENT.value, disabled))).all()
    now = int(time.time())
    return {row.key: row.replaced_at // 1000 or now for row in rows}, [row.sn for row in off]


async def _agent(change: Change, row: Row[Any], sn: str) -> str:
    """The serial number that a token's bearer has from now on."""
    if sn and row.sn != sn:
        raise Unfit(f"This data folder belongs to the agent {sn}: have that one invited again (--sn {sn}), or use another folder.")
    if row.sn:
        return str(row.sn)
    entry = await enrol.enter_client(change, row.tenant, ClientKind.AGENT, row.name, enrol.make_sn())
    return entry.sn


async def _give_key(change: Change, sn: str, key: str, expires_at: int) -> None:
    """The key is the agent's, and the only one."""
    now = _now()
    others = (credentials.c.sn == sn) & (credentials.c.key != key) & (credentials.c.replaced_at == 0)
    await change.connection.execute(update(credentials).where(others).values(replaced_at=now))
    known = (await change.connection.execute(select(credentials).where(credentials.c.key == key))).first()
    if known and (known.sn != sn or known.replaced_at):
        raise Unfit("This key was used before: let a new one be made.")
    if known:
        await change.connection.execute(update(credentials).where(credentials.c.key == key).values(expires_at=expires_at))
        return
    values = {"key": key, "sn": sn, "issued_at": now, "expires_at": expires_at, "replaced_at": 0}
    await change.connection.execute(insert(credentials).values(**values))


def _now() -> int:
    return time.time_ns() // 1_000_000
