"""The byte-range protocol of upload sessions, over the real ASGI routes and a real document store (graph-print.md 1.7)."""

import asyncio
import hashlib
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from libs.contracts.queries import Code
from libs.contracts.uploads import CompleteUpload, GetUpload, KeepPiece, OpenUpload
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.room import Room
from services.gateway.graph.resources import documents, uploaddata
from services.gateway.graph.wiring import outside_routes
from services.gateway.pace import Pace
from tests.gateway.graph.calling import ALICE, APP, BASE, application, graph, user
from tests.gateway.graph.spooling import DOCUMENT, TASK, Spooler

DATA = bytes(range(250))
PDF = {"documentName": "report.pdf", "contentType": "application/pdf", "size": len(DATA)}


class Session:
    """An upload session that was created through the door, and requests to its address."""

    def __init__(self, door, spooler, told, client):
        self.door = door
        self.spooler = spooler
        self.told = told
        self.url = urlsplit(told["uploadUrl"]).path
        self.client = client

    async def put(self, first, last, data=None, *, total=None, **headers):
        data = DATA[first : last + 1] if data is None else data
        sent = {"Content-Range": f"bytes {first}-{last}/{total or len(DATA)}", **headers}
        return await self.client.put(self.url, content=data, headers=sent)

    async def stored(self):
        """The document that the spooler was told."""
        return await self.door.gateway.documents.get(self.spooler.upload.document.name)

    async def names(self):
        return sorted([found.name async for found in self.door.gateway.documents.list()])


@asynccontextmanager
async def session(folder, **properties):
    async with graph(folder, modules=[documents]) as door:
        spooler = Spooler(door)
        told = await door.post(f"{spooler.path}/createUploadSession", {"properties": {**PDF, **properties}})
        transport = httpx.ASGITransport(app=Starlette(routes=outside_routes(door.gateway, Pace("addresses", CollectorRegistry()))))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield Session(door, spooler, told, client)


def refused(answer, status, code):
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    return error["message"]


async def test_a_session_tells_its_address_its_end_and_what_is_missing(tmp_path):
    async with session(tmp_path) as upload:
        assert upload.told["uploadUrl"].startswith(f"{BASE}/uploads/")
        assert upload.told["expirationDateTime"] == "2026-01-03T03:04:05.000Z"
        assert upload.told["nextExpectedRanges"] == ["0-249"]
        assert upload.told["@odata.context"].endswith("/v1.0/$metadata#microsoft.graph.uploadSession")
        opened = upload.door.asked(OpenUpload)[0]
        assert (opened.user, opened.app, opened.name, opened.size) == (
            "",
            "",
            "report.pdf",
            250,
        )  # an administrator with permissions for all jobs


async def test_chunks_as_the_python_sdk_cuts_them_make_the_document_and_the_last_may_be_repeated(tmp_path):
    async with session(tmp_path) as upload:
        bearer = {"Authorization": "Bearer something"}
        first = await upload.put(0, 99, **bearer)
        assert (first.status_code, first.json()["nextExpectedRanges"]) == (202, ["100-249"])
        assert (await upload.put(100, 200, **bearer)).json()["nextExpectedRanges"] == ["201-249"]
        last = await upload.put(201, 249, **bearer)
        assert last.status_code == 201
        assert last.json() == {
            "id": DOCUMENT,
            "displayName": "report.pdf",
            "documentName": "report.pdf",
            "contentType": "application/pdf",
            "size": 250,
            "uploadedDateTime": "2026-01-03T03:04:05.678Z",
            "downloadedDateTime": None,
        }
        assert await upload.stored() == DATA
        assert upload.spooler.upload.document.sha256 == hashlib.sha256(DATA).hexdigest()
        assert await upload.names() == [upload.spooler.upload.document.name]
        again = await upload.put(201, 249, **bearer)
        assert (again.status_code, again.json()) == (201, last.json())
        assert await upload.names() == [upload.spooler.upload.document.name]


async def test_a_document_in_one_piece_is_stored_once_and_may_be_repeated_without_its_bytes(tmp_path):
    async with session(tmp_path) as upload:
        whole = await upload.put(0, 249)
        assert (whole.status_code, whole.json()["size"]) == (201, 250)
        assert (upload.door.asked(KeepPiece), len(upload.door.asked(CompleteUpload))) == ([], 1)
        empty = await upload.put(0, 249, b"")
        assert (empty.status_code, empty.json()) == (201, whole.json())
        shown = await upload.client.get(upload.url)
        assert (shown.status_code, shown.json()["id"], shown.json()["nextExpectedRanges"]) == (200, DOCUMENT, [])
        assert await upload.stored() == DATA


