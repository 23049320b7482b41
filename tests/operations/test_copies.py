"""What a backup holds, where it may be brought back to, and that PostgreSQL's tables come back with it."""

import asyncio
import json
import stat

import pytest
from sqlalchemy import insert, select, text

from libs.contracts.message import encode
from libs.contracts.streams import INTAKE, PRINT, outbox
from libs.runtime.admin import provision
from libs.runtime.bus import Outgoing
from libs.runtime.children import started_at
from libs.runtime.credentials import write_secret
from libs.runtime.database import database, open_database
from libs.runtime.history import History
from libs.runtime.keys import ADMIN
from libs.runtime.settings import read
from services.backup import databases, restoring, taking
from services.backup.renumbering import renumber
from services.cli.verbs.migrate import OWNERS
from services.embedded import parting
from services.registry.settings import RegistrySettings
from services.spooler import restored, tables
from tests.bus import running_bus
from tests.spooler.making import request, submission
from tests.waiting import until


@pytest.fixture
async def rig(tmp_path):
    async with running_bus(tmp_path / "one") as running:
        yield running


@pytest.fixture
def settings(rig, monkeypatch, database_url):
    def of(folder):
        for name, value in {"DATA_DIR": str(folder), "NATS_URL": rig.url, "DATABASE_URL": database_url}.items():
            monkeypatch.setenv(f"PRINTBUS_{name}", value)
        return read(RegistrySettings)

    return of


async def take(settings, folder):
    return await taking.take(settings, folder, with_databases=True, with_documents=True)


async def test_all_of_a_region_comes_back_and_is_marked(rig, settings, tmp_path):
    own = settings(tmp_path / "one")
    for service, migrations in OWNERS.items():
        async with database(own.database_url, own.data_dir, service, migrations) as opened:
            if service == "spooler":
                async with opened.transaction() as connection:
                    await connection.execute(insert(tables.task).values(id="open", name="n", device="d", stage="fetchable"))
                    await connection.execute(
                        insert(tables.task).values(id="over", name="n", device="d", stage="completed", ended_at=1)
                    )
    admin = await rig.connect(ADMIN)
    submitted = submission(request(1))
    await admin.publish_raw(Outgoing(submitted.subject, encode(submitted), "one"), stream=INTAKE)
    await admin.publish_raw(Outgoing("order.print.local.0.main.AGENT001.p", b"an order", "two"), stream=PRINT)
    last = (await admin.js.stream_info(PRINT)).state.last_seq
    (own.data_dir / "documents" / "main").mkdir(parents=True)
    (own.data_dir / "documents" / "main" / "t").write_bytes(b"%PDF")
    write_secret(own.data_dir / "token", "secret\n")

    made = await take(own, tmp_path / "copy")
    assert made.streams[:2] == ("INTAKE", "REPORTS")
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "copy" / "keys").iterdir()} == {0o600}
    with pytest.raises(taking.Unfit, match="is not empty"):
        await take(own, tmp_path / "copy")

    other = settings(tmp_path / "two")
    with pytest.raises(taking.Unfit, match="messages in INTAKE"):
        await restoring.bring_back(other, tmp_path / "copy")
    for stream in ("INTAKE", "PRINT"):
        await admin.js.purge_stream(stream)
    if other.database_url:
        opened = open_database(other.database_url, other.data_dir, "spooler")
        async with opened.transaction() as connection:
            for service in databases.SERVICES:
                await connection.execute(text(f"DROP SCHEMA {service} CASCADE"))
        await opened.close()

    assert (await restoring.bring_back(other, tmp_path / "copy")).held == 1
    assert (other.data_dir / "documents" / "main" / "t").read_bytes() == b"%PDF"
    assert (other.data_dir / "token").read_text() == "secret\n"
    assert (await admin.js.stream_info(INTAKE)).state.messages == 1
    assert (await admin.js.stream_info(PRINT)).state.messages == 0
    assert (await admin.js.stream_info(PRINT)).state.last_seq == last, "numbers go on"
    async with database(other.database_url, other.data_dir, "spooler", OWNERS["spooler"]) as opened, opened.reading() as connection:
        ids = (await connection.execute(select(tables.task.c.id).order_by(tables.task.c.id))).scalars().all()
        marked = (await connection.execute(select(tables.cursors).where(tables.cursors.c.stream == restored.ROW))).one()
    assert ids == ["open", "over"]
    assert (marked.sequence, marked.at >= made.taken) == (0, True)


