"""The registry's database: what it knows, and changes that are saved together with the news of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import ClientEntry, ClientKind, DefaultEntry, DeviceEntry, TokenEntry
from libs.contracts.message import encode
from libs.runtime.database import Database
from services.registry import rows
from services.registry.domain import Known
from services.registry.tables import clients, defaults, devices, news, tenants, tokens

MIGRATIONS = Path(__file__).parent / "migrations"

Kept = ClientEntry | TokenEntry | DeviceEntry | DefaultEntry
"""The entries of the directory that the database holds; presence is in memory."""


@dataclass(frozen=True, slots=True)
class News:
    """A key of the directory whose entry changed, or an event as bytes."""

    id: int
    key: str
    event: bytes | None


_VALID = select(tokens, clients.c.tenant).join(clients, clients.c.sn == tokens.c.sn).where(tokens.c.revoked_at == 0)
_PRESENT = select(devices).where(devices.c.gone.is_(False))


class Change:
    """One transaction: what it changes in the directory is news, in the same transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def client(self, sn: str) -> Row[Any] | None:
        """A client's row, locked until the end of the transaction."""
        return (await self._connection.execute(select(clients).where(clients.c.sn == sn).with_for_update())).first()

    async def add_tenant(self, tenant: str, name: str, now: int) -> bool:
        """Add a tenant unless it is there; whether it was added."""
        if (await self._connection.execute(select(tenants.c.id).where(tenants.c.id == tenant))).first():
            return False
        await self._connection.execute(insert(tenants).values(id=tenant, name=name or tenant, created_at=now))
        return True

    async def tenant(self, tenant: str) -> bool:
        """Whether there is such a tenant."""
        return (await self._connection.execute(select(tenants.c.id).where(tenants.c.id == tenant))).first() is not None

    async def agents(self) -> int:
        """How many agents there are."""
        count = select(func.count()).select_from(clients).where(clients.c.role == ClientKind.AGENT.value)
        return int((await self._connection.execute(count)).scalar_one())

    async def add_client(self, entry: ClientEntry, now: int) -> None:
        """Add a client."""
        await self._connection.execute(
            insert(clients).values(
                sn=entry.sn,
                tenant=entry.tenant,
                role=entry.role.value,
                name=entry.name,
                shard=entry.shard,
                enabled=entry.enabled,
                reported_at=0,
                created_at=now,
            )
        )
        await self._tell(entry.key)

    async def tokens(self, sn: str) -> Sequence[Row[Any]]:
        """All tokens of a client, the revoked ones too."""
        return (await self._connection.execute(select(tokens).where(tokens.c.sn == sn))).all()

    async def token(self, digest: str) -> Row[Any] | None:
        """A token's row, revoked or not."""
        return (await self._connection.execute(select(tokens).where(tokens.c.digest == digest))).first()

    async def add_token(self, entry: TokenEntry, now: int) -> None:
        """Add a token."""
        await self._connection.execute(
            insert(tokens).values(
                digest=entry.digest, sn=entry.sn, name=entry.name, created_at=now, expires_at=entry.expires_at, revoked_at=0
            )
        )
        await self._tell(entry.key)

    async def revoke(self, token: Row[Any], now: int) -> None:
        """Revoke a token for ever."""
        await self._connection.execute(update(tokens).where(tokens.c.digest == token.digest).values(revoked_at=now))
        await self._tell(TokenEntry(digest=token.digest, sn=token.sn, tenant="").key)

    async def devices(self, agent: str) -> dict[str, Known]:
        """All devices of an agent, the gone ones too."""
        found = await self._connection.execute(select(devices).where(devices.c.agent == agent))
        return {row.id: rows.known(row) for row in found}

    async def save_device(self, entry: DeviceEntry, known: Known, *, new: bool) -> None:
        """Insert or update one device."""
        values = rows.device_values(known)
        if new:
            names = {"agent": entry.agent, "id": entry.device.id, "tenant": entry.tenant}
            await self._connection.execute(insert(devices).values(**names, **values))
        else:
            mine = (devices.c.agent == entry.agent) & (devices.c.id == entry.device.id)
            await self._connection.execute(update(devices).where(mine).values(**values))
        await self._tell(entry.key)

    async def reported(self, agent: str, at: int) -> None:
        """Remember when the stream stored the last report of an agent."""
        await self._connection.execute(update(clients).where(clients.c.sn == agent).values(reported_at=at))

    async def default(self, sn: str, kind: str) -> Row[Any] | None:
        """The default device of a client for one type."""
        wanted = select(defaults).where(defaults.c.sn == sn, defaults.c.type == kind)
        return (await self._connection.execute(wanted)).first()

    async def set_default(self, entry: DefaultEntry) -> None:
        """Make a device the default of its type; the one before loses that place."""
        mine = (defaults.c.sn == entry.sn) & (defaults.c.type == entry.type)
        await self._connection.execute(delete(defaults).where(mine))
        await self._connection.execute(
            insert(defaults).values(sn=entry.sn, type=entry.type, agent=entry.agent, device=entry.device)
        )
        await self._tell(entry.key)

    async def announce(self, event: object) -> None:
        """Save an event that is published after the transaction."""
        await self._connection.execute(insert(news).values(key="", event=encode(event)))

    async def _tell(self, key: str) -> None:
        await self._connection.execute(insert(news).values(key=key, event=None))


