"""`sendTmpFile` and what follows: a file by whatever name goes up once and is printed by its virtual address."""

import asyncio
import base64
import hashlib
import time
from urllib.parse import quote, unquote

import pytest

from libs.contracts.directory import ClientEntry, ClientKind, DefaultEntry, Scope, TokenEntry
from libs.contracts.documents import UPLOAD_VALID, Format, Stored
from libs.contracts.ids import token_digest
from libs.runtime.bus import STORE_FULL, NotStored, Unanswered
from libs.runtime.room import Room
from services.gateway.virtual_urls import BadUrl, Uploaded, VirtualUrls
from services.gateway.webprinter.reading.multipart import MAX_NAME, MAX_PARTS
from tests.gateway.fakes import SN, TOKEN, door, printer

PNG = b"\x89PNG\r\n\x1a\n" + b"\r\n--xy\r\n" * 2000
HEAD = {"Api-Access-Token": TOKEN}


def body(*parts, boundary=b"x", end=True):
    """Parts as (header lines, data)."""
    made = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head, data) for head, data in parts)
    return made + (b"--%b--\r\n" % boundary if end else b"")


def file(name=b'filename="test.png"', data=PNG, field=b"file"):
    return b'Content-Disposition: form-data; name="%b"; %b\r\nContent-Type: application/octet-stream' % (field, name), data


async def send(rig, content, kind="multipart/form-data; boundary=x", **headers):
    return await rig.client.post("/openapi/sendTmpFile", content=content, headers={**HEAD, "Content-Type": kind, **headers})


async def stored(rig):
    return {found.name: found.size async for found in rig.gateway.documents.list()}


async def test_the_answer_is_that_of_the_capture(tmp_path):
    async with door(tmp_path) as rig:
        answer = await rig.client.post("/openapi/sendTmpFile", files={"file": ("test.png", PNG)}, headers=HEAD)
        assert answer.status_code == 200
        told = answer.json()
        assert list(told) == ["file", "success"]
        assert list(told["file"]) == ["fileName", "fileSize", "mediaFormat", "url"]
        assert told["success"] is True
        assert (told["file"]["fileName"], told["file"]["fileSize"], told["file"]["mediaFormat"]) == (
            "test.png",
            str(len(PNG)),
            "PNG",
        )
        url = told["file"]["url"]
        assert url.startswith("unim://")
        assert set(url[19:]) & set("+/=") == set()
        base64.b64decode(unquote(url[19:]), validate=True)
        assert await stored(rig) == {f"main/unim-{url[7:19]}/source": len(PNG)}


async def printed(rig, url, **task):
    return await rig.command("newPrintTask", {"task": {"mediaSource": "URL", "content": url, **task}})


async def test_an_upload_is_printed_as_often_as_one_likes_by_its_address_as_given_or_decoded(tmp_path):
    async with door(tmp_path) as rig:
        file = (await rig.client.post("/openapi/sendTmpFile", files={"file": ("小票.png", PNG)}, headers=HEAD)).json()["file"]
        url = file["url"]
        broken = url[:90] + "\n" + url[90:]  # as the examples of the protocol are printed
        twice = url[:7] + quote(url[7:], safe="")
        form = unquote(url).replace("+", " ")
        for given in (url, unquote(url), f" {url} ", broken, url.replace("unim", "UNIM"), twice, form):
            assert (await printed(rig, given))["success"], given
        assert (await printed(rig, url, mediaFormat="JPG", name="mine"))["success"]
        assert (await rig.command("newPrintTask", {"task": {"content": url}}))["success"]
        documents = [message.tasks[0].document for _, message in rig.bus.published]
        (name,) = await stored(rig)
        assert {each.content for each in documents} == {Stored(name, len(PNG), hashlib.sha256(PNG).hexdigest())}
        assert [each.format for each in documents] == [Format.PNG] * 7 + [Format.JPG, Format.PNG]
        assert [each.name for each in documents] == ["小票.png"] * 7 + ["mine", "小票.png"]


