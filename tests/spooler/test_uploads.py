"""Upload sessions on both databases: who may open one, what is missing, what becomes of the bytes."""

import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from libs.contracts.documents import Document, Format, Inline, Stored
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.contracts.uploads import (
    MOST_PIECES,
    UPLOAD_GRACE,
    UPLOAD_LIMIT,
    CompleteUpload,
    DropUpload,
    GetUpload,
    KeepPiece,
    OpenUpload,
)
from libs.runtime.bus import Refused
from libs.runtime.database import database
from libs.runtime.documents import Documents
from services.spooler import materials, sessions, store, strays, tables, uploads
from services.spooler.app import MIGRATIONS
from services.spooler.desk import Desk
from services.spooler.printers import Printers
from services.spooler.strays import Strays
from services.spooler.uploads import Uploads, UploadSweep
from tests.spooler.making import AGENT, PRINTER, request, task

TASK = "AGENT001-000000000001"
ALICE, WATERMARK = "alice-id", "watermark-app"
WHERE = {"region": "local", "tenant": "main"}


class Unknown:
    """A directory that knows no printer."""

    def get(self, _key):
        return None


class World:
    """One job that waits for its document, and the answers to what a door asks."""

    def __init__(self, opened, documents):
        self.database = opened
        self.documents = documents
        self.uploads = Uploads(Desk("local", Printers(Unknown()), 50, 60.0), opened, self.commit)
        self.sweep = UploadSweep(opened, self.commit, documents).sweep

    async def commit(self, change):
        async with self.database.transaction() as connection:
            await change(connection)

    async def job(self, **changes):
        """The job as it stands from now on."""
        job = task(**{"stage": Stage.AWAITING_DATA, "user_id": ALICE, "idx": -1, "lined": False, **changes})
        async with self.database.transaction() as connection:
            if await store.existing(connection, [TASK]):
                await connection.execute(update(tables.task).values(stage=job.stage.value, idx=job.idx, leg=job.leg))
            else:
                empty = Document(format=Format.PDF, content=Inline(b""))
                await store.add(connection, [job], [replace(request(1), document=empty)])

    async def hook(self, app=WATERMARK):
        row = {"id": f"hook-{app}", "tenant": "main", "task": TASK, "leg": 1, "app": app, "state": "processing"}
        async with self.database.transaction() as connection:
            await connection.execute(insert(tables.hook).values(row))
        await self.job(stage=Stage.HOOKED, idx=0)

    async def begin(self, size=250, **changes):
        asked = {"agent": AGENT, "printer": PRINTER, "task": TASK, "leg": 1, "user": ALICE, "size": size, "name": "report.pdf"}
        asked |= {"media_type": "application/pdf", "format": Format.PDF, **changes}
        return (await self.uploads.open_upload(OpenUpload(**WHERE, **asked))).upload

    async def keep(self, upload, first, last):
        name = f"main/{TASK}/{upload.id}/{first}-{last}"
        await self.documents.put(name, b"x" * (last - first + 1))
        return await self.uploads.keep_piece(KeepPiece(**WHERE, upload=upload.id, first=first, last=last, object=name))

    async def finish(self, upload, name="source-one", size=250):
        stored = Stored(f"main/{TASK}/{name}", size, "ab" * 32)
        await self.documents.put(stored.name, b"x" * size)
        return (await self.uploads.complete_upload(CompleteUpload(**WHERE, upload=upload.id, document=stored))).upload

    async def get(self, upload):
        return (await self.uploads.get_upload(GetUpload(**WHERE, upload=upload.id))).upload

    async def names(self):
        return {found.name.removeprefix(f"main/{TASK}/") async for found in self.documents.list()}

    async def request(self):
        async with self.database.reading() as connection:
            return (await materials.request_of(connection, [TASK]))[TASK]


@asynccontextmanager
async def world(folder, url):
    async with database(url, folder, "spooler", MIGRATIONS) as opened:
        made = World(opened, Documents("", folder))
        await made.job()
        yield made


async def refused(code, coming):
    with pytest.raises(Refused) as refusal:
        await coming
    assert refusal.value.code is code
    return str(refusal.value)


