"""The WebAPI over long-poll: the same sessions and messages, acknowledged by what the next poll says."""

import asyncio

import pytest
import pytest_asyncio

from services.gateway.webapi import polling
from tests.gateway.fakes import door
from tests.gateway.webapi.poller import Poller, held
from tests.gateway.webapi.rig import ELSEWHERE, SHOP, doors
from tests.waiting import until
from tests.webhooks.events import SN, life, news

FRIEND = "https://friend.example.com"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with doors(tmp_path_factory.mktemp("polling"), webapi_origins=(SHOP, FRIEND), webapi_max_message=65536) as running:
        yield running


def numbers(messages, since):
    """Numbers of events, counted from where a page began."""
    return [each["seq"] - since for each in messages]


async def test_a_page_opens_sends_polls_and_closes(server, monkeypatch):
    page = await Poller(server.client).open()
    since = page.hello["seq"]
    assert (page.hello["command"], page.hello["sn"], page.hello["known"], page.hello["reset"]) == ("HELLO", SN, False, False)
    answers = await page.send({"id": 1, "command": "ping"}, {"id": 2, "command": "listTasks", "data": {"limit": "x"}})
    assert [(each["id"], each["success"], each["command"]) for each in answers] == [(1, True, "CALLBACK"), (2, False, "CALLBACK")]
    waiting = asyncio.create_task(page.poll())
    await server.tell(life(f"{SN}-1"))
    heard = await waiting
    while len(heard) < 5:
        heard += await page.poll()
    assert {each["command"] for each in heard} == {"EVENT"}
    assert numbers(heard, since) == [1, 2, 3, 4, 5]
    monkeypatch.setattr(polling, "HELD", 0.2)
    assert await page.poll() == []
    assert (await page.post("close")).json() == {"success": True, "command": "CALLBACK"}
    assert (await page.ask()).status_code == 410
    assert (await page.post("send", {"id": 3, "command": "ping"})).status_code == 410


async def test_what_was_not_acknowledged_is_told_again_and_a_hundred_at_once(server):
    page = await Poller(server.client).open()
    since = page.hello["seq"]
    await server.tell(news(250, start=2000))
    await until(lambda: caught_up(server, since + 250))
    first = (await page.ask()).json()
    again = (await page.ask()).json()
    assert first == again
    assert numbers(first["messages"], since) == list(range(1, 101))
    page.ack = first["ack"]
    assert numbers(await page.poll(), since) == list(range(101, 201))
    assert numbers(await page.poll(), since) == list(range(201, 251))


async def caught_up(server, last):
    """Whether the gateway's feed has everything."""
    page = await Poller(server.client).open()
    await page.post("close")
    return page.hello["seq"] == last


async def test_an_answer_that_takes_long_comes_by_poll_until_it_is_acknowledged(server, monkeypatch):
    monkeypatch.setattr(polling, "INLINE", 0.0)
    page = await Poller(server.client).open()
    assert await page.send({"id": "a", "command": "listDevices"}) == []
    first = (await page.ask()).json()
    assert [each["id"] for each in first["messages"]] == ["a"]
    assert (await page.ask()).json() == first
    page.ack = first["ack"]
    monkeypatch.setattr(polling, "HELD", 0.1)
    assert await page.poll() == []


async def test_a_newer_poll_ends_the_older_one(server, monkeypatch):
    page = await Poller(server.client).open()
    first = held(monkeypatch)
    older = asyncio.create_task(page.ask())
    await first.wait()
    newer = asyncio.create_task(page.ask())
    assert (await asyncio.wait_for(older, 20)).json()["messages"] == []
    await server.tell(news(1, start=3000))
    assert numbers((await newer).json()["messages"], page.hello["seq"]) == [1]


async def test_a_session_is_resumed_with_what_was_missed_also_by_a_socket(server):
    page = await Poller(server.client).open()
    since = page.hello["seq"]
    await server.tell(news(3, start=4000))
    again = await Poller(server.client).open({"session": page.session, "lastSeq": since + 1})
    assert (again.hello["known"], again.session, again.hello["seq"]) == (True, page.session, since + 1)
    heard = []
    while len(heard) < 2:
        heard += await again.poll()
    assert numbers(heard, since) == [2, 3]
    async with server.page() as socket:
        await socket.say(command="RESUME", session=page.session, lastSeq=since + 2)
        assert (await socket.hear())["known"]
        assert (await socket.hear())["seq"] == since + 3


