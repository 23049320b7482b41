"""The registry's database: what it knows, as rows and as the entries that the directory should have."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, case, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import ClientEntry, DefaultEntry, DeviceEntry, TokenEntry
from libs.runtime.database import Database
from libs.runtime.stillness import Stillness
from services.registry import hooks, permits, rows
from services.registry.change import Change
from services.registry.rows import TokenRow
from services.registry.tables import audit, clients, defaults, devices, news, tenants, tokens

MIGRATIONS = Path(__file__).parent / "migrations"

Kept = ClientEntry | TokenEntry | DeviceEntry | DefaultEntry
"""The entries of the directory that the database holds; presence is in memory."""


class Usable(NamedTuple):
    """A device that a client may use: whose it is, whether its owner shares it, and whether an application serves it."""

    agent: str
    device: Device
    shared: bool
    served: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """A key of the directory whose entry changed, or an event as bytes."""

    id: int
    key: str
    event: bytes | None


#: What another process changed is seen at the next look, a revocation say, if its sync took no longer than `YOUNG` seconds, and
#: else after `LOOK` seconds at most.
YOUNG, LOOK = 3.0, 10.0
#: What is done by the server itself, at its start say, is recorded as its.
ITSELF = "the server"

_CLIENTS = select(clients, tenants.c.enabled.label("tenant_enabled")).join(tenants, tenants.c.id == clients.c.tenant)
_VALID = select(tokens, clients.c.tenant).join(clients, clients.c.sn == tokens.c.sn).where(tokens.c.revoked_at == 0)
_PRESENT = select(devices).where(devices.c.gone.is_(False))


class Store:
    """What the registry knows. `roaming` is the name of every client's virtual printer; empty: there is none."""

    def __init__(self, database: Database, *, roaming: str = "", who: str = ITSELF) -> None:
        self._database = database
        self._who = who
        self.roaming = roaming

    def acting(self, who: str) -> "Store":
        """The same, with changes that are recorded as theirs."""
        return Store(self._database, roaming=self.roaming, who=who)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        async with self._database.transaction() as connection:
            yield Change(connection, self._who, self.roaming)

    def stillness(self) -> Stillness:
        """For a reader that looks again and again."""
        return Stillness(self._database, LOOK, YOUNG)

    async def client(self, sn: str) -> ClientEntry | None:
        """A client; one of a disabled tenant is disabled."""
        found = await self._first(_CLIENTS.where(clients.c.sn == sn))
        return rows.client_entry(found) if found else None

    async def all_clients(self) -> list[ClientEntry]:
        """Every client of every tenant, by serial number."""
        return [rows.client_entry(row) for row in await self._all(_CLIENTS.order_by(clients.c.sn))]

    async def devices(self, agent: str, kind: DeviceType | None) -> list[Device]:
        """The devices that an agent itself has now, by name."""
        wanted = _PRESENT.where(devices.c.agent == agent, devices.c.virtual.is_(False)).order_by(devices.c.name)
        if kind:
            wanted = wanted.where(devices.c.type == kind.value)
        return [rows.known(row).device for row in await self._all(wanted)]

    async def device(self, agent: str, device: str) -> Device | None:
        """A device that is there now."""
        found = await self._first(_PRESENT.where(devices.c.agent == agent, devices.c.id == device))
        return rows.known(found).device if found else None

    async def usable(
        self,
        client: ClientEntry,
        *,
        kind: DeviceType | None = None,
        agent: str = "",
        device: str = "",
        name: str = "",
        offset: int = 0,
        limit: int = 1000,
        plain: bool = False,
    ) -> list[Usable]:
        """The devices that a client may use, its own first.

        `plain`: without what they can do.
        """
        wanted = permits.usable(client, plain=plain).offset(offset).limit(limit)
        for column, value in ((devices.c.agent, agent), (devices.c.id, device), (devices.c.name, name)):
            wanted = wanted.where(column == value) if value else wanted
        if kind:
            wanted = wanted.where(devices.c.type == kind.value)
        known = ((row, rows.known(row, plain=plain)) for row in await self._all(wanted))
        return [Usable(row.agent, one.device, bool(row.shared), bool(one.served_by)) for row, one in known]

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
                return await self._device_entry(row) if row else None
            case "default", [sn, of_type]:
                row = await self._first(select(defaults).where(defaults.c.sn == sn, defaults.c.type == of_type))
                return rows.default_entry(row) if row else None
        return None

    async def entries(self) -> list[Kept]:
        """All entries that the directory should have."""
        found: list[Kept] = [rows.client_entry(row) for row in await self._all(_CLIENTS)]
        found += [rows.token_entry(row) for row in await self._all(_VALID)]
        users = permits.Users(await self._all(permits.all_shares()), await self._all(permits.all_grants()))
        works = hooks.Hooks(await self._all(hooks.bound()))
        found += [rows.device_entry(row, users.of(row), works.of(row)) for row in await self._all(_PRESENT)]
        found += [rows.default_entry(row) for row in await self._all(select(defaults))]
        return found

    async def rows(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        """What a question or the command line lists."""
        return await self._all(wanted)

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """Several questions about the same state."""
        async with self._database.reading() as connection:
            yield connection

    async def tokens(self, sn: str = "") -> list[TokenRow]:
        """The tokens of a client, or of all, also those that are not good any more."""
        wanted = select(tokens).order_by(tokens.c.sn, tokens.c.created_at, tokens.c.name)
        return [rows.token_row(row) for row in await self._all(wanted.where(tokens.c.sn == sn) if sn else wanted)]

    async def audited(self, since: int, tenant: str = "") -> Sequence[Row[Any]]:
        """The audit log since a time in ms since 1970, oldest first, of one tenant or of all."""
        wanted = select(audit).where(audit.c.at >= since).order_by(audit.c.id)
        return await self._all(wanted.where(audit.c.tenant == tenant) if tenant else wanted)

    async def news(self, limit: int) -> list[News]:
        """The oldest news that the world has yet to be told; of tokens and clients first: a revocation waits for nothing else."""
        urgent = case((news.c.key.startswith("token."), 0), (news.c.key.startswith("client."), 0), else_=1)
        return [News(row.id, row.key, row.event) for row in await self._all(select(news).order_by(urgent, news.c.id).limit(limit))]

    async def forget(self, told: Sequence[int]) -> None:
        """Delete news that were told."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(news).where(news.c.id.in_(told)))

    async def _device_entry(self, row: Row[Any]) -> DeviceEntry:
        if row.virtual:
            return rows.device_entry(row, ())
        async with self._database.reading() as connection:
            found = (await connection.execute(permits.users(row.tenant, row.agent, row.id))).all()
            bound = (await connection.execute(hooks.bound_to(row.agent, row.id))).all()
        return rows.device_entry(row, tuple(each.user for each in found), tuple(hooks.hook(each) for each in bound))

    async def _first(self, wanted: Select[Any]) -> Row[Any] | None:
        async with self._database.reading() as connection:
            found: Row[Any] | None = (await connection.execute(wanted)).first()
            return found

    async def _all(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        async with self._database.reading() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(wanted)).all()
            return found