async def test_pieces_come_out_of_order_four_at_once_and_twice(tmp_path):
    async with session(tmp_path) as upload:
        answers = await asyncio.gather(*(upload.put(first, first + 49) for first in (200, 0, 100, 50)))
        assert {answer.status_code for answer in answers} == {202}
        shown = await upload.client.get(upload.url)
        assert (shown.status_code, shown.json()["nextExpectedRanges"]) == (200, ["150-199"])
        asked = len(upload.door.asked(KeepPiece))
        repeated = await upload.put(100, 149)
        assert (repeated.status_code, repeated.json()["nextExpectedRanges"]) == (202, ["150-199"])
        assert len(upload.door.asked(KeepPiece)) == asked
        assert refused(await upload.put(100, 149, b"less"), 400, "invalidRequest"), "that is not the same once more"
        assert (await upload.put(120, 220)).status_code == 201
        assert await upload.stored() == DATA
        assert await upload.names() == [upload.spooler.upload.document.name]


async def test_the_same_piece_twice_at_once_is_kept_once(tmp_path):
    async with session(tmp_path) as upload:
        answers = await asyncio.gather(upload.put(0, 99), upload.put(0, 99))
        assert {answer.status_code for answer in answers} == {202}
        assert len(await upload.names()) == 1


async def test_whoever_repeats_heals_what_a_crash_left_between_joining_and_completing(tmp_path):
    async with session(tmp_path) as upload:
        complete = upload.door.bus.answers[CompleteUpload]
        upload.door.bus.answers[CompleteUpload] = Unanswered("killed")
        await upload.put(0, 99)
        lost = await upload.put(100, 249)
        assert refused(lost, 503, "serviceNotAvailable")
        assert lost.headers["retry-after"] == "5"
        upload.door.bus.answers[CompleteUpload] = complete
        healed = await asyncio.gather(upload.put(100, 249), upload.put(0, 99), upload.client.get(upload.url))
        assert [answer.status_code for answer in healed] == [201, 201, 200]
        assert {answer.json()["id"] for answer in healed} == {DOCUMENT}
        assert await upload.stored() == DATA


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("", 400, "invalidRequest"),
        ("bytes 0-99", 400, "invalidRequest"),
        ("bytes */250", 400, "invalidRequest"),
        ("bytes 0-99/300", 400, "invalidRequest"),
        ("bytes 99-0/250", 416, "invalidRange"),
        ("bytes 200-250/250", 416, "invalidRange"),
        ("bytes 0-98/250", 400, "invalidRequest"),  # and 100 bytes came
        ("bytes 0-100/250", 400, "invalidRequest"),
    ],
)
async def test_ranges_that_cannot_be_are_refused_and_leave_nothing(tmp_path, header, status, code):
    async with session(tmp_path) as upload:
        answer = await upload.put(0, 99, **{"Content-Range": header})
        assert refused(answer, status, code)
        assert await upload.names() == []
        assert (await upload.put(0, 99, **{"Content-Range": "bytes=0-99/250"})).status_code == 202  # as the documents once write it


async def test_a_body_without_a_length_is_measured(tmp_path):
    async def chunks(data):
        yield data

    async with session(tmp_path) as upload:
        for wrong in (DATA[:99], DATA[:101]):
            assert "send as many as it says" in refused(await upload.put(0, 99, chunks(wrong)), 400, "invalidRequest")
        assert await upload.names() == []
        assert (await upload.put(0, 99, chunks(DATA[:100]))).status_code == 202


async def test_nothing_new_is_taken_while_the_disk_of_the_bus_is_short(tmp_path, monkeypatch):
    async with session(tmp_path) as upload:
        with monkeypatch.context() as short:
            short.setattr(Room, "short", True)
            answer = await upload.put(0, 99)
            refused(answer, 503, "serviceNotAvailable")
            assert answer.headers["retry-after"] == "5"
            whole = await upload.door.call(
                "PUT", f"{upload.spooler.path}/$value", content=DATA, headers={"Content-Type": "application/pdf"}
            )
            refused(whole, 503, "serviceNotAvailable")
        assert await upload.names() == []
        assert (await upload.put(0, 99)).status_code == 202


async def test_a_piece_that_is_too_large_is_refused(tmp_path):
    async with session(tmp_path, size=70 * 2**20) as upload:
        answer = await upload.put(0, 61 * 2**20, b"x", total=70 * 2**20)
        assert "smaller pieces" in refused(answer, 413, "requestEntityTooLarge")


