"""The ladder of webprinter.js: which ways are tried, in which order, what is remembered, what is told when none works."""

import json
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from demo.printers.port import Port
from tests.sdk.pages import Shop
from tests.sdk.scripted import SDK, STRANGER, scripted, serving
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

#: Writes down where the page goes, and lets nothing through; a WebSocket to a loopback address throws where `blocked`.
WATCH = """
window.tried = [];
window.WebSocket = function (address) {
    tried.push(address);
    if (window.blocked) throw new Error("SecurityError");
    var socket = this;
    socket.close = function () {};
    setTimeout(function () { if (socket.onclose) socket.onclose({code: 1006, reason: ""}); }, 5);
};
XMLHttpRequest.prototype.open = function (method, address) { this.address = address; };
XMLHttpRequest.prototype.setRequestHeader = function () {};
XMLHttpRequest.prototype.send = function () {
    var xhr = this;
    tried.push(xhr.address);
    setTimeout(function () { if (xhr.onerror) xhr.onerror(); }, 5);
};
"""


async def watched(context, address):
    """A page of this origin that reaches nobody."""
    shop = await Shop.open(context, "about:blank")

    async def fulfil(route):
        await route.fulfill(content_type="text/html", body="<!doctype html><title>shop</title>")

    await context.route(f"{address}/**", fulfil)
    shop = await Shop.open(context, f"{address}/", before=WATCH)
    await shop.page.add_script_tag(path=SDK / "webprinter.js")
    return shop


async def tried(shop, reason="agent-absent"):
    """Where it went until it knew that nobody is there."""
    await shop.disconnected(reason)
    return await shop.page.evaluate("tried")


async def test_without_a_word_it_tries_this_computer_on_its_one_port(context):
    shop = await watched(context, "http://localhost:8000")
    await shop.start()
    base = "127.0.0.1:39899/webapi"
    first_round = (await tried(shop))[:3]
    assert first_round == [f"ws://{base}", f"http://{base}/open", f"http://{base}/status"]
    assert set(await tried(shop)) == set(first_round)


async def test_a_public_page_without_tls_is_told_what_its_browser_wants(context):
    """Chromium denies local requests to such pages without asking anybody; the state of its permission says so."""
    shop = await watched(context, "http://shop.example")
    await shop.start()
    told = await shop.disconnected("permission-denied")
    assert told["message"].startswith("The browser lets only https pages reach programs on this computer")


async def test_a_secure_page_prefers_the_loopback_literal_and_falls_back_to_tls(context):
    shop = await watched(context, "https://shop.example")
    await shop.start()
    found = await tried(shop)
    assert found[:6] == [
        "ws://127.0.0.1:39899/webapi",
        "wss://127.0.0.1:39900/webapi",
        "http://127.0.0.1:39899/webapi/open",
        "https://127.0.0.1:39900/webapi/open",
        "http://127.0.0.1:39899/webapi/status",
        "https://127.0.0.1:39900/webapi/status",
    ]


async def test_a_secure_page_reaches_a_server_of_the_house_by_tls_alone_and_then_the_relay(context):
    shop = await watched(context, "https://shop.example")
    await shop.page.evaluate("window.blocked = true")
    await shop.start(host="print.lan", port=8000, tlsPort=8001, relay="https://print.example.com/", token="t")
    found = await tried(shop)
    assert found[:4] == [
        "wss://print.lan:8001/webapi",
        "https://print.lan:8001/webapi/open",
        "wss://print.example.com/webapi",
        "https://print.example.com/webapi/open",
    ]


async def test_an_address_of_its_own_is_the_only_one(context):
    shop = await watched(context, "https://shop.example")
    await shop.start(url="wss://print.example.com:444/webapi", transports=["longpoll"])
    assert (await tried(shop))[:1] == ["https://print.example.com:444/webapi/open"]


@pytest.mark.parametrize("options", [{"url": "print.example.com"}, {"relay": "ftp://x"}, {"transports": ["jsonp"]}])
async def test_options_that_make_no_sense_are_refused_in_words(shop, options):
    said = await shop.page.evaluate(
        "(options) => { try { new com.strato.Webprinter(options); } catch (e) { return e.message; } }", options
    )
    assert said.startswith("Webprinter: ")