async def test_what_cannot_be_brought_back_is_refused_before_anything_is_touched(settings, tmp_path):
    own = settings(tmp_path / "one")
    (tmp_path / "half").mkdir()
    with pytest.raises(taking.Unfit, match=r"has no backup\.json"):
        await restoring.bring_back(own, tmp_path / "half")
    told = {"region": "local", "taken": 1, "documents": True}
    (tmp_path / "half" / "keys").mkdir()
    (tmp_path / "half" / "keys" / "operator.jwt").write_text("another's")
    for changes, words in (
        ({"format": 2}, "another format"),
        ({"region": "us"}, "region us"),
        ({}, "other keys than the backup"),
    ):
        (tmp_path / "half" / "backup.json").write_text(json.dumps({**told, **changes}))
        with pytest.raises(taking.Unfit, match=words):
            await restoring.bring_back(own, tmp_path / "half")
    (own.data_dir / "spooler.sqlite").touch()
    with pytest.raises(taking.Unfit, match=r"has spooler\.sqlite already"):
        await restoring.bring_back(own, tmp_path / "half")
    with pytest.raises(taking.Unfit, match="no installation in"):
        await take(settings(tmp_path / "nowhere"), tmp_path / "copy")


async def test_an_agents_journal_that_was_brought_back_is_put_aside(settings, tmp_path):
    own = settings(tmp_path / "one")
    (own.data_dir / "agent" / "jueKiUEE").mkdir(parents=True)
    done = await restoring.mark(own)
    assert done.held == 0
    assert (done.aside / "jueKiUEE").is_dir()
    assert not (own.data_dir / "agent").exists()


async def test_an_outbox_that_was_brought_back_goes_on_above_all_numbers_that_it_ever_gave(rig):
    admin = await rig.connect(ADMIN)
    await provision(admin, "local", others=["us"])
    stream, history = outbox("us"), History(admin, outbox("us"))
    sent = [
        Outgoing(f"out.us.0.main.c{number}.d", b"%d" % number, f"id-{number}", {"traceparent": f"t{number}"}) for number in range(7)
    ]
    for out in sent:
        await admin.publish_raw(out, stream=stream)
    before = await history.bounds()
    assert before.first > 10**15, "one that is made anew must not begin at 1 either"
    assert await renumber(admin, "us") == 7
    found = await history.after(0, "out.us.>", 100)
    assert found[0].sequence > before.last
    assert [(each.subject, each.data, each.headers["Nats-Msg-Id"], each.headers["traceparent"]) for each in found] == [
        (out.subject, out.data, out.message_id, out.headers["traceparent"]) for out in sent
    ]
    config = (await admin.js.stream_info(stream)).config
    assert (config.max_bytes, config.allow_atomic) == (4 * 2**30, True)
    await provision(admin, "local", others=["us"])
    assert await renumber(admin, "us") == 7


async def test_what_was_kept_for_a_region_that_is_taken_away_goes_only_when_nothing_waits_or_somebody_says_so(rig):
    admin = await rig.connect(ADMIN)
    await provision(admin, "local", others=["us"])
    await admin.publish_raw(Outgoing("out.us.0.main.c.d", b"1", "id"), stream=outbox("us"))
    with pytest.raises(parting.StillWaiting, match="1 submissions for us are not known to be there"):
        await parting.forget(admin, "us", lose=False)
    await provision(admin, "local")
    assert await parting.forget(admin, "us", lose=True) == 1
    assert await parting.forget(admin, "us", lose=True) is None
    assert {"OUT_us", "KV_directory_us"}.isdisjoint({each.config.name for each in await admin.js.streams_info()})


async def test_who_gives_a_backup_up_leaves_no_program_of_postgresql_behind(tmp_path, monkeypatch):
    program, told = tmp_path / "pg_dump", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {told}\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = RegistrySettings(data_dir=tmp_path, database_url="postgresql://print@db.example/print")
    saving = asyncio.create_task(databases.save(settings, tmp_path))
    pid = int(await until(lambda: told.exists() and told.read_text().strip()))
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert not started_at(pid)