async def test_what_the_spooler_refuses_is_refused_and_deleted(tmp_path):
    async with session(tmp_path) as upload:
        upload.spooler.refusal = Refused(Code.CONFLICT, "The job was started.")
        assert refused(await upload.put(0, 99), 409, "conflict")
        assert refused(await upload.put(0, 249), 409, "conflict")
        assert await upload.names() == []


async def test_a_session_that_was_deleted_is_gone_and_so_is_a_wrong_address(tmp_path):
    async with session(tmp_path) as upload:
        await upload.put(0, 99)
        assert (await upload.client.delete(upload.url)).status_code == 204
        for answer in (await upload.put(100, 249), await upload.client.get(upload.url), await upload.client.delete(upload.url)):
            refused(answer, 404, "itemNotFound")
        for wrong in (upload.url[:-4] + "aaaa", "/uploads/x", "/uploads/%C3%BC"):
            refused(await upload.client.get(wrong), 404, "itemNotFound")
        assert refused(await upload.client.post(upload.url), 405, "notAllowed")


async def test_pages_of_other_origins_may_upload(tmp_path):
    async with session(tmp_path) as upload:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
        asked["Access-Control-Request-Headers"] = "content-range"
        preflight = await upload.client.options(upload.url, headers=asked)
        assert preflight.status_code == 204
        assert "PUT" in preflight.headers["access-control-allow-methods"]
        assert "Content-Range" in preflight.headers["access-control-allow-headers"]
        assert (await upload.put(0, 99, Origin="https://app.example")).headers["access-control-allow-origin"] == "*"


async def test_an_address_tells_nothing_and_is_good_for_nothing_else(tmp_path):
    async with session(tmp_path) as upload:
        token = upload.url.rpartition("/")[2]
        refused(await upload.client.get(f"/downloads/{token}"), 404, "itemNotFound")
        assert TASK not in upload.url


async def test_who_opens_a_session_is_told_to_the_spooler(tmp_path):
    async with graph(tmp_path, modules=[documents]) as door:
        spooler = Spooler(door)
        door.who = user("PrintJob.Create", "PrintJob.ReadWrite", "PrinterShare.ReadBasic.All", "Printer.Read.All")
        await door.post(f"{spooler.path}/createUploadSession", {"properties": PDF})
        door.who = user("PrintJob.ReadWrite.All", "Printer.Read.All")
        await door.post(f"{spooler.path}/createUploadSession", {"properties": PDF})
        door.who = application()
        await door.post(f"{spooler.path}/createUploadSession", {"properties": PDF})
        mine, others, apps = door.asked(OpenUpload)
        assert (mine.user, mine.app, others.user) == (ALICE, "", ALICE)  # others' jobs are an administrator's
        assert (apps.user, apps.app) == (door.who.id, APP)
        assert door.asked(GetUpload) == []
    (tmp_path / "loose").mkdir()
    async with graph(tmp_path / "loose", modules=[documents], graph_strict=False) as door:
        spooler = Spooler(door)
        door.who = application()
        await door.post(f"{spooler.path}/createUploadSession", {"properties": PDF})
        assert (door.asked(OpenUpload)[0].user, door.asked(OpenUpload)[0].app) == ("", APP)  # it may have printed for somebody


async def test_beta_takes_segments_at_the_document_itself(tmp_path):
    async with graph(tmp_path, modules=[documents, uploaddata]) as door:
        spooler = Spooler(door)

        async def send(span, data, version="beta"):
            return await door.call("POST", f"{spooler.path}/uploadData", content=data, headers={"Range": span}, version=version)

        first = await send("bytes=0-99/250", DATA[:100])
        assert (first.status_code, first.content) == (202, b"")
        second = await send("bytes=100-249/250", DATA[100:])
        assert (second.status_code, second.content) == (201, b"")
        assert await door.gateway.documents.get(spooler.upload.document.name) == DATA
        assert [(each.size, each.media_type, each.resume) for each in door.asked(OpenUpload)] == [
            (250, "application/pdf", True)
        ] * 2
        assert (await send("bytes=0-9", DATA[:10])).status_code == 201, "without a length these bytes are all there are"
        for span in ("", "bytes=5-9", "bytes=9-5/20", "0-9"):
            assert refused(await send(span, DATA[:10]), 400, "invalidRequest")
        assert (await send("bytes=0-9/5", DATA[:10])).status_code == 416
        assert (await send("bytes=0-9", DATA[:10], version="v1.0")).status_code == 404