async def test_nothing_is_asked_before_the_first_send_or_subscribe(shop, server):
    await shop.page.evaluate("(url) => { window.wp = new com.strato.Webprinter({url}); }", server.url)
    await shop.page.evaluate("new Promise((ok) => setTimeout(ok, 100))")
    assert server.opens == []
    await shop.page.evaluate("wp.subscribe('EndTaskEvent', function () {})")
    await until(lambda: server.opens == ["websocket"], what="connected")


async def test_the_winner_of_a_day_goes_first(context, server):
    port = int(server.url.rsplit(":", 1)[1])
    server.greeting = lambda websocket: websocket.close(1011)
    first = await Shop.open(context, server.url)
    await first.start(port=port)
    assert (await first.connected())["transport"] == "longpoll"
    await first.page.close()
    server.opens.clear()
    second = await Shop.open(context, server.url)
    await second.start(port=port)
    await second.connected()
    assert server.opens == ["longpoll"]
    await second.page.close()
    server.opens.clear()
    third = await Shop.open(
        context,
        server.url,
        before="Date.prototype.getTime = (real => function () { return real.call(this) + 86401000; })(Date.prototype.getTime)",
    )
    await third.start(port=port)
    await third.connected()
    assert server.opens == ["websocket", "longpoll"]


async def test_a_way_that_hangs_costs_its_head_start_and_no_more(context, server):
    """A firewall that swallows packets: the WebSocket opens, and nothing is ever said."""

    async def hang(websocket):
        await websocket.receive_text()
        return False

    server.greeting = hang
    shop = await Shop.open(context, server.url)
    await shop.start(url=server.url)
    assert await shop.send("ping", {"n": 1}) == {"echo": {"n": 1}}
    assert (await shop.connected())["transport"] == "longpoll"
    assert server.opens == ["websocket", "longpoll"]


async def test_nobody_there_is_told_at_once_and_calls_wait_for_who_comes(context, server):
    shop = await Shop.open(context, server.url)
    with Port() as port:
        await shop.start(port=port.number)
        await shop.say("early", "ping", {"n": 1})
        told = await shop.disconnected("agent-absent")
        assert told["message"] == "Printbus does not answer on this computer: start it, or install it."
        assert (await shop.call("early"))["failed"] == []
        number = port.number
    async with scripted(number):
        assert (await shop.over("early", 20))["ok"] == [{"echo": {"n": 1}}]


async def test_a_call_that_nobody_took_says_why(context, server):
    shop = await Shop.open(context, server.url)
    with Port() as port:
        await shop.start(port=port.number, timeout=700)
        error = await shop.refused("ping")
    assert error["message"] == "No answer to ping within 1 s: Printbus does not answer on this computer: start it, or install it."
    assert error["reason"] == "agent-absent"


async def test_waits_double_to_a_quarter_of_a_minute(context, server):
    shop = await Shop.open(context, server.url)
    await shop.page.evaluate("""() => {
        window.waits = [];
        const real = setTimeout;
        window.setTimeout = (run, ms) => {
            if (ms > 100 && ms <= 15000 && ms !== 1500 && ms !== 5000 && ms !== 10000) { waits.push(ms); ms = 1; }
            return real(run, ms);
        };
        window.WebSocket = undefined;
        XMLHttpRequest.prototype.send = function () { real(() => this.onerror && this.onerror()); };
    }""")
    await shop.start(url=server.url)
    await until(lambda: shop.page.evaluate("waits.length >= 8"), what="eight waits")
    waits = (await shop.page.evaluate("waits"))[:8]
    for wait, longest in zip(waits, (500, 1000, 2000, 4000, 8000, 15000, 15000, 15000), strict=True):
        assert longest * 0.75 <= wait <= longest


async def test_a_foreign_origin_is_told_so_at_once_and_works_once_it_is_allowed(shop, server):
    server.refusing = True
    await shop.start(url=server.url)
    error = await shop.refused("newPrintTask", {"task": {"content": "x"}})
    assert error["message"] == STRANGER
    assert error["reason"] == error["response"]["reason"] == "origin-not-approved"
    assert (await shop.disconnected("origin-not-approved"))["message"] == STRANGER
    assert server.requests == []
    server.refusing = False
    assert await shop.send("ping", {"n": 1}) == {"echo": {"n": 1}}