async def test_an_address_is_of_one_tenant_and_one_day_and_cannot_be_made_up(tmp_path):
    async with door(tmp_path) as rig:
        url = (await rig.client.post("/openapi/sendTmpFile", files={"file": ("a.png", PNG)}, headers=HEAD)).json()["file"]["url"]
        swapped = url[:7] + "000000000000" + url[19:]
        for wrong in (
            "unim://",
            "unim://x",
            swapped,
            url[:-4],
            url[:60],
            url + "AAAA",
            "unim://" + "a" * 8000,
            "unim://ä" + url[8:],
        ):
            answer = await printed(rig, wrong)
            assert answer["success"] is False, wrong
            assert "not the address of an uploaded file" in answer["message"]
            assert url[19:40] not in answer["message"]
        other = "other-tenant-token"
        rig.mirror.put(ClientEntry(sn="otherSN1", tenant="other", role=ClientKind.AGENT))
        rig.mirror.put(TokenEntry(digest=token_digest(other), sn="otherSN1", tenant="other"))
        office = printer("Office", "otherSN1", "other")
        rig.mirror.put(office)
        rig.mirror.put(DefaultEntry(sn="otherSN1", type="printer", agent="otherSN1", device=office.device.id))
        asked = {"command": "newPrintTask", "data": {"task": {"content": url}}}
        answer = (await rig.client.post("/openapi", json=asked, headers={"Api-Access-Token": other})).json()
        assert "not the address of an uploaded file" in answer["message"]
        (name,) = await stored(rig)
        await rig.gateway.documents.delete(name.rpartition("/")[0])
        assert "not any more" in (await printed(rig, url))["message"]
        assert rig.bus.published == []


def test_an_address_ends_with_its_time(tmp_path):
    (tmp_path / "key").write_bytes(b"k" * 32)
    urls = VirtualUrls(tmp_path / "key")
    uploaded = Uploaded("main", "main/unim-a/source", 1, "00", "a.png", None, 1000)
    url = urls.make("79gft24uh7uo", uploaded)
    assert urls.read(url, "main", 1000) == uploaded
    for tenant, now in (("main", 1001), ("other", 1000)):
        with pytest.raises(BadUrl):
            urls.read(url, tenant, now)
    (tmp_path / "other").write_bytes(b"o" * 32)
    with pytest.raises(BadUrl):
        VirtualUrls(tmp_path / "other").read(url, "main", 1000)


async def test_it_is_good_for_a_day(tmp_path):
    async with door(tmp_path) as rig:
        url = (await rig.client.post("/openapi/sendTmpFile", files={"file": ("a.png", PNG)}, headers=HEAD)).json()["file"]["url"]
        left = rig.gateway.virtual_urls.read(url, "main", 0).until - time.time() * 1000
        assert UPLOAD_VALID - 60_000 < left <= UPLOAD_VALID


NAMES = {
    "UTF-8": ('filename="面单 一.pdf"'.encode(), "面单 一.pdf"),
    "GBK": ('filename="面单.pdf"'.encode("gbk"), "面单.pdf"),
    "emoji": ('filename="🧾 bill.pdf"'.encode(), "🧾 bill.pdf"),
    "RFC 5987": (b"filename*=UTF-8''%E9%9D%A2%E5%8D%95.pdf", "面单.pdf"),
    "RFC 5987 beside a plain one": (b"filename=\"x.pdf\"; filename*=utf-8'en'%E2%82%AC.pdf", "€.pdf"),
    "RFC 2231 in GBK": (b"filename*=gbk''%C3%E6%B5%A5.pdf", "面单.pdf"),
    "RFC 2231 in pieces": (b"filename*0*=UTF-8''%E9%9D%A2; filename*1*=%E5%8D%95.pdf", "面单.pdf"),
    "RFC 2047": (b'filename="=?UTF-8?B?6Z2i5Y2VLnBkZg==?="', "面单.pdf"),
    "quotes of browsers": (b'filename="a %22b%22.pdf"', 'a "b".pdf'),
    "quotes of tools": (b'filename="a \\"b\\".pdf"', 'a "b".pdf'),
    "a semicolon": (b'filename="a;b=c.pdf"', "a;b=c.pdf"),
    "without quotes": (b"filename=bill.pdf", "bill.pdf"),
    "a way of Windows": (b'filename="C:\\Users\\nobody\\bill.pdf"', "bill.pdf"),
    "a way of others": (b'filename="../../etc/bill.pdf"', "bill.pdf"),
    "only a way": (b'filename="../"', ""),
    "nothing": (b'filename=""', ""),
    "no name at all": (b'x="y"', ""),
    "signs that no name has": (b'filename="bi\x00l\x7fl\xe2\x80\xae.pdf"', "bill.pdf"),
    "percent signs": (b'filename="100%25.pdf"', "100%25.pdf"),
    "a long one": (b'filename="' + b"n" * 3000 + b'.pdf"', "n" * (MAX_NAME - 4) + ".pdf"),
}