async def test_pieces_come_in_any_order_and_the_document_is_the_jobs_once_all_are_there(tmp_path, database_url):
    async with world(tmp_path, database_url) as spooler:
        upload = await spooler.begin()
        assert (upload.missing, upload.pieces, upload.complete) == (((0, 249),), (), False)
        assert abs(upload.expires - time.time() * 1000 - UPLOAD_LIMIT * 1000) < 60_000
        assert (await spooler.keep(upload, 100, 200)).upload.missing == ((0, 99), (201, 249))
        assert (await spooler.keep(upload, 201, 249)).upload.missing == ((0, 99),)
        again = await spooler.keep(upload, 120, 180)
        assert (again.kept, again.upload.missing) == (False, ((0, 99),))
        last = await spooler.keep(upload, 0, 149)
        assert (last.kept, last.upload.missing) == (True, ())
        assert [(first, end) for first, end, _ in last.upload.pieces] == [(0, 149), (100, 200), (201, 249)]
        done = await spooler.finish(upload)
        assert (done.complete, done.missing, done.document.size, done.leg) == (True, (), 250, 1)
        assert done.uploaded_at > 0
        made = await spooler.request()
        assert (made.document.format, made.document.name, made.document.content) == (Format.PDF, "report.pdf", done.document)
        async with spooler.database.reading() as connection:
            assert (await store.load(connection, [TASK]))[TASK].name == "report.pdf"
            kept = (await materials.kept(connection, [TASK]))[TASK]
            assert (kept.media_type, kept.uploaded_at) == ("application/pdf", done.uploaded_at)


async def test_a_completed_session_repeats_its_answer_for_a_while_and_takes_nothing_more(tmp_path, database_url):
    async with world(tmp_path, database_url) as spooler:
        upload = await spooler.begin()
        await spooler.keep(upload, 0, 249)
        done = await spooler.finish(upload)
        assert await spooler.get(upload) == done
        assert await spooler.finish(upload, "source-another") == done
        assert (await spooler.keep(upload, 201, 249)).kept is False
        await refused(Code.NOT_FOUND, spooler.uploads.drop_upload(DropUpload(**WHERE, upload=upload.id)))
        assert await spooler.sweep(int(time.time() * 1000)) == 0
        assert await spooler.sweep(done.expires + 1) == 1
        assert abs(done.expires - done.uploaded_at - UPLOAD_GRACE * 1000) < 10
        assert "create a new one" in await refused(Code.NOT_FOUND, spooler.get(upload))
        assert "source-one" in await spooler.names()
        assert not any("/" in name for name in await spooler.names())


async def test_a_new_session_ends_the_one_before_and_what_came_for_it_is_deleted(tmp_path, database_url):
    async with world(tmp_path, database_url) as spooler:
        first = await spooler.begin()
        await spooler.keep(first, 0, 99)
        second = await spooler.begin()
        await spooler.keep(second, 0, 9)
        await refused(Code.NOT_FOUND, spooler.get(first))
        await refused(Code.NOT_FOUND, spooler.uploads.keep_piece(KeepPiece(**WHERE, upload=first.id, first=1, last=2, object="x")))
        assert await spooler.sweep(int(time.time() * 1000)) == 1
        assert await spooler.names() == {f"{second.id}/0-9"}
        await spooler.uploads.drop_upload(DropUpload(**WHERE, upload=second.id))
        await refused(Code.NOT_FOUND, spooler.get(second))
        assert await spooler.sweep(int(time.time() * 1000)) == 1
        assert await spooler.names() == set()


async def test_a_session_of_the_same_size_goes_on_where_that_is_wanted(tmp_path, database_url):
    async with world(tmp_path, database_url) as spooler:
        first = await spooler.begin()
        await spooler.keep(first, 0, 99)
        again = await spooler.begin(resume=True)
        assert (again.id, again.missing) == (first.id, ((100, 249),))
        other = await spooler.begin(size=99, resume=True)
        assert other.id != first.id
        await refused(Code.NOT_FOUND, spooler.get(first))


async def test_a_session_expires_after_an_hour(tmp_path, database_url, monkeypatch):
    async with world(tmp_path, database_url) as spooler:
        upload = await spooler.begin()
        await spooler.keep(upload, 0, 99)
        assert await spooler.sweep(upload.expires - 1) == 0
        monkeypatch.setattr(uploads, "_now", lambda: upload.expires)
        await refused(Code.NOT_FOUND, spooler.get(upload))
        await refused(Code.NOT_FOUND, spooler.finish(upload))
        assert await spooler.sweep(upload.expires) == 1
        assert await spooler.names() == {"source-one"}  # whoever stored that was refused, and deletes it


