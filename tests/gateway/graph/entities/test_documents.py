"""Documents of jobs through the door: shown, taken, refused, downloaded (graph-print.md 1.6)."""

from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from libs.contracts.devices import Capabilities
from libs.contracts.documents import RAW_MEDIA_TYPE, Format, Stored
from libs.contracts.jobs import DocumentView, GetJob, LocateDocument
from libs.contracts.queries import Code
from libs.contracts.uploads import OpenUpload
from libs.runtime.bus import Refused
from services.gateway.graph.resources import documents
from services.gateway.graph.signed import downloads
from services.gateway.graph.signed.downloads import disposition
from services.gateway.graph.wiring import outside_routes
from services.gateway.graph.words.contenttypes import format_of, taken
from services.gateway.pace import Pace
from tests.gateway.graph.calling import ALICE, APP, BASE, a_printer, application, graph, user
from tests.gateway.graph.spooling import DOCUMENT, SHARE, TASK, Spooler

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = {"documentName": "report.pdf", "contentType": "application/pdf", "size": 4711}


@asynccontextmanager
async def jobs(folder, printer=None):
    async with graph(folder, modules=[documents]) as door:
        yield door, Spooler(door, printer)


@asynccontextmanager
async def outside(door):
    transport = httpx.ASGITransport(app=Starlette(routes=outside_routes(door.gateway, Pace("addresses", CollectorRegistry()))))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def test_a_job_has_one_document_which_is_empty_until_it_is_uploaded(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        listed = await door.get(f"{spooler.job_path}/documents")
        empty = {"id": DOCUMENT, "displayName": "", "contentType": None, "size": 0}
        empty |= {"uploadedDateTime": None, "downloadedDateTime": None}
        assert listed["value"] == [empty]
        spooler.document = DocumentView(name="a.pdf", media_type="application/pdf", size=9, uploaded_at=1_767_409_445_678)
        shown = await door.get(f"/print/shares/{SHARE}/jobs/{TASK}/documents/{DOCUMENT}")
        assert (shown["displayName"], shown["contentType"], shown["size"]) == ("a.pdf", "application/pdf", 9)
        assert shown["uploadedDateTime"] == "2026-01-03T03:04:05.678Z"
        await door.get(f"{spooler.job_path}/documents/{ALICE}", status=404)
        for method in ("POST", "PATCH", "DELETE"):
            assert (await door.call(method, f"{spooler.job_path}/documents")).status_code == 405
        assert (await door.call("DELETE", f"{spooler.path}/$value")).status_code == 405


async def test_whatever_a_printer_has_taken_was_downloaded_and_beta_tells_how_it_is_printed(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        spooler.acknowledged_at = 1_767_409_445_678
        spooler.document = DocumentView(name="a.pdf", media_type="application/pdf", size=9, uploaded_at=1_767_409_440_000)
        assert (await door.get(spooler.path))["downloadedDateTime"] == "2026-01-03T03:04:05.678Z"
        shown = await door.get(spooler.path, version="beta")
        assert (shown["configuration"]["copies"], shown["configuration"]["feedDirection"]) == (1, None)


async def test_without_a_permission_for_all_only_ones_own_jobs_are_asked_for(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        door.who = user("PrintJob.Read", "PrinterShare.ReadBasic.All", "Printer.Read.All")
        await door.get(spooler.path)
        await door.call("GET", f"{spooler.path}/$value")
        assert door.asked(GetJob)[0].user == ALICE
        assert (door.asked(LocateDocument)[0].user, door.asked(LocateDocument)[0].fetched_by) == (ALICE, "")
        door.who = user("PrintJob.Read", "PrintJob.ReadBasic.All", "Printer.Read.All")  # sees all jobs, not what is in them
        await door.get(spooler.path)
        assert door.asked(GetJob)[1].user == ALICE
        door.who = user("PrintJob.ReadWrite.All", "Printer.Read.All")
        await door.get(spooler.path)
        assert door.asked(GetJob)[2].user == ""
        door.who = application("PrintJob.Read.All", "Printer.Read.All")
        await door.call("GET", f"{spooler.path}/$value")
        assert (door.asked(LocateDocument)[1].user, door.asked(LocateDocument)[1].fetched_by) == ("", APP)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer something"}])
async def test_a_download_is_a_redirect_to_an_address_that_needs_nothing_else(tmp_path, headers):
    async with jobs(tmp_path) as (door, spooler):
        answer = await door.call("GET", f"{spooler.path}/$value", headers={"Accept": "application/octet-stream, application/json"})
        assert (answer.status_code, answer.content) == (302, b"")
        assert answer.headers["location"].startswith(f"{BASE}/downloads/")
        async with outside(door) as client:
            url = urlsplit(answer.headers["location"]).path
            small = await client.get(url, headers=headers)
            assert (small.content, small.headers["content-type"]) == (b"%PDF-1.7 small", "application/pdf")
            assert small.headers["content-length"] == "14"
            assert "filename*=UTF-8''%C3%9Cbersicht.pdf" in small.headers["content-disposition"]
            size, sha256 = await door.gateway.documents.put(f"main/{TASK}/source", b"x" * 100_000)
            spooler.content = Stored(f"main/{TASK}/source", size, sha256)
            large = await client.get(url, headers=headers)
            assert (large.content, large.headers["content-length"]) == (b"x" * 100_000, "100000")
            await door.gateway.documents.discard(f"main/{TASK}/source")
            assert (await client.get(url)).status_code == 404
            assert (await client.put(url)).status_code == 405


async def test_an_address_of_a_download_is_good_for_ten_minutes(tmp_path, monkeypatch):
    async with jobs(tmp_path) as (door, spooler):
        url = urlsplit((await door.call("GET", f"{spooler.path}/$value")).headers["location"]).path
        async with outside(door) as client:
            assert (await client.get(url)).status_code == 200
            later = downloads.time.time() + downloads.LIFETIME + 1
            monkeypatch.setattr(downloads.time, "time", lambda: later)
            over = await client.get(url)
            assert (over.status_code, over.json()["error"]["code"]) == (404, "itemNotFound")
            assert (await client.get("/downloads/abcdef")).status_code == 404


async def test_what_has_no_bytes_yet_cannot_be_downloaded(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        spooler.refusal = Refused(Code.CONFLICT, "There is no payload yet.")
        assert (await door.call("GET", f"{spooler.path}/$value")).status_code == 409


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"documentName": None}, "properties.documentName"),
        ({"documentName": " "}, "properties.documentName"),
        ({"contentType": 7}, "properties.contentType"),
        ({"contentType": "pdf"}, "properties.contentType"),
        ({"contentType": "application/pdf\r\nX: y"}, "properties.contentType"),
        ({"size": 0}, "properties.size"),
        ({"size": "4711"}, "properties.size"),
        ({"size": True}, "properties.size"),
    ],
)
async def test_a_session_wants_name_type_and_size(tmp_path, changes, named):
    async with jobs(tmp_path) as (door, spooler):
        told = await door.post(f"{spooler.path}/createUploadSession", {"properties": {**PDF, **changes}}, status=400)
        assert (told["error"]["code"], told["error"]["target"]) == ("invalidRequest", named)
        assert named in told["error"]["message"]
        assert door.asked(OpenUpload) == []


