"""Pages of other sites speak for a client by a relay token: bound to origin, tenant, client, scopes and time, and revocable."""

import asyncio

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from libs.contracts.directory import ClientKind
from libs.contracts.message import encode
from libs.contracts.relays import PairingEntry, RelayEntry
from libs.contracts.streams import IDEMPOTENCY
from libs.runtime.bucket import Bucket
from services.gateway import relays as module
from services.registry import enrol
from tests.gateway.webapi.poller import Poller
from tests.gateway.webapi.rig import ELSEWHERE, SHOP, doors
from tests.waiting import until
from tests.webhooks.events import SN, news

pytestmark = pytest.mark.asyncio(loop_scope="module")
SITE = "https://site.example.com"
OTHER = "otherSN1"
#: A proxy stands before the server: the peer is on this machine, and the page is not.
FAR = {"x_forwarded_for": "203.0.113.9"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with doors(tmp_path_factory.mktemp("relays")) as running, enrol.open_store(running.registry_settings) as store:
        running.store = store
        await enrol.add_tenant(store, "other")
        await enrol.add_client(store, "other", ClientKind.AGENT, sn=OTHER)
        running.other = await enrol.add_token(store, OTHER, "own")
        await until(lambda: knows(running, running.other), what="a token that the gateway knows")
        yield running


async def token(server, of=None, **more):
    answer = await server.openapi("newRelayToken", **({"token": of} if of else {}), **{"origins": [SITE], **more})
    assert answer["success"], answer
    return answer["data"]


def relayed(server, shown, **more):
    return server.page(**{"origin": SITE, "offered": ("webprinter.v1", f"webprinter.token.{shown}"), **FAR, **more})


async def refused(server, shown, **more):
    """The close code of a page that shows this token."""
    async with relayed(server, shown, greeted=False, **more) as page:
        with pytest.raises(ConnectionClosed):
            await page.hear()
        return page.socket.close_code


async def test_a_page_from_elsewhere_is_refused_without_a_token(server):
    with pytest.raises(InvalidStatus) as reason:
        async with server.page(origin=SHOP, **FAR):
            pass
    assert reason.value.response.status_code == 403
    assert "relay token" in reason.value.response.body.decode()
    answer = await Poller(server.client, SHOP).post("open", **FAR)
    assert answer.status_code == 403


async def test_a_relay_token_lets_its_pages_in_as_its_client_with_its_scopes(server):
    given = await token(server)
    async with relayed(server, given["token"]) as page:
        assert page.socket.subprotocol == "webprinter.v1"
        assert page.hello["sn"] == SN
        assert (await page.call("listDevices"))["success"]
        answer = await page.call("newRelayToken", {"origins": [SITE]})
        assert (answer["success"], answer["message"]) == (
            False, "This token is not good for newRelayToken: it lacks the scope administer.",
        )  # fmt: skip
    async with server.page(origin=SITE, offered=("webprinter.v1", "webprinter.relay"), greeted=False, **FAR) as page:
        await page.say(command="AUTH", token=given["token"])
        assert (await page.hear())["command"] == "HELLO"
    poller = await Poller(server.client, SITE).open(Authorization=f"Bearer {given['token']}", **FAR)
    assert (await poller.send({"id": 1, "command": "ping"}))[0]["success"]


async def test_a_relay_token_is_for_its_origins_only(server):
    given = await token(server)
    assert await refused(server, given["token"], origin=ELSEWHERE) == 4403
    assert await refused(server, given["token"], origin=SHOP) == 4403
    assert (await Poller(server.client, ELSEWHERE).post("open", Authorization=f"Bearer {given['token']}")).status_code == 403


async def test_an_expired_a_changed_and_an_invented_token_are_refused(server):
    given = await token(server, expireAfter=1)
    async with relayed(server, given["token"]) as page:
        assert await page.closed(5) == 4401
    assert await refused(server, given["token"]) == 4401
    good = (await token(server))["token"]
    assert await refused(server, good[:-1] + ("A" if good[-1] != "A" else "B")) == 4401
    assert await refused(server, good.replace(SN, OTHER)) == 4401
    assert await refused(server, "wpr_") == 4401


async def test_another_tenants_relay_sees_and_does_nothing_of_ours(server):
    theirs = await token(server, of=server.other)
    ours = await token(server)
    async with relayed(server, theirs["token"]) as their, relayed(server, ours["token"]) as our:
        assert their.hello["sn"] == OTHER
        await server.tell(news(2, start=1000))
        heard = await our.events(2)
        answer = await their.call("listEvents")
        assert answer["data"]["events"] == []
        assert (await their.call("listEvents", {"taskId": heard[0]["task"]["taskId"]}))["data"]["events"] == []
        assert (await our.call("listEvents", {"taskId": heard[0]["task"]["taskId"]}))["data"]["events"][0]["seq"] == heard[0]["seq"]
        await their.say(command="RESUME", session=our.hello["session"], lastSeq=0)
        said = await their.hear()
        assert (said["known"], said["session"]) == (False, their.hello["session"])
        await their.say(command="PING")
        assert await their.hear() == {"command": "PONG"}
    listed = (await server.openapi("listRelays", token=server.other))["data"]
    assert [each["relayId"] for each in listed] == [theirs["relayId"]]
    answer = await server.openapi("revokeRelay", token=server.other, relayId=ours["relayId"])
    assert answer["message"].startswith("relayId: there is no relay")


async def test_a_revoked_relay_ends_its_open_sessions(server):
    given = await token(server, name="kiosk")
    poller = await Poller(server.client, SITE).open(Authorization=f"Bearer {given['token']}", **FAR)
    waiting = asyncio.create_task(poller.ask())
    async with relayed(server, given["token"]) as page:
        assert given["relayId"] in [each["relayId"] for each in (await server.openapi("listRelays"))["data"]]
        assert (await server.openapi("revokeRelay", relayId=given["relayId"]))["success"]
        assert await page.closed() == 4401
    assert (await waiting).status_code == 401
    assert (await poller.ask()).status_code == 410
    assert await refused(server, given["token"]) == 4401
    assert given["relayId"] not in [each["relayId"] for each in (await server.openapi("listRelays"))["data"]]


async def test_a_relay_is_listed_and_revoked_however_many_were_before_it(server, monkeypatch):
    """Also those that are over: the bucket keeps them as long as the longest may live."""
    for _ in range(3):
        await server.openapi("revokeRelay", relayId=(await token(server))["relayId"])
    given = [await token(server) for _ in range(3)]
    monkeypatch.setattr(module, "STEP", 2)
    monkeypatch.setattr(module, "LISTED", 2)
    listed = (await server.openapi("listRelays"))["data"]
    assert [each["relayId"] for each in listed] == [each["relayId"] for each in given[1:]]
    for each in given:
        assert (await server.openapi("revokeRelay", relayId=each["relayId"]))["success"]
    assert await refused(server, given[0]["token"]) == 4401


async def test_a_relay_dies_with_the_token_that_gave_it(server):
    parent = await enrol.add_token(server.store, SN, "site server")
    await until(lambda: knows(server, parent), what="the token")
    given = await token(server, of=parent)
    async with relayed(server, given["token"]) as page:
        await enrol.revoke_token(server.store, SN, "site server")
        assert await page.closed(6) == 4401
    assert await refused(server, given["token"]) == 4401


async def knows(server, shown):
    return (await server.openapi("ping", token=shown))["success"]


async def test_a_code_is_exchanged_once_and_binds_the_origin_that_brought_it(server):
    async with server.page(origin=server.own) as page:  # the user at the machine
        made = (await page.call("newPairing", {"name": "till"}))["data"]
    poller = Poller(server.client, SITE)
    answer = await poller.post("pair", {"code": f" {made['code'].lower().replace('-', ' ')} "}, **FAR)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["sn"], data["scopes"]) == (SN, ["print", "read"])
    async with relayed(server, data["token"]) as socket:
        assert socket.hello["sn"] == SN
    assert await refused(server, data["token"], origin=ELSEWHERE) == 4403
    assert (await poller.post("pair", {"code": made["code"]})).status_code == 401
    last = [(row.who, row.action, row.what) for row in await server.store.audited(0, "main")][-2:]
    assert last == [
        (f"{SN} with a page of {server.own}", "pairing code made", SN),
        (f"{SN} with relay {data['relayId']}", "page paired", data["relayId"]),
    ]