async def test_a_document_that_was_replaced_is_deleted_once_nobody_asks_for_it(tmp_path, database_url):
    async with world(tmp_path, database_url) as spooler:
        await spooler.finish(await spooler.begin(), "source-one")
        assert (await spooler.finish(await spooler.begin(), "source-two")).document.name.endswith("source-two")
        await spooler.sweep(int(time.time() * 1000) + UPLOAD_GRACE * 1000 + 60_000)
        assert await spooler.names() == {"source-two"}


async def test_only_its_user_uploads_before_the_start(tmp_path):
    async with world(tmp_path, "") as spooler:
        assert "of yours" in await refused(Code.NOT_FOUND, spooler.begin(user="bob-id"))
        assert (await spooler.begin(user="")).size == 250  # somebody who may act for all
        await refused(Code.CONFLICT, spooler.begin(user="service-principal", app=WATERMARK))
        await refused(Code.NOT_FOUND, spooler.begin(leg=2))
        await refused(Code.NOT_FOUND, spooler.begin(printer="another"))
        await refused(Code.NOT_FOUND, spooler.begin(task="AGENT001-999999999999"))
        assert "empty" in await refused(Code.BAD_REQUEST, spooler.begin(size=0))


async def test_while_a_hook_works_its_application_replaces_the_document_and_nobody_else(tmp_path):
    async with world(tmp_path, "") as spooler:
        before = await spooler.begin()
        await spooler.hook()
        assert "was started" in await refused(Code.CONFLICT, spooler.begin())
        assert "was started" in await refused(Code.CONFLICT, spooler.finish(before))
        await refused(Code.FORBIDDEN, spooler.begin(user="", app="another-app"))
        replaced = await spooler.begin(user="", app=WATERMARK, name="stamped.pdf")
        assert (await spooler.finish(replaced, "source-two")).complete
        assert (await spooler.request()).document.name == "stamped.pdf"
        assert (await spooler.request()).name == "task 1"  # it was told already
        late = await spooler.begin(user="", app=WATERMARK)
        await spooler.job(stage=Stage.FETCHABLE, idx=0)
        await refused(Code.CONFLICT, spooler.finish(late))


async def test_bytes_outside_of_the_document_and_pieces_without_end_are_refused(tmp_path):
    async with world(tmp_path, "") as spooler:
        upload = await spooler.begin(size=MOST_PIECES + 10)
        assert f"0 to {MOST_PIECES + 9}" in await refused(Code.BAD_REQUEST, spooler.keep(upload, 0, MOST_PIECES + 10))
        async with spooler.database.transaction() as connection:
            rows = [{"upload": upload.id, "first": at, "last": at, "object": "x"} for at in range(MOST_PIECES)]
            await connection.execute(insert(tables.piece), rows)
        assert "larger" in await refused(Code.BAD_REQUEST, spooler.keep(upload, MOST_PIECES, MOST_PIECES))
        await refused(Code.BAD_REQUEST, spooler.finish(upload, size=11))


async def test_pieces_that_overlap_without_end_are_refused(tmp_path):
    async with world(tmp_path, "") as spooler:
        upload = await spooler.begin(size=100)
        for last in (70, 71, 72, 73):
            await spooler.keep(upload, 0, last)
        assert "nextExpectedRanges" in await refused(Code.BAD_REQUEST, spooler.keep(upload, 0, 74))
        answer = await spooler.keep(upload, 74, 79)
        assert (answer.kept, answer.upload.missing) == (True, ((80, 99),))


async def test_pieces_that_nobody_wants_any_more_are_strays_after_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr(strays, "CHUNK", 2)
    async with world(tmp_path, "") as spooler:
        upload = await spooler.begin()
        await spooler.keep(upload, 0, 99)
        await spooler.documents.put(f"main/{TASK}/source", b"x")
        for session in ("a", "b", "c"):
            await spooler.documents.put(f"main/{TASK}/{session}/0-9", b"x")
        sweep = Strays(spooler.database, spooler.documents).sweep
        assert await sweep(int(time.time() * 1000)) == 0
        assert len(await spooler.names()) == 5
        await sweep(int(time.time() * 1000) + strays.AGE + 60_000)
        assert await spooler.names() == {"source"}


async def test_who_works_on_a_leg_is_told_by_its_hooks(tmp_path):
    async with world(tmp_path, "") as spooler:
        await spooler.hook()
        async with spooler.database.reading() as connection:
            assert await sessions.working(connection, TASK, 1) == WATERMARK
            assert await sessions.working(connection, TASK, 2) == ""