async def test_a_session_without_properties_is_told_how_they_look_and_a_huge_one_is_too_large(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        told = await door.post(f"{spooler.path}/createUploadSession", {}, status=400)
        assert '"documentName"' in told["error"]["message"]
        await door.post(f"{spooler.path}/createUploadSession", {"properties": {**PDF, "size": 2**30 + 1}}, status=413)
        await door.post(f"{spooler.job_path}/documents/{ALICE}/createUploadSession", {"properties": PDF}, status=404)


async def test_what_the_converter_makes_pdf_of_is_taken_unless_the_tenant_does_not_want_that(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        for told, kind in ((DOCX, Format.WORD), ("application/oxps", Format.XPS), ("Text/Plain; charset=utf-8", Format.TEXT)):
            await door.post(f"{spooler.path}/createUploadSession", {"properties": {**PDF, "contentType": told}})
            assert (door.asked(OpenUpload)[-1].format, door.asked(OpenUpload)[-1].media_type) == (kind, told)
        spooler.conversion = False
        refused = await door.post(f"{spooler.path}/createUploadSession", {"properties": {**PDF, "contentType": DOCX}}, status=400)
        assert refused["error"]["message"].endswith("is not taken by this printer; it takes application/pdf.")
        await door.post(f"{spooler.path}/createUploadSession", {"properties": PDF})
        unknown = {"properties": {**PDF, "contentType": "video/mp4"}}
        refused = await door.post(f"{spooler.path}/createUploadSession", unknown, status=400)
        assert "application/pdf" in refused["error"]["message"]


def test_what_a_printer_takes_depends_on_what_it_is():
    office = a_printer()
    assert format_of(office, "application/pdf") == (Format.PDF, True)
    assert format_of(office, "image/png") == (Format.PNG, False)
    assert format_of(office, "image/urf") is None
    assert format_of(office, "application/vnd.zebra.zpl") is None
    assert taken(office, conversion=False) == ("application/pdf",)
    assert "text/html" in taken(office, conversion=True)
    label = a_printer("Label", capabilities=Capabilities(formats=(RAW_MEDIA_TYPE,)))
    assert format_of(label, "application/vnd.zebra.zpl") == (Format.ZPL, True)
    assert format_of(label, RAW_MEDIA_TYPE) == (Format.RAW, True)
    assert format_of(label, "application/pdf") is None
    assert "application/vnd.zebra.zpl" in taken(label, conversion=True)
    office = a_printer("Office", capabilities=Capabilities(formats=("application/pdf", "image/urf")))
    assert "image/urf" not in taken(office, conversion=True)  # nobody could hand it over
    cloud = a_printer("Cloud", capabilities=Capabilities(formats=("image/urf",)), served_by="app")
    assert format_of(cloud, "image/urf") == (Format.RAW, True)
    assert taken(cloud, conversion=True) == ("image/urf",)


async def test_a_document_may_come_in_one_request(tmp_path):
    async with jobs(tmp_path) as (door, spooler):
        sent = {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="one shot.pdf"'}
        answer = await door.call("PUT", f"{spooler.path}/$value", content=b"%PDF one", headers=sent)
        assert (answer.status_code, answer.json()["size"], answer.json()["displayName"]) == (200, 8, "one shot.pdf")
        assert await door.gateway.documents.get(spooler.upload.document.name) == b"%PDF one"
        assert door.asked(OpenUpload)[0].name == "one shot.pdf"
        for kind in ("x", "application/x-nothing"):
            answer = await door.call("PUT", f"{spooler.path}/$value", content=b"x", headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["error"]["target"]) == (400, "Content-Type")

        async def endless():
            yield b"%PDF"

        assert (await door.call("PUT", f"{spooler.path}/$value", content=endless(), headers=sent)).status_code == 411
        spooler.refusal = Refused(Code.CONFLICT, "The job was started.")
        assert (await door.call("PUT", f"{spooler.path}/$value", content=b"%PDF", headers=sent)).status_code == 409


@pytest.mark.parametrize(
    ("name", "media_type", "shown"),
    [
        ("report.pdf", "application/pdf", "report.pdf"),
        ("report", "application/pdf", "report.pdf"),
        ("report", DOCX, "report.docx"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ('a"b\r\nSet-Cookie: x.pdf', "application/pdf", "a_b__Set-Cookie: x.pdf"),
        ("", "image/urf", "document"),
    ],
)
def test_a_file_name_is_safe_in_headers_and_on_disks(name, media_type, shown):
    assert f'filename="{shown}"' in disposition(name, media_type)
