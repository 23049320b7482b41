"""Changes of the registry's database: each one transaction, saved together with the news of it and the record of who did it."""

import json
import time
from collections.abc import Container, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.directory import ClientEntry, ClientKind, DefaultEntry, TokenEntry, client_key, device_key
from libs.contracts.events import DeviceChanged
from libs.contracts.ids import guid
from libs.contracts.message import encode
from services.registry import rows
from services.registry.domain import Known
from services.registry.tables import audit, clients, defaults, devices, news, tenants, tokens


class Change:
    """One transaction: what it changes in the directory is news, and what `who` did is recorded, in the same transaction."""

    def __init__(self, connection: AsyncConnection, who: str, roaming: str) -> None:
        self.connection = connection
        self.roaming = roaming
        self._who = who

    async def client(self, sn: str) -> Row[Any] | None:
        """A client's row, locked until the end of the transaction."""
        return (await self.connection.execute(select(clients).where(clients.c.sn == sn).with_for_update())).first()

    async def note(self, action: str, what: str, tenant: str = "", **details: Any) -> None:
        """Record in the audit log what is done here; never with a secret."""
        values = {"at": now(), "who": self._who, "action": action, "what": what, "tenant": tenant}
        await self.connection.execute(insert(audit).values(**values, details=json.dumps(details, ensure_ascii=False)))

    async def add_tenant(self, tenant: str, name: str, now: int) -> bool:
        """Add a tenant unless it is there; whether it was added."""
        if (await self.connection.execute(select(tenants.c.id).where(tenants.c.id == tenant))).first():
            return False
        await self.connection.execute(insert(tenants).values(id=tenant, name=name or tenant, created_at=now, enabled=True))
        return True

    async def tenant(self, tenant: str) -> Row[Any] | None:
        """A tenant's row, locked until the end of the transaction."""
        return (await self.connection.execute(select(tenants).where(tenants.c.id == tenant).with_for_update())).first()

    async def agents(self) -> int:
        """How many agents there are."""
        count = select(func.count()).select_from(clients).where(clients.c.role == ClientKind.AGENT.value)
        return int((await self.connection.execute(count)).scalar_one())

    async def add_client(self, entry: ClientEntry, now: int) -> None:
        """Add a client."""
        await self.connection.execute(
            insert(clients).values(
                sn=entry.sn,
                tenant=entry.tenant,
                role=entry.role.value,
                name=entry.name,
                shard=entry.shard,
                enabled=entry.enabled,
                reported_at=0,
                created_at=now,
                marks="[]",
                app_id=entry.app_id or guid("application", entry.sn),
                guid=guid("client", entry.sn),
                roles=json.dumps(entry.roles),
            )
        )
        await self.tell(entry.key)

    async def tokens(self, sn: str) -> Sequence[Row[Any]]:
        """All tokens of a client, the revoked ones too."""
        return (await self.connection.execute(select(tokens).where(tokens.c.sn == sn))).all()

    async def token(self, digest: str) -> Row[Any] | None:
        """A token's row, revoked or not."""
        return (await self.connection.execute(select(tokens).where(tokens.c.digest == digest))).first()

    async def add_token(self, entry: TokenEntry, now: int) -> None:
        """Add a token."""
        await self.connection.execute(
            insert(tokens).values(
                digest=entry.digest,
                sn=entry.sn,
                name=entry.name,
                created_at=now,
                expires_at=entry.expires_at,
                revoked_at=0,
                scopes=json.dumps(entry.scopes),
            )
        )
        await self.tell(entry.key)

    async def revoke(self, token: Row[Any], now: int) -> None:
        """Revoke a token for ever."""
        await self.connection.execute(update(tokens).where(tokens.c.digest == token.digest).values(revoked_at=now))
        await self.tell(TokenEntry(digest=token.digest, sn=token.sn, tenant="").key)

    async def devices(self, agent: str) -> dict[str, Known]:
        """All devices of an agent, the gone ones too."""
        found = await self.connection.execute(select(devices).where(devices.c.agent == agent))
        return {row.id: rows.known(row) for row in found}

    async def save_devices(self, tenant: str, agent: str, saved: Sequence[Known], there: Container[str]) -> None:
        """Insert or update devices of one agent; `there` are the ids of those that have a row, gone or not."""
        new = [_new_device(tenant, agent, each) for each in saved if each.device.id not in there]
        if new:
            await self.connection.execute(insert(devices), new)
        changed = [{"of": agent, "which": each.device.id, **rows.device_values(each)} for each in saved if each.device.id in there]
        if changed:
            mine = (devices.c.agent == bindparam("of")) & (devices.c.id == bindparam("which"))
            await self.connection.execute(update(devices).where(mine), changed)
        await self.tell_all([device_key(agent, each.device.id) for each in saved])

    async def mark_device(self, agent: str, device: str, marks: str) -> bool:
        """What is printed by rule on a device that is there (JSON); whether it is."""
        mine = (devices.c.agent == agent) & (devices.c.id == device) & devices.c.gone.is_(False)
        found = await self.connection.execute(update(devices).where(mine).values(marks=marks))
        await self.tell(device_key(agent, device))
        return bool(found.rowcount)

    async def mark_client(self, sn: str, marks: str) -> None:
        """What is printed by rule on a client's tasks (JSON)."""
        await self.connection.execute(update(clients).where(clients.c.sn == sn).values(marks=marks))
        await self.tell(client_key(sn))

    async def reported(self, agent: str, at: int) -> None:
        """Remember when the stream stored the last report of an agent."""
        await self.connection.execute(update(clients).where(clients.c.sn == agent).values(reported_at=at))

    async def default(self, sn: str, kind: str) -> Row[Any] | None:
        """The default device of a client for one type."""
        wanted = select(defaults).where(defaults.c.sn == sn, defaults.c.type == kind)
        return (await self.connection.execute(wanted)).first()

    async def set_default(self, entry: DefaultEntry) -> None:
        """Make a device the default of its type; the one before loses that place."""
        mine = (defaults.c.sn == entry.sn) & (defaults.c.type == entry.type)
        await self.connection.execute(delete(defaults).where(mine))
        await self.connection.execute(insert(defaults).values(sn=entry.sn, type=entry.type, agent=entry.agent, device=entry.device))
        await self.tell(entry.key)

    async def unset_default(self, entry: DefaultEntry) -> None:
        """This type has no default any more."""
        mine = (defaults.c.sn == entry.sn) & (defaults.c.type == entry.type)
        await self.connection.execute(delete(defaults).where(mine))
        await self.tell(entry.key)

    async def announce(self, events: Iterable[DeviceChanged]) -> None:
        """Save events that are published after the transaction, in their order."""
        if told := [{"key": "", "event": encode(event)} for event in events]:
            await self.connection.execute(insert(news), told)

    async def tell(self, key: str) -> None:
        """The directory's entry of this key may have changed."""
        await self.tell_all([key])

    async def tell_all(self, keys: Sequence[str]) -> None:
        """The same of many keys, in one go."""
        if keys:
            await self.connection.execute(insert(news), [{"key": key, "event": None} for key in keys])


def _new_device(tenant: str, agent: str, known: Known) -> dict[str, Any]:
    """The row of a device that there never was."""
    device = known.device
    names = {"agent": agent, "id": device.id, "tenant": tenant, "marks": "[]"}
    graph = {"guid": guid("printer", agent, device.id), "display": device.name, "added_at": now()}
    return {**names, **graph, **rows.device_values(known)}


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
