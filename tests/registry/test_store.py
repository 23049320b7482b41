"""The registry's database, on SQLite and on a real PostgreSQL: what is saved comes back, with the news of it."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import inspect

from libs.contracts.devices import (
    Capabilities,
    CustomMedia,
    Device,
    DeviceType,
    MediaSupport,
    PartialPolicy,
    PrinterState,
    ResumePolicy,
    UnknownPolicy,
)
from libs.contracts.directory import (
    ClientEntry,
    ClientKind,
    DefaultEntry,
    DeviceEntry,
    TokenEntry,
    client_key,
    default_key,
    device_key,
    token_key,
)
from libs.contracts.ids import device_id, token_digest
from libs.contracts.tickets import Collate, ColorMode, Margins, Media, Orientation, Quality, Sides
from libs.runtime.database import database
from libs.runtime.settings import read
from services.registry import enrol
from services.registry.domain import Known
from services.registry.enrol import OWN_TOKEN, Unfit
from services.registry.settings import RegistrySettings
from services.registry.store import MIGRATIONS
from services.registry.tables import metadata

SN = "jueKiUEE"
DIGEST = token_digest("a token")
OFFICE = Device(
    id=device_id(SN, "办公室 'Office'"),
    name="办公室 'Office'",
    state=PrinterState.STOPPED,
    reasons=("media-empty", "door-open"),
    accepting=False,
    system_default=True,
    unknown=UnknownPolicy.REPRINT,
    resume=ResumePolicy.ASK,
    partial=PartialPolicy.CONTINUE,
    capabilities=Capabilities(
        formats=("application/pdf", "image/urf"),
        colors=(ColorMode.COLOR, ColorMode.MONOCHROME),
        default_color=ColorMode.COLOR,
        max_copies=999,
        orientations=tuple(Orientation),
        default_orientation=Orientation.PORTRAIT,
        collates=tuple(Collate),
        default_collate=Collate.COLLATED,
        qualities=tuple(Quality),
        default_quality=Quality.NORMAL,
        sides=tuple(Sides),
        default_sides=Sides.ONE_SIDED,
        media=(MediaSupport(Media(21000, 29700, "iso_a4_210x297mm"), Margins(423, 423, 423, 423), "tray-1"),),
        default_media=Media(21000, 29700),
        custom_media=CustomMedia(1000, 21590, 1000, 120000),
        sources=("tray-1",),
        resolutions=(300, 600),
        number_up=(1, 2, 4),
    ),
)


@pytest.fixture
def settings(database_url, tmp_path):
    return read(RegistrySettings, data_dir=tmp_path, database_url=database_url, roaming_name="-")


@pytest.fixture
async def store(settings):
    async with enrol.open_store(settings) as opened:
        yield opened


async def keys(store):
    return [one.key for one in await store.news(100)]


async def test_the_migrations_make_the_tables_that_the_code_knows(settings):
    async with database(settings.database_url, settings.data_dir, "registry", MIGRATIONS) as opened:

        def columns(connection):
            found = inspect(connection)
            return {
                table: {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(table)}
                for table in found.get_table_names()
                if table != "alembic_version"
            }

        async with opened.reading() as connection:
            made = await connection.run_sync(columns)
        dialect = opened.engine.dialect
    known = {
        table.name: {column.name: (column.type.compile(dialect), column.nullable) for column in table.columns}
        for table in metadata.tables.values()
    }
    assert {name: set(table) for name, table in made.items()} == {name: set(table) for name, table in known.items()}
    for name, table in known.items():
        assert {column: null for column, (_, null) in made[name].items()} == {column: null for column, (_, null) in table.items()}


async def test_two_processes_may_start_at_once(settings):
    async def opened():
        async with enrol.open_store(settings) as store:
            return await store.entries()

    assert await asyncio.gather(opened(), opened()) == [[], []]


async def test_an_own_client_is_made_once(store):
    first = await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    assert first == ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT)
    assert await keys(store) == [client_key(SN), token_key(DIGEST)]
    assert await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST) == first
    assert len(await keys(store)) == 2
    assert set(await store.entries()) == {first, TokenEntry(digest=DIGEST, sn=SN, tenant="main", name=OWN_TOKEN)}


async def test_another_token_in_the_settings_ends_the_one_before(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    named = await enrol.add_token(store, SN, "shop")
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, token_digest("new"))
    assert await store.entry(token_key(DIGEST)) is None
    assert (await store.entry(token_key(token_digest("new")))).name == OWN_TOKEN
    assert (await store.entry(token_key(token_digest(named)))).name == "shop"
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    assert await store.entry(token_key(DIGEST)) is None, "a revoked token stays revoked"


async def test_a_serial_number_stays_with_its_tenant_and_role(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    with pytest.raises(Unfit, match="tenant main"):
        await enrol.ensure_client(store, "other", SN, ClientKind.AGENT, DIGEST)
    with pytest.raises(Unfit, match="app"):
        await enrol.ensure_client(store, "main", SN, ClientKind.APP, DIGEST)
    with pytest.raises(Unfit, match="taken"):
        await enrol.add_client(store, "main", ClientKind.APP, sn=SN)
    with pytest.raises(Unfit, match="no tenant"):
        await enrol.add_client(store, "nobody", ClientKind.APP)
    with pytest.raises(Unfit, match="8 letters"):
        await enrol.add_client(store, "main", ClientKind.APP, sn="a.b.c.d.")


async def test_tenants_clients_and_tokens(store):
    assert await enrol.add_tenant(store, "clinic", "Clinic")
    assert not await enrol.add_tenant(store, "clinic")
    app = await enrol.add_client(store, "clinic", ClientKind.APP, "web shop")
    assert len(app.sn) == 8
    assert app.sn.isalnum()
    token = await enrol.add_token(store, app.sn, "till", expires_at=7)
    with pytest.raises(Unfit, match="revoke it first"):
        await enrol.add_token(store, app.sn, "till")
    assert await store.entry(token_key(token_digest(token))) == TokenEntry(
        digest=token_digest(token), sn=app.sn, tenant="clinic", name="till", expires_at=7
    )
    await enrol.revoke_token(store, app.sn, "till")
    assert await store.entry(token_key(token_digest(token))) is None
    with pytest.raises(Unfit, match="no valid token"):
        await enrol.revoke_token(store, app.sn, "till")
    with pytest.raises(Unfit, match="no client"):
        await enrol.add_token(store, "ABCDEFGH", "x")
    with pytest.raises(Unfit, match="given before"):
        await enrol.add_token(store, app.sn, "again", token=token)
    assert await store.all_clients() == [app]


async def test_tokens_are_stored_as_digests_only(store, settings, database_url, tmp_path):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, token_digest("canary-token"))
    token = await enrol.add_token(store, SN, "shop")
    if not database_url:
        written = b"".join(file.read_bytes() for file in tmp_path.glob("registry.sqlite*"))
        assert DIGEST.encode() not in written
        assert token_digest(token).encode() in written
        assert token.encode() not in written
        assert b"canary-token" not in written
    for entry in await store.entries():
        assert token not in repr(entry)


async def save(store, device, revision=1, *, gone=False, new=True):
    async with store.change() as change:
        entry = DeviceEntry(tenant="main", agent=SN, device=device)
        await change.save_devices(entry.tenant, entry.agent, [Known(device, revision, gone)], () if new else (device.id,))


async def test_a_device_comes_back_as_it_was_reported(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    await save(store, OFFICE)
    assert await store.device(SN, OFFICE.id) == OFFICE
    assert await store.devices(SN, None) == [OFFICE]
    assert await store.devices(SN, DeviceType.PRINTER) == [OFFICE]
    assert await store.devices(SN, DeviceType.CAMERA) == []
    assert await store.entry(device_key(SN, OFFICE.id)) == DeviceEntry(tenant="main", agent=SN, device=OFFICE)
    changed = replace(OFFICE, state=PrinterState.IDLE, reasons=())
    await save(store, changed, 2, new=False)
    async with store.change() as change:
        assert await change.devices(SN) == {OFFICE.id: Known(changed, 2)}
    await save(store, changed, 3, gone=True, new=False)
    assert await store.device(SN, OFFICE.id) is None
    assert await store.devices(SN, None) == []
    assert await store.entry(device_key(SN, OFFICE.id)) is None
    assert (await keys(store)).count(device_key(SN, OFFICE.id)) == 3


async def test_one_default_per_type(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    for device in ("a", "b"):
        async with store.change() as change:
            await change.set_default(DefaultEntry(sn=SN, type="printer", agent=SN, device=device))
    async with store.change() as change:
        await change.set_default(DefaultEntry(sn=SN, type="camera", agent=SN, device="c"))
    assert await store.defaults(SN) == {"printer": (SN, "b"), "camera": (SN, "c")}
    assert await store.entry(default_key(SN, "printer")) == DefaultEntry(sn=SN, type="printer", agent=SN, device="b")
    assert await store.entry(default_key(SN, "scanner")) is None


async def test_what_fails_leaves_neither_change_nor_news(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    before = await keys(store)

    async def half():
        async with store.change() as change:
            await change.set_default(DefaultEntry(sn=SN, type="printer", agent=SN, device="a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half()
    assert await store.defaults(SN) == {}
    assert await keys(store) == before


async def test_news_stay_in_order_until_they_are_told(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    first, second = await store.news(10)
    assert (first.key, second.key) == (client_key(SN), token_key(DIGEST))
    await store.forget([first.id])
    assert await store.news(10) == [second]
    await store.forget([second.id])
    await enrol.add_token(store, SN, "shop")
    (third,) = await store.news(10)
    assert third.id > second.id


async def test_news_of_tokens_overtake_all_others(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)
    async with store.change() as change:
        await change.tell_all([f"device.{SN}.{number}" for number in range(500)])
    named = await enrol.add_token(store, SN, "shop")
    await enrol.revoke_token(store, SN, "shop")
    told = [one.key for one in await store.news(10)]
    assert told[:4] == [client_key(SN), token_key(DIGEST), *[token_key(token_digest(named))] * 2]
    assert told[4:] == [f"device.{SN}.{number}" for number in range(6)]


async def test_changes_of_one_agent_wait_for_each_other(store):
    await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, DIGEST)

    async def count():
        async with store.change() as change:
            row = await change.client(SN)
            await change.reported(SN, row.reported_at + 1)

    await asyncio.gather(*(count() for _ in range(10)))
    async with store.change() as change:
        assert (await change.client(SN)).reported_at == 10


@pytest.mark.parametrize("key", ["tick", "presence.x", "client", "client.a.b", "", "device.x", "token.", "nothing.at.all"])
async def test_a_key_that_is_nobodys_has_no_entry(store, key):
    assert await store.entry(key) is None
