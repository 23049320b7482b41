"""The audit log is only added to, whoever has the database: on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.contracts.queries import RecordAction
from libs.runtime.database import open_database
from libs.runtime.settings import read
from services.registry import enrol, handlers
from services.registry.presence import Presence
from services.registry.registry import Apart, Registry
from services.registry.settings import RegistrySettings

COPY = "SELECT id, at, 'nobody', action, what, tenant, details FROM audit"
FORGERIES = (
    "UPDATE audit SET who = 'nobody'",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE id = 1",
    f"INSERT INTO audit {COPY} WHERE true ON CONFLICT (id) DO UPDATE SET who = 'nobody'",
)
SQLITE = (f"INSERT OR REPLACE INTO audit {COPY}", f"REPLACE INTO audit {COPY}", "UPDATE OR REPLACE audit SET id = id + 1")
POSTGRESQL = ("TRUNCATE audit",)


async def test_what_stands_in_the_log_can_neither_be_changed_nor_taken_out(database_url, tmp_path):
    settings = read(RegistrySettings, data_dir=tmp_path, database_url=database_url)
    async with enrol.open_store(settings) as store:
        for tenant in ("clinic", "rival"):
            await enrol.add_tenant(store.acting("anna"), tenant)
        before = [tuple(row) for row in await store.audited(0)]
        assert [row[2] for row in before] == ["anna", "anna"]
        opened = open_database(database_url, tmp_path, "registry")
        try:
            for forgery in (*FORGERIES, *(SQLITE if opened.sqlite else POSTGRESQL)):
                with pytest.raises(DBAPIError, match="the audit log is only added to"):
                    async with opened.transaction() as connection:
                        await connection.execute(text(forgery))
        finally:
            await opened.close()
        await enrol.add_tenant(store, "third")
        after = [tuple(row) for row in await store.audited(0)]
        assert (after[:2], len(after)) == (before, 3)


async def test_what_an_application_without_a_client_does_is_recorded_as_its_own(tmp_path):
    async with enrol.open_store(read(RegistrySettings, data_dir=tmp_path)) as store:
        registry = Registry(store, Presence(6), Apart(store))
        asked = RecordAction(
            region="local",
            tenant="clinic",
            sn="",
            action="subscription added",
            what="ab12",
            details={"host": "a.example"},
            by="the application FE-01",
        )
        await handlers.record_action(registry, asked)
        (row,) = await store.audited(0)
        assert (row.who, row.action, row.what, row.details) == (
            "the application FE-01",
            "subscription added",
            "ab12",
            '{"host": "a.example"}',
        )