async def test_a_relayed_page_lets_nobody_in_who_would_outlive_it(server):
    given = await token(server, scopes=["print", "read", "administer"])
    async with relayed(server, given["token"]) as page:
        for command in ("newRelayToken", "newPairing"):
            answer = await page.call(command, {"origins": [SITE]})
            assert (answer["success"], answer["message"]) == (
                False, "A relayed page lets nobody else in: ask with a token of the client, or on the machine itself.",
            )  # fmt: skip
        assert (await page.call("revokeRelay", {"relayId": given["relayId"]}))["success"]
        assert await page.closed() == 4401


async def test_an_allowed_page_on_this_machine_manages_and_does_not_administer(server):
    async with server.page(origin=SHOP) as page:
        info = (await page.call("getInfo"))["data"]
        assert info["scopes"] == ["print", "read", "manage"]
        for command in ("addEndpoint", "newPairing", "shareDevice", "setRules"):
            assert "administer" in (await page.call(command))["message"]
    async with server.page(origin=server.own) as page:
        assert "administer" in (await page.call("getInfo"))["data"]["scopes"]


async def test_good_relay_tokens_come_in_while_their_address_guesses(server, monkeypatch):
    given = await token(server)
    proxy = {"x_forwarded_for": "203.0.113.77"}
    async with relayed(server, given["token"], **proxy):
        pass
    for _ in range(30):
        await refused(server, "wpr_junk", **proxy)
    assert await refused(server, "wpr_junk", **proxy) == 4429
    async with relayed(server, given["token"], **proxy) as page:
        assert page.hello["sn"] == SN


