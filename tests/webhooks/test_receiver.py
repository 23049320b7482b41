"""One attempt over real HTTP: whatever a receiver does, an answer comes of it in time."""

import asyncio
import base64
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.webhooks.receiver import Receiver, trusted
from tests.postgres import free_port
from tests.webhooks.receivers import always, answer, never, receiver

BODY = '{"name":"标签"}'
HEADERS = {"content-type": "application/json", "webhook-id": "t:1:new", "webhook-attempt": "1"}


@pytest.fixture(scope="module")
def context():
    return trusted()


@pytest.fixture
async def sender(context):
    made = Receiver(context, 1.0)
    yield made
    await made.close()


async def test_a_request_is_a_post_with_exactly_these_bytes(sender):
    async with receiver() as there:
        assert (await sender.post(there.url + "?key=1", BODY, HEADERS)).status == 200
    (request,) = there.requests
    assert request.path == "/hook?key=1"
    assert request.body == BODY.encode()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "t:1:new"
    assert "cookie" not in request.headers


async def test_one_connection_is_kept_for_many_attempts(sender):
    async with receiver(always(200, "Set-Cookie: a=b")) as there:
        for _ in range(5):
            await sender.post(there.url, BODY, HEADERS)
    assert there.connections == 1
    assert all("cookie" not in request.headers for request in there.requests)


async def test_a_redirect_is_an_answer_and_is_not_followed(sender):
    async with receiver() as target, receiver(always(302, f"Location: {target.url}")) as there:
        assert (await sender.post(there.url, BODY, HEADERS)).status == 302
    assert target.requests == []


async def test_a_name_and_a_password_in_the_address_are_basic_authentication(sender):
    async with receiver() as there:
        await sender.post(there.url.replace("//", "//print:p%40ss@"), BODY, HEADERS)
    (request,) = there.requests
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'print:p@ss').decode()}"
    assert request.headers["host"] == f"127.0.0.1:{there.port}"


async def test_nobody_there_is_an_answer_with_a_sentence(sender):
    found = await sender.post(f"http://127.0.0.1:{free_port()}/", BODY, HEADERS)
    assert (found.status, found.error) == (0, "the request failed: ConnectError")


async def test_a_receiver_that_says_nothing_is_left_at_the_deadline(sender):
    async with receiver(never) as there:
        found = await sender.post(there.url, BODY, HEADERS)
    assert (found.status, found.error) == (0, "no answer within 1 s")


async def test_headers_that_drip_do_not_outlast_the_deadline(sender):
    async def drip(request, writer):
        for byte in answer(200):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.2)  # the pace of its bytes

    async with receiver(drip) as there:
        found = await sender.post(there.url, BODY, HEADERS)
    assert found.error == "no answer within 1 s"


async def test_a_status_counts_though_its_body_never_ends(context):
    async def endless(request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)  # the pace of its bytes

    sender = Receiver(context, 60.0)  # more than anybody needs for a status
    async with receiver(endless) as there, asyncio.timeout(30):
        assert (await sender.post(there.url, BODY, HEADERS)).status == 200
        there.script = always(200)
        assert (await sender.post(there.url, BODY, HEADERS)).status == 200
        await sender.close()
    assert there.connections == 2


async def test_of_a_huge_body_only_a_little_is_read(sender):
    written = 0

    async def huge(request, writer):
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    async with receiver(huge) as there:
        assert (await sender.post(there.url, BODY, HEADERS)).status == 200
    assert written < 16 * 1024 * 1024  # what is beyond the limit are buffers of the kernel


@pytest.mark.parametrize(
    "garbage", [b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b""]
)
async def test_what_is_not_http_is_an_answer_with_a_sentence(sender, garbage):
    async def script(request, writer):
        writer.write(garbage)

    async with receiver(script) as there:
        found = await sender.post(there.url, BODY, HEADERS)
    assert found.status == 0
    assert found.error.startswith("the request failed")


async def test_an_answer_that_breaks_off_still_counts_by_its_status_and_the_next_one_gets_a_new_connection(sender):
    async def script(request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with receiver(script) as there:
        found = [await sender.post(there.url, BODY, HEADERS) for _ in range(2)]
    assert [(each.status, each.excerpt) for each in found] == [(200, "half")] * 2
    assert there.connections == 2


async def test_a_connection_that_is_closed_before_any_answer_is_a_failure(sender):
    async def script(request, writer):
        writer.write(b"HTTP/1.1 2")

    async with receiver(script) as there:
        found = await sender.post(there.url, BODY, HEADERS)
    assert (found.status, found.error) == (0, "the request failed: RemoteProtocolError")


async def test_headers_of_any_size_are_not_taken(sender):
    async with receiver(always(200, "X: " + "x" * 300_000)) as there:
        found = await sender.post(there.url, BODY, HEADERS)
    assert found.status == 0


async def test_the_beginning_of_an_answer_is_kept_readable(sender):
    async def script(request, writer):
        return answer(422, b"no \x00 " + "纸".encode() + b"\xff\n" + b"x" * 5000)

    async with receiver(script) as there:
        found = await sender.post(there.url, BODY, HEADERS)
    assert found.excerpt.startswith("no \ufffd 纸\ufffd\nxxx")
    assert len(found.excerpt.encode()) <= 1030


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        *(("120", 120), ("0", 0), ("-5", 0), ("soon", 0), ("", 0), ("9" * 50, 999_999_999)),
        *(("Fri, 31 Dec 1999 23:59:59 GMT", 0), ("Fri, 31 Dec 99999999999 23:59:59 GMT", 0)),
        ("Fri, 31 Dec 1999 23:59:59 +99999999999999", 0),
    ],
)
async def test_a_wish_to_come_later_is_read(sender, wish, seconds):
    async with receiver(always(503, f"Retry-After: {wish}")) as there:
        assert (await sender.post(there.url, BODY, HEADERS)).retry_after == seconds


async def test_a_wish_may_be_a_date(sender):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    async with receiver(always(429, f"Retry-After: {when}")) as there:
        assert 90 < (await sender.post(there.url, BODY, HEADERS)).retry_after <= 100


async def test_tls_that_never_comes_to_an_end_is_left_at_the_deadline(sender):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        found = await sender.post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", BODY, HEADERS)
    assert (found.status, found.error) == (0, "no answer within 1 s")


async def test_proxies_of_the_environment_are_not_asked(context, monkeypatch):
    async with receiver() as proxy, receiver() as there:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        sender = Receiver(context, 1.0)
        assert (await sender.post(there.url, BODY, HEADERS)).status == 200
        await sender.close()
    assert proxy.requests == []


async def test_an_ipv6_address_is_an_address(sender):
    async with receiver(host="::1") as there:
        assert (await sender.post(f"http://[::1]:{there.port}/hook", BODY, HEADERS)).status == 200
    assert there.requests[0].headers["host"] == f"[::1]:{there.port}"


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that signed itself, and its key."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    return certificate, key


async def test_https_needs_a_certificate_that_somebody_trusted_signed(sender, certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    trusting = trusted()
    trusting.load_verify_locations(certificate[0])
    friend = Receiver(trusting, 2.0)
    async with receiver(tls=tls) as there:
        url = f"https://127.0.0.1:{there.port}/hook"
        assert (await sender.post(url, BODY, HEADERS)).error == "the request failed: ConnectError"
        assert [(await friend.post(url, BODY, HEADERS)).status for _ in range(3)] == [200, 200, 200]
        await friend.close()
    assert len({request.connection for request in there.requests}) == 1