@asynccontextmanager
async def public_page(context):
    """A page that the browser takes for one of the internet, which may not reach this computer unless its user allows it."""

    def page(_request):
        return HTMLResponse("<!doctype html><title>shop</title>", headers={"Content-Security-Policy": "treat-as-public-address"})

    async with serving(Starlette(routes=[Route("/", page)])) as port:
        shop = await Shop.open(context, f"http://localhost:{port}/")
        await shop.page.add_script_tag(path=SDK / "webprinter.js")
        yield shop


async def test_a_browser_that_forbids_local_requests_is_told_apart(context, server):
    """Chromium's local network access, for real: without a person to ask, it denies."""
    async with public_page(context) as shop:
        await shop.start(port=int(server.url.rsplit(":", 1)[1]))
        told = await shop.disconnected("permission-denied")
        assert told["permission"] == "denied"
        assert "site settings" in told["message"]
        assert (await shop.refused("ping"))["reason"] == "permission-denied"
    assert server.opens == []


async def test_a_browser_that_was_allowed_local_requests_makes_them(context, server):
    await context.grant_permissions(["local-network-access"])
    async with public_page(context) as shop:
        await shop.start(port=int(server.url.rsplit(":", 1)[1]))
        assert await shop.send("ping", {"n": 1}) == {"echo": {"n": 1}}


@pytest.mark.parametrize("transport", ["websocket", "longpoll"])
async def test_a_page_is_paired_by_code_and_stays_so(context, server, transport):
    server.token = "secret"
    shop = await Shop.open(context, server.url)
    await shop.start(url=server.url, transports=[transport])
    error = await shop.refused("pair", {"code": "WRONG"})
    assert error["message"] == "There is no such code: read it again."
    assert await shop.send("pair", {"code": "ABCD-EFGH"}) == {"sn": "jueKiUEE"}
    assert await shop.send("ping", {"n": 1}) == {"echo": {"n": 1}}
    again = await Shop.open(context, server.url)
    await again.start(url=server.url, transports=[transport])
    assert await again.send("ping", {"n": 2}) == {"echo": {"n": 2}}
    assert "secret" not in json.dumps(server.requests)


@pytest.mark.parametrize("transport", ["websocket", "longpoll"])
async def test_a_token_that_is_not_valid_is_told_at_once_and_forgotten(context, server, transport):
    server.token = "secret"
    shop = await Shop.open(context, server.url)
    await shop.page.evaluate("localStorage.setItem('webprinter:token:' + location.origin, 'old')")
    await shop.start(url=server.url, transports=[transport])
    error = await shop.refused("ping")
    assert error["message"] == "This token is not valid: pair the page anew."
    assert error["reason"] == "not-paired"
    assert await shop.page.evaluate("localStorage.getItem('webprinter:token:' + location.origin)") is None


async def test_pairing_without_a_gateway_says_what_is_missing(shop):
    await shop.start()
    assert "option relay" in (await shop.refused("pair", {"code": "x"}))["message"]


async def test_a_restart_of_this_computers_server_is_waited_for_although_the_relay_is_not_paired(context, server):
    shop = await Shop.open(context, server.url)
    with Port() as port:
        await shop.start(port=port.number, relay="https://print.example.com")
        await shop.say("early", "ping", {"n": 1})
        assert "pairing code" in (await shop.disconnected("not-paired"))["message"]
        assert (await shop.call("early"))["failed"] == []
        number = port.number
    async with scripted(number):
        assert (await shop.over("early", 20))["ok"] == [{"echo": {"n": 1}}]


async def test_a_page_that_is_looked_at_again_connects_at_once(context, server):
    shop = await Shop.open(context, server.url)
    with Port() as port:
        await shop.page.clock.install()
        await shop.start(port=port.number)
        await shop.disconnected("agent-absent")
        number = port.number
    async with scripted(number):
        await shop.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert (await shop.connected())["name"] == "CONNECTED", "although the page's clock stands still"
