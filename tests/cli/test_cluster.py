"""The two verbs that Jobs on a cluster run: `migrate` and `streams`."""

import sqlite3

from services.registry.store import MIGRATIONS as REGISTRY
from services.spooler.app import MIGRATIONS as SPOOLER
from services.webhooks.app import MIGRATIONS as WEBHOOKS


def test_migrate_brings_every_database_to_its_newest_revision(say, tmp_path):
    assert say("migrate")[0] == 0
    assert say("migrate")[0] == 0, "a second time nothing is left to do"
    for service, migrations in (("registry", REGISTRY), ("spooler", SPOOLER), ("webhooks", WEBHOOKS)):
        newest = max(path.name.partition("_")[0] for path in migrations.glob("[0-9]*_*.py"))
        with sqlite3.connect(tmp_path / f"{service}.sqlite") as database:
            assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (newest,)


def test_streams_without_a_server_says_which_setting_is_missing(say):
    code, _, err = say("streams")
    assert (code, "PRINTBUS_NATS_URL is missing" in err) == (2, True)