async def test_events_that_are_gone_are_a_reset(server):
    page = await Poller(server.client).open({"session": "of another server", "lastSeq": 2**40})
    assert (page.hello["known"], page.hello["reset"]) == (False, True)
    answer = (await page.ask(f"{2**40}.0")).json()
    assert answer == {"ack": f"{page.hello['seq']}.0", "messages": [], "reset": True}


async def test_a_session_is_of_one_origin_and_never_in_the_address(server):
    page = await Poller(server.client).open()
    page.origin = FRIEND
    assert (await page.ask()).status_code == 410
    page.origin = SHOP
    assert (await page.post("send", {"id": 1, "command": "ping"}, x_forwarded_for="203.0.113.9")).status_code == 403
    answer = await server.client.get("/webapi/poll", params={"session": page.session}, headers={"Origin": SHOP})
    assert answer.status_code == 410


async def test_what_is_wrong_is_told_in_words(server):
    page = await Poller(server.client).open()
    for body in ([1], {"id": 1}, {"id": None, "command": "ping"}, {"messages": [{"id": 1, "command": "ping"}] * 65}):
        assert (await page.post("send", body)).status_code == 400, body
    assert (await page.post("send", {"id": 1, "command": "ping", "data": "x" * 70_000})).status_code == 413
    assert (await page.ask("yesterday")).status_code == 400
    assert (await server.client.post("/webapi/send", content=b"{", headers=page.headers())).status_code == 400
    assert (await server.client.get("/webapi/send", headers=page.headers())).status_code == 405
    page.session = ""
    assert (await page.post("open")).status_code == 400


async def test_preflights_are_answered_for_one_origin_with_leave_for_the_private_network(server):
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "webapi-session"}
    private = {"Access-Control-Request-Private-Network": "true", "Access-Control-Request-Local-Network": "true"}
    answer = await server.client.options("/webapi/open", headers={**asked, **private})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["vary"] == "Origin"
    assert "Webapi-Session" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert answer.headers["access-control-allow-local-network"] == "true"
    assert "access-control-allow-private-network" not in (await server.client.options("/webapi/open", headers=asked)).headers
    stranger = await server.client.options("/webapi/open", headers={**asked, **private, "Origin": ELSEWHERE})
    assert "access-control-allow-private-network" not in stranger.headers
    assert "access-control-allow-credentials" not in stranger.headers


async def test_a_page_of_another_origin_is_refused_and_may_read_why(server):
    page = Poller(server.client, ELSEWHERE)
    answer = await page.post("open")
    assert answer.status_code == 403
    assert "PRINTBUS_WEBAPI_ORIGINS" in answer.json()["message"]
    assert answer.headers["access-control-allow-origin"] == ELSEWHERE
    status = (await server.client.get("/webapi/status", headers={"Origin": ELSEWHERE})).json()
    assert (status["originAllowed"], status["local"]) == (False, True)
    assert "PRINTBUS_WEBAPI_ORIGINS" in status["message"]
    assert (await server.client.post("/webapi/open", json={}, headers={"Webapi-Session": "new"})).status_code == 403
    headers = {**Poller(server.client).headers(), "Host": "evil.net:1"}
    rebound = await server.client.post("/webapi/open", json={}, headers=headers)
    assert rebound.status_code == 421
    assert "access-control-allow-origin" not in rebound.headers


async def test_files_are_uploaded_by_a_session(server):
    page = await Poller(server.client).open()
    files = {"file": ("label.txt", b"hello " * 100)}
    answer = await server.client.post("/webapi/upload", files=files, headers=page.headers())
    assert answer.json()["file"]["url"].startswith("unim://"), answer.text
    page.session = "guessed"
    assert (await server.client.post("/webapi/upload", files=files, headers=page.headers())).status_code == 410


async def test_the_door_can_be_switched_off(tmp_path):
    async with door(tmp_path, webapi_enabled=False) as rig:
        assert (await Poller(rig.client).post("open")).status_code == 404


async def test_without_relaying_strangers_may_not_even_ask(tmp_path):
    async with door(tmp_path, webapi_relay=False, http_names=("gateway",)) as rig:
        asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
        assert (await rig.client.options("/webapi/open", headers=asked)).status_code == 403
