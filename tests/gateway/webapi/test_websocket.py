"""The WebSocket of the WebAPI on a real server: greeted, asked, told, resumed after a restart; strangers are refused."""

import asyncio

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from tests.gateway.webapi.poller import Poller, held
from tests.gateway.webapi.rig import ELSEWHERE, SHOP, doors
from tests.waiting import Leap
from tests.webhooks.events import SN, life, news

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with doors(tmp_path_factory.mktemp("websocket"), webapi_max_message=65536) as running:
        yield running


async def test_a_page_is_greeted_asks_and_hears(server):
    async with server.page() as page:
        since = page.hello["seq"]
        assert page.socket.subprotocol == "webprinter.v1"
        assert page.hello["sn"] == SN
        assert page.hello["limits"]["message"] == 65536
        assert await page.call("listTasks", {"limit": "no"}, id=7) == {
            "id": 7, "success": False, "message": "limit must be a whole number from 1 to 1000; it is 'no'.",
            "command": "CALLBACK",
        }  # fmt: skip
        assert (await page.call("getDefaultDevice"))["success"]
        await page.say(command="PING")
        assert await page.hear() == {"command": "PONG"}
        await server.tell(life(f"{SN}-1"))
        heard = await page.events(5)
        assert [each["name"] for each in heard] == ["NewTaskEvent", *["UpdateTaskStatusEvent"] * 3, "EndTaskEvent"]
        assert [each["seq"] - since for each in heard] == [1, 2, 3, 4, 5]
        assert list(heard[1]) == ["command", "seq", "ips", "sn", "name", "task", "oldStatus", "newStatus"]


@pytest.mark.parametrize("path", ["/", "/ws"])
@pytest.mark.parametrize("offered", [(), ("webprinter.v1",)])
async def test_old_paths_and_pages_that_offer_no_subprotocol_come_in(server, path, offered):
    async with server.page(path=path, offered=offered) as page:
        assert (await page.call("ping"))["success"]


async def test_every_channel_of_the_client_hears_every_event(server):
    async with server.page() as one, server.page(origin=server.url) as two:
        poller = await Poller(server.client).open()
        since = one.hello["seq"]
        await server.tell(news(2, start=50))
        for page in (one, two):
            assert [each["seq"] - since for each in await page.events(2)] == [1, 2]
        heard = []
        while len(heard) < 2:
            heard += await poller.poll()
        assert [each["seq"] - since for each in heard] == [1, 2]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"origin": ELSEWHERE}, 403), ({"origin": None}, 403), ({"origin": SHOP, "x_forwarded_for": "127.0.0.1"}, 403),
        ({"origin": SHOP, "sec_fetch_mode": "no-cors"}, 403),
    ],
)  # fmt: skip
async def test_an_upgrade_is_refused_in_words(server, given, status):
    with pytest.raises(InvalidStatus) as reason:
        async with server.page(**given):
            pass
    assert reason.value.response.status_code == status
    assert b'"success":false' in reason.value.response.body


async def test_a_rebound_host_is_refused_at_the_upgrade(server):
    key = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    for host, status in ((f"evil.example.net:{server.port}", 421), ("localhost", 421), (f"localhost:{server.port}", 101)):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET /webapi HTTP/1.1\r\nHost: {host}\r\nOrigin: {SHOP}\r\n{key}\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(f"HTTP/1.1 {status}".encode())
        writer.close()


async def test_a_message_that_is_too_large_ends_the_line_and_the_session_goes_on(server):
    async with server.page() as page:
        await page.say(id=1, command="ping", data={"x": "x" * 70_000})
        assert await page.closed() == 1009
        old = page.hello["session"]
    async with server.page() as page:
        await page.say(command="RESUME", session=old, lastSeq=page.hello["seq"])
        assert (await page.hear())["known"]


async def test_a_socket_outlives_the_patience_for_requests(tmp_path):
    async with doors(tmp_path, receive_timeout=0.5, webapi_sessions=1) as server, server.page() as page:
        await Leap().ahead(5)
        assert (await page.call("ping"))["success"]
        with pytest.raises(InvalidStatus) as reason:  # there may be one session, and it is here
            async with server.page():
                pass
        assert reason.value.response.status_code == 429


async def test_missed_events_are_told_after_a_break_and_after_a_restart_that_nobody_holds_up(server, monkeypatch):
    async with server.page() as page:
        old, since = page.hello["session"], page.hello["seq"]
    await server.tell(news(3, start=100))
    async with server.page() as page:
        await page.say(command="RESUME", session=old, lastSeq=since + 1)
        assert await page.hear() == {"command": "RESUMED", "session": old, "known": True, "seq": since + 1, "reset": False}
        assert [each["seq"] - since for each in await page.events(2)] == [2, 3]
        poller = await Poller(server.client).open()
        there = held(monkeypatch)
        waiting = asyncio.create_task(poller.ask())
        await there.wait()
        with capture_logs() as logs:
            await server.gateway.stop()
        assert not [entry for entry in logs if entry["log_level"] == "error"], "nothing had to be forced"
        assert await page.closed() == 1012
        assert (await waiting).status_code in (200, 410)
    await server.tell(news(2, start=103))
    await server.start()
    async with server.page() as page:
        await page.say(command="RESUME", session=old, lastSeq=since + 2)
        said = {"command": "RESUMED", "session": page.hello["session"], "known": False, "seq": since + 2, "reset": False}
        assert await page.hear() == said
        assert [each["seq"] - since for each in await page.events(3)] == [3, 4, 5]
        await server.tell(news(1, start=105))
        assert (await page.hear())["seq"] == since + 6


@pytest.mark.parametrize("more", ["Content-Length: 5\r\n", f"X-Long: {'x' * 50_000}\r\n"])
async def test_an_upgrade_that_cannot_be_read_is_answered_and_over(server, more):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    writer.write(f"GET /webapi HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {SHOP}\r\n{head}{more}\r\nhello".encode())
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 400")
    writer.close()
