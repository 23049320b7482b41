"""A database of the first version comes up to date with everything that it holds, and means what it meant."""

import shutil

import pytest
from sqlalchemy import text

from libs.contracts.directory import ClientEntry, ClientKind, TokenEntry
from libs.contracts.fleet import GetPrinter, ListConnectors
from libs.contracts.ids import device_id, guid
from libs.runtime.database import database
from libs.runtime.settings import read
from services.registry import connectors, enrol, printers, roaming
from services.registry.presence import Presence
from services.registry.registry import Apart, Registry
from services.registry.settings import RegistrySettings
from services.registry.store import MIGRATIONS

SN = "jueKiUEE"
OFFICE = device_id(SN, "Office")
CLIENTS = "sn, tenant, role, name, shard, enabled, reported_at, created_at"
DEVICES = "agent, id, tenant, name, type, state, reasons, accepting, system_default, unknown, capabilities, revision, gone"
VALUES = f"'{SN}', '{OFFICE}', 'main', 'Office', 'printer', 'idle', '[]', true, true, 'ask', '{{}}', 3, false"
TOKENS = "digest, sn, name, created_at, expires_at, revoked_at"
ROWS = (
    "INSERT INTO tenants (id, name, created_at) VALUES ('main', 'main', 1)",
    f"INSERT INTO clients ({CLIENTS}) VALUES ('{SN}', 'main', 'agent', '', 0, true, 0, 1)",
    f"INSERT INTO tokens ({TOKENS}) VALUES ('good', '{SN}', 'a', 1, 0, 0), ('revoked', '{SN}', 'b', 1, 0, 7)",
    f"INSERT INTO devices ({DEVICES}) VALUES ({VALUES})",
    f"INSERT INTO defaults (sn, type, agent, device) VALUES ('{SN}', 'printer', '{SN}', '{OFFICE}')",
)


@pytest.fixture
def first(tmp_path):
    """A folder with the first migration only."""
    folder = tmp_path / "first"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_first.py", folder)
    return folder


async def test_what_was_there_keeps_its_meaning(database_url, tmp_path, first):
    settings = read(RegistrySettings, data_dir=tmp_path, database_url=database_url)
    async with database(database_url, tmp_path, "registry", first) as old, old.transaction() as connection:
        for row in ROWS:
            await connection.execute(text(row))
    async with enrol.open_store(settings) as store:
        async with store.change() as change:
            await roaming.give_all(change)
        entries = {entry.key: entry for entry in await store.entries()}
        assert entries[f"client.{SN}"] == ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT)
        assert entries["token.good"] == TokenEntry(digest="good", sn=SN, tenant="main", name="a"), "good for everything"
        assert "token.revoked" not in entries
        office = entries[f"device.{SN}.{OFFICE}"]
        assert (office.device.name, office.device.virtual, office.users, office.marks) == ("Office", False, (), ())
        assert await store.defaults(SN) == {"printer": (SN, OFFICE)}
        assert entries[f"device.{SN}.{device_id(SN, 'Roaming Print')}"].device.virtual
        assert await store.audited(0) == []
        registry = Registry(store, Presence(6), Apart(store))
        printer = guid("printer", SN, OFFICE)
        found = (await printers.get_printer(registry, GetPrinter(region="local", tenant="main", printer=printer))).printer
        assert (found.id, found.profile.display, found.registered_at) == (printer, "Office", 1)
        assert found.connector == guid("client", SN)
        (connector,) = (await connectors.list_connectors(registry, ListConnectors(region="local", tenant="main"))).connectors
        assert (connector.id, connector.registered_at) == (found.connector, 1)