async def test_a_code_for_one_site_is_none_for_another(server):
    made = (await server.openapi("newPairing", origins=[SITE]))["data"]
    assert (await Poller(server.client, ELSEWHERE).post("pair", {"code": made["code"]})).status_code == 401
    assert (await Poller(server.client, SITE).post("pair", {"code": made["code"]})).status_code == 200


async def test_a_code_is_void_after_ten_minutes(server):
    codes = Bucket(await server.bus.connect("gateway"), IDEMPOTENCY.name)
    entry = RelayEntry(sn=SN, tenant="main", expires_at=2**45)
    await codes.create(module._code_key("ABCDEFGH"), encode(PairingEntry(relay=entry, valid_until=module.now() - 1)))
    assert (await Poller(server.client, SITE).post("pair", {"code": "ABCD-EFGH"})).status_code == 401


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({}, "origins"), ({"origins": ["*"]}, "origins"), ({"origins": ["https://a.example/path"]}, "origins"),
        ({"origins": [SITE], "scopes": ["root"]}, "scopes"), ({"origins": [SITE], "expireAfter": 10**9}, "expireAfter"),
        ({"origins": [SITE] * 60}, "origins"),
    ],
)  # fmt: skip
async def test_a_relay_that_makes_no_sense_is_refused_by_the_fields_name(server, data, named):
    answer = await server.openapi("newRelayToken", **data)
    assert not answer["success"]
    assert answer["message"].startswith(named)


async def test_who_guesses_codes_has_to_wait(tmp_path):
    async with doors(tmp_path) as server:
        poller = Poller(server.client, SITE)
        answers = [(await poller.post("pair", {"code": f"AAAA-AA{number:02}"})).status_code for number in range(12)]
        assert answers == [401] * 10 + [429] * 2
        assert (await poller.post("pair", {"code": 7})).status_code == 400


async def test_relaying_can_be_switched_off(tmp_path):
    async with doors(tmp_path, webapi_relay=False) as server:
        given = await token(server)
        with pytest.raises(InvalidStatus):
            async with relayed(server, given["token"]):
                pass
        assert (await Poller(server.client, SITE).post("open", Authorization=f"Bearer {given['token']}")).status_code == 403
        assert (await Poller(server.client, SITE).post("pair", {"code": "AAAA-AAAA"})).status_code == 403


async def test_pages_that_owe_their_token_are_few(tmp_path):
    async with doors(tmp_path) as server:
        owing = [server.page(origin=SITE, offered=("webprinter.v1", "webprinter.relay"), greeted=False, **FAR) for _ in range(9)]
        pages = [await page.__aenter__() for page in owing[:8]]
        with pytest.raises(InvalidStatus) as reason:
            await owing[8].__aenter__()
        assert reason.value.response.status_code == 429
        await pages[0].say(command="ping", id=1)
        assert await pages[0].closed() == 4401
        for page in owing[:8]:
            await page.__aexit__(None, None, None)