class Store:
    """What the registry knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        async with self._database.transaction() as connection:
            yield Change(connection)

    async def client(self, sn: str) -> ClientEntry | None:
        """A client."""
        found = await self._first(select(clients).where(clients.c.sn == sn))
        return rows.client_entry(found) if found else None

    async def all_clients(self) -> list[ClientEntry]:
        """Every client of every tenant, by serial number."""
        return [rows.client_entry(row) for row in await self._all(select(clients).order_by(clients.c.sn))]

    async def devices(self, agent: str, kind: DeviceType | None) -> list[Device]:
        """The devices that an agent has now, by name."""
        wanted = _PRESENT.where(devices.c.agent == agent).order_by(devices.c.name)
        if kind:
            wanted = wanted.where(devices.c.type == kind.value)
        return [rows.known(row).device for row in await self._all(wanted)]

    async def device(self, agent: str, device: str) -> Device | None:
        """A device that is there now."""
        found = await self._first(_PRESENT.where(devices.c.agent == agent, devices.c.id == device))
        return rows.known(found).device if found else None

    async def defaults(self, sn: str) -> dict[str, tuple[str, str]]:
        """A client's default devices: type -> (agent, device id)."""
        return {row.type: (row.agent, row.device) for row in await self._all(select(defaults).where(defaults.c.sn == sn))}

    async def entry(self, key: str) -> Kept | None:
        """The entry of the directory as it should be now, None when there should be none."""
        kind, *parts = key.split(".")
        match kind, parts:
            case "client", [sn]:
                return await self.client(sn)
            case "token", [digest]:
                row = await self._first(_VALID.where(tokens.c.digest == digest))
                return rows.token_entry(row) if row else None
            case "device", [agent, device]:
                row = await self._first(_PRESENT.where(devices.c.agent == agent, devices.c.id == device))
                return rows.device_entry(row) if row else None
            case "default", [sn, of_type]:
                row = await self._first(select(defaults).where(defaults.c.sn == sn, defaults.c.type == of_type))
                return rows.default_entry(row) if row else None
        return None

    async def entries(self) -> list[Kept]:
        """All entries that the directory should have."""
        found: list[Kept] = [rows.client_entry(row) for row in await self._all(select(clients))]
        found += [rows.token_entry(row) for row in await self._all(_VALID)]
        found += [rows.device_entry(row) for row in await self._all(_PRESENT)]
        found += [rows.default_entry(row) for row in await self._all(select(defaults))]
        return found

    async def news(self, limit: int) -> list[News]:
        """The oldest news that the world has yet to be told."""
        return [News(row.id, row.key, row.event) for row in await self._all(select(news).order_by(news.c.id).limit(limit))]

    async def forget(self, told: Sequence[int]) -> None:
        """Delete news that were told."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(news).where(news.c.id.in_(told)))

    async def _first(self, wanted: Select[Any]) -> Row[Any] | None:
        async with self._database.reading() as connection:
            found: Row[Any] | None = (await connection.execute(wanted)).first()
            return found

    async def _all(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        async with self._database.reading() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(wanted)).all()
            return found