@pytest.mark.parametrize(("written", "meant"), NAMES.values(), ids=NAMES.keys())
async def test_names_of_every_kind_survive(tmp_path, written, meant):
    async with door(tmp_path) as rig:
        answer = (await send(rig, body(file(written, b"%PDF-1.7 x")))).json()
        assert answer["success"], answer
        assert (answer["file"]["fileName"], answer["file"]["mediaFormat"]) == (meant, "PDF")
        assert (await printed(rig, answer["file"]["url"]))["success"]


async def test_other_parts_around_the_file_mean_nothing(tmp_path):
    plain = (b'Content-Disposition: form-data; name="note"', b"hello")
    async with door(tmp_path) as rig:
        for parts in ([plain, file(), plain], [file(field=b"upload")], [file(field=b"FILE")]):
            answer = (await send(rig, body(*parts) + b"epilogue")).json()
            assert answer["file"]["fileSize"] == str(len(PNG))


async def test_a_file_that_nobody_can_tell_has_no_format_and_is_printed_with_one(tmp_path):
    async with door(tmp_path) as rig:
        told = (await send(rig, body(file(b'filename="data.bin"', b"\x00\x01\x02")))).json()["file"]
        assert told["mediaFormat"] == ""
        assert "task.mediaFormat is missing" in (await printed(rig, told["url"]))["message"]
        assert (await printed(rig, told["url"], mediaFormat="PDF"))["success"]


FINE = body(file())
BAD = {
    "no multipart": ("application/json", b"{}"),
    "no content type": ("", FINE),
    "no boundary": ("multipart/form-data", FINE),
    "an empty boundary": ('multipart/form-data; boundary=""', FINE),
    "a boundary without end": ("multipart/form-data; boundary=" + "b" * 5000, FINE),
    "another boundary": ("multipart/form-data; boundary=y", FINE),
    "nothing": ("multipart/form-data; boundary=x", b""),
    "no file": ("multipart/form-data; boundary=x", body((b'Content-Disposition: form-data; name="note"', b"x"))),
    "no end": ("multipart/form-data; boundary=x", body(file(), end=False)),
    "cut off": ("multipart/form-data; boundary=x", FINE[:100]),
    "only the end": ("multipart/form-data; boundary=x", b"--x--\r\n"),
    "two files": ("multipart/form-data; boundary=x", body(file(), file())),
    "ten thousand parts": (
        "multipart/form-data; boundary=x",
        body(*[(b'Content-Disposition: form-data; name="n"', b"x")] * 10_000, file()),
    ),
    "a header without end": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: " + b"x" * 1_000_000),
    "headers without end": ("multipart/form-data; boundary=x", b"--x\r\n" + b"X: y\r\n" * 100_000),
    "rubbish": ("multipart/form-data; boundary=x", b"\xff\x00" * 5000),
    "a header that is none": ("multipart/form-data; boundary=x", b"--x\r\n\x00\x01: y\r\n\r\nz\r\n--x--\r\n"),
}


@pytest.mark.parametrize(("kind", "content"), BAD.values(), ids=BAD.keys())
async def test_what_is_no_upload_is_a_bad_request_and_leaves_nothing(tmp_path, kind, content):
    async with door(tmp_path) as rig:
        begun = time.process_time()
        answer = await send(rig, content, kind)
        assert answer.status_code == 400, answer.text
        told = answer.json()
        assert list(told) == ["success", "message", "command"]
        assert told["message"].endswith(".")
        assert time.process_time() - begun < 5
        assert await stored(rig) == {}
        assert not [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]


def test_so_many_parts_are_no_upload():
    assert MAX_PARTS < 10_000


async def test_an_empty_file_is_refused(tmp_path):
    async with door(tmp_path) as rig:
        answer = await send(rig, body(file(data=b"")))
        assert (answer.status_code, answer.json()["success"]) == (200, False)
        assert "empty" in answer.json()["message"]
        assert await stored(rig) == {}


async def test_a_file_that_is_too_large_is_refused_as_soon_as_that_is_known(tmp_path):
    async with door(tmp_path, max_upload=100_000) as rig:
        assert (await send(rig, body(file(data=b"x" * 100_000)))).status_code == 200
        seen = []

        async def endless():
            yield b"--x\r\n" + file()[0] + b"\r\n\r\n"
            while True:
                seen.append(1)
                yield b"x" * 10_000

        before = await stored(rig)
        for content in (body(file(data=b"x" * 100_001)), body(file(data=b"x" * 500_000)), endless()):
            answer = await send(rig, content)
            assert answer.status_code == 413
            assert "100000" in answer.json()["message"]
        assert len(seen) < 30
        assert await stored(rig) == before


async def test_who_goes_away_leaves_nothing(tmp_path):
    async with door(tmp_path) as rig:
        told = asyncio.Event()

        async def endless():
            yield b"--x\r\n" + file()[0] + b"\r\n\r\n"
            while True:
                yield b"x" * 10_000
                told.set()
                await asyncio.sleep(0)

        sending = asyncio.create_task(send(rig, endless()))
        await told.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await stored(rig) == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_only_post_is_heard(tmp_path, method):
    async with door(tmp_path) as rig:
        answer = await rig.client.request(method, "/openapi/sendTmpFile", headers=HEAD)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


async def test_nobody_uploads_without_a_good_token(tmp_path):
    async with door(tmp_path) as rig:
        answer = await rig.client.post("/openapi/sendTmpFile", files={"file": ("a.png", PNG)})
        assert answer.status_code == 401
        rig.mirror.put(TokenEntry(digest=token_digest(TOKEN), sn=SN, tenant="main", scopes=(Scope.READ,)))
        answer = await rig.client.post("/openapi/sendTmpFile", files={"file": ("a.png", PNG)}, headers=HEAD)
        assert "lacks the scope print" in answer.json()["message"]
        assert await stored(rig) == {}


async def test_a_door_that_is_switched_off_takes_no_files(tmp_path):
    async with door(tmp_path, openapi_enabled=False) as rig:
        assert (await rig.client.post("/openapi/sendTmpFile", headers=HEAD)).status_code == 404


@pytest.mark.parametrize("error", [NotStored("the disk of the bus is nearly full", STORE_FULL), Unanswered("the store is away")])
async def test_what_cannot_be_kept_now_may_be_sent_again(tmp_path, monkeypatch, error):
    async with door(tmp_path) as rig:

        async def put_stream(*_):
            raise error

        if isinstance(error, NotStored):
            monkeypatch.setattr(Room, "short", True)
        else:
            monkeypatch.setattr(rig.gateway.documents, "put_stream", put_stream)
        answer = await send(rig, body(file()))
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["success"]) == (503, "5", False)
        assert "nothing was done" in answer.json()["message"]
        assert await stored(rig) == {}


async def test_a_store_that_fails_is_a_fault_without_details(tmp_path):
    async with door(tmp_path) as rig:

        async def full(_name, _pieces):
            raise OSError("No space left on device: /secret/path")

        rig.gateway.documents.put_stream = full
        answer = await rig.client.post("/openapi/sendTmpFile", files={"file": ("a.png", PNG)}, headers=HEAD)
        assert answer.status_code == 500
        assert "secret" not in answer.text
