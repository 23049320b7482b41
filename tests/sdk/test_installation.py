"""Pages in a real browser print on a whole server: every transport and the relay, and those that may not are told why."""

import base64
import json
from itertools import pairwise

import pytest
import pytest_asyncio

from demo.printers.port import Port
from libs.runtime.authority import Authority
from tests.integration.documents import pdf
from tests.integration.installation import installation
from tests.sdk.browser import chromium, trust
from tests.sdk.line import line
from tests.sdk.pages import Shop
from tests.sdk.sites import site
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

#: A name of somebody else that points at this machine.
REBOUND = "rebound.example"


class Street:
    """A server with a printer, a shop that may print on it, one over TLS, and a stranger; as addresses."""

    def __init__(self, server, paper, ports):
        self.server = server
        self.paper = paper
        self.ports = ports

    def http(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def https(self, name, host="localhost"):
        return f"https://{host}:{self.ports[name]}"

    def printed(self, task):
        """How often a task lies on paper."""
        return len(list(self.paper.glob(f"{task}*.pdf")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(tmp_path_factory):
    folder = tmp_path_factory.mktemp("street")
    names = ("https", "shop", "stranger", "secure", "line", "closed", "closed tls")
    held = {name: Port() for name in names}
    ports = {name: port.number for name, port in held.items()}
    made = installation(
        folder,
        [f"file://{folder}/paper?name=Paper"],
        HTTPS_PORT=str(ports["https"]),
        WEBAPI_ORIGINS=json.dumps([f"http://127.0.0.1:{ports['shop']}", f"https://localhost:{ports['secure']}"]),
        HTTP_NAMES=json.dumps([f"127.0.0.1:{ports['line']}"]),
        CONVERTER_ENGINES='["text", "pdf"]',
    )
    async with made as server:
        await server.start()
        ports["gateway"] = int(server.url.rsplit(":", 1)[1])
        leaf = Authority(server.data / "keys").leaf(name="shop")
        gateway = f"https://localhost:{ports['https']}"
        async with (
            site(server.url, ports["shop"]),
            site(server.url, ports["stranger"]),
            site(gateway, ports["secure"], leaf=leaf),
        ):
            await server.device("Paper")
            yield Street(server, folder / "paper", ports)
    for port in held.values():
        port.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(street, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    await trust(home, street.server.data / "keys" / "ca.pem")
    async with chromium(home, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1") as running:
        yield running


async def prints(shop, street, content="from a page"):
    """Print on the page's own device, and see the end of it in the page and on paper."""
    devices = await shop.send("listDevices", {"deviceType": "printer"})
    assert "Paper" in [device["name"] for device in devices]
    task = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": content}
    accepted = await shop.send("newPrintTask", {"task": task})

    async def ended():
        return [event for event in await shop.events("EndTaskEvent") if event["task"]["taskId"] == accepted["taskId"]]

    (end,) = await until(ended, 60, "EndTaskEvent")
    assert end["task"]["status"] == "FINISHED"
    assert end["taskInfo"] == end["task"]
    assert end["sn"] == street.server.sn
    assert street.printed(accepted["taskId"]) == 1
    mine = [event for event in await shop.events() if event.get("task", {}).get("taskId") == accepted["taskId"]]
    assert [mine[0]["name"], mine[-1]["name"]] == ["NewTaskEvent", "EndTaskEvent"]
    changes = [event for event in mine if event["name"] == "UpdateTaskStatusEvent"]
    assert all(before["newStatus"] == after["oldStatus"] for before, after in pairwise(changes))
    assert await shop.errors() == []
    return accepted["taskId"]


async def test_a_page_of_an_allowed_origin_prints_over_websocket(context, street):
    shop = await Shop.open(context, street.http("shop"))
    await shop.start(port=street.ports["gateway"])
    await prints(shop, street)
    assert (await shop.connected())["transport"] == "websocket"


async def test_it_prints_over_long_polling_where_there_is_no_websocket(context, street):
    shop = await Shop.open(context, street.http("shop"), before="delete window.WebSocket")
    await shop.start(port=street.ports["gateway"])
    await prints(shop, street)
    assert (await shop.connected())["transport"] == "longpoll"


@pytest.mark.parametrize(("before", "transport"), [("", "websocket"), ("delete window.WebSocket", "longpoll")])
async def test_a_secure_page_prints_over_tls_by_the_certificate_of_this_machine(context, street, before, transport):
    shop = await Shop.open(context, street.https("secure"), before=before)
    await shop.start(port=street.ports["closed"], tlsPort=street.ports["https"])
    await prints(shop, street)
    connected = await shop.connected()
    assert (connected["transport"], connected["address"]) == (transport, street.https("https", "127.0.0.1"))


async def test_a_secure_page_reaches_the_loopback_literal_without_tls(context, street):
    shop = await Shop.open(context, street.https("secure"))
    await shop.start(port=street.ports["gateway"], tlsPort=street.ports["closed tls"])
    await shop.send("ping")
    assert (await shop.connected())["address"] == street.http("gateway")


async def test_a_page_of_any_site_prints_through_the_relay_once_it_is_paired(context, street):
    site_of_its_own = street.https("secure", "127.0.0.1")
    shop = await Shop.open(context, site_of_its_own)
    nobody_here = {"port": street.ports["closed"], "tlsPort": street.ports["closed tls"]}
    await shop.start(**nobody_here, relay=street.https("https"))
    assert (await shop.disconnected("not-paired"))["message"].startswith("This page is not paired")
    wrong = await shop.refused("pair", {"code": "ABCD-2345"})
    assert wrong["message"].startswith("This code is wrong")
    pairing = await street.server.call("newPairing")
    assert (await shop.send("pair", {"code": pairing["code"].lower()}))["sn"] == street.server.sn
    await prints(shop, street, "through the relay")
    connected = await shop.connected()
    assert (connected["relayed"], connected["address"]) == (True, street.https("https"))
    again = await Shop.open(context, site_of_its_own, before="delete window.WebSocket")
    await again.start(**nobody_here, relay=street.https("https"))
    await prints(again, street, "through the relay, later, without WebSocket")
    assert (await again.connected())["transport"] == "longpoll"


async def test_a_token_from_the_sites_own_server_ends_when_it_is_revoked(context, street):
    origin = street.https("secure", "127.0.0.1")
    given = await street.server.call("newRelayToken", origins=[origin])
    shop = await Shop.open(context, origin)
    await shop.start(url=street.https("https"), token=given["token"])
    await prints(shop, street)
    await street.server.call("revokeRelay", relayId=given["relayId"])
    await shop.disconnected("not-paired")
    assert (await shop.refused("ping"))["reason"] == "not-paired"


@pytest.mark.parametrize("before", ["", "delete window.WebSocket"])
async def test_a_page_of_another_origin_is_refused_and_told_what_to_do(context, street, before):
    shop = await Shop.open(context, street.http("stranger"), before=before)
    await shop.start(port=street.ports["gateway"])
    error = await shop.refused("newPrintTask", {"task": {"content": "x", "mediaSource": "STRING", "mediaFormat": "TEXT"}})
    assert error["reason"] == "origin-not-approved"
    assert street.http("stranger") in error["message"]
    assert "PRINTBUS_WEBAPI_ORIGINS" in error["message"]
    assert (await shop.disconnected("origin-not-approved"))["message"] == error["message"]


async def test_a_name_that_was_rebound_to_this_machine_is_refused(context, street):
    shop = await Shop.open(context, f"http://{REBOUND}:{street.ports['gateway']}/webprinter.html")
    error = await shop.page.evaluate("""new Promise((ok) => {
        new com.strato.Webprinter({url: location.origin}).send("listDevices", {}, () => ok("let in"), (said, answer) => ok(answer));
    })""")
    assert error["success"] is False
    assert "does not go by the name" in error["message"]


async def test_what_happened_while_the_line_was_cut_is_told_afterwards_in_order_and_once(context, street):
    async with line(street.ports["line"], street.ports["gateway"]) as cable:
        shop = await Shop.open(context, street.http("shop"))
        await shop.start(port=street.ports["line"])
        first = await prints(shop, street)
        before = len(await shop.events())
        cable.cut()
        await shop.disconnected("connection-lost")
        missed = [await street.server.submit("Paper", content=f"number {n}") for n in range(3)]
        await until(lambda: all(street.printed(task) for task in missed), 60, "paper")
        cable.mend()
        assert (await shop.connected(2))["resumed"] is True

        async def ends():
            return [event["task"]["taskId"] for event in (await shop.events("EndTaskEvent"))]

        await until(lambda: shop.page.evaluate("diary.events.filter(e => e.name === 'EndTaskEvent').length >= 4"), what="all ends")
        assert await ends() == [first, *missed]
        told = [event for event in (await shop.events())[before:] if "task" in event]
        for task in missed:
            story = [event["name"] for event in told if event["task"]["taskId"] == task]
            assert (story[0], story[-1], story.count("EndTaskEvent")) == ("NewTaskEvent", "EndTaskEvent", 1)


async def test_a_call_whose_answer_was_lost_with_the_line_is_carried_out_once(context, street):
    async with line(street.ports["line"], street.ports["gateway"]) as cable:
        shop = await Shop.open(context, street.http("shop"))
        await shop.start(port=street.ports["line"])
        await shop.connected()
        task = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "cut", "name": "cut"}
        for n in range(10):
            await shop.say(f"task {n}", "newPrintTask", {"task": task})
        cable.cut()
        cable.mend()
        ids = [(await shop.over(f"task {n}", 30))["ok"][0]["taskId"] for n in range(10)]
        assert len(set(ids)) == 10
        rows = [row for row in await street.server.call("listTasks", limit=1000) if row["taskName"] == "cut"]
        assert sorted(row["taskId"] for row in rows) == sorted(ids)


async def test_a_large_document_is_uploaded_and_printed(context, street):
    shop = await Shop.open(context, street.http("shop"))
    await shop.start(port=street.ports["gateway"])
    script = """async () => {
        const content = btoa("line of a long text\\n".repeat(60000)), config = {pageRanges: "1"};
        return await wp.send("newPrintTask", {task: {mediaSource: "BASE64", mediaFormat: "TEXT", content, config}});
    }"""
    task = (await shop.page.evaluate(script))["taskId"]
    await until(lambda: street.printed(task), 60, "paper")


async def test_a_page_of_the_older_sdk_prints(context, street):
    shop = await Shop.open(context, street.http("shop"))
    await shop.page.add_script_tag(url=f"{street.server.url}/webprinter-classic.js")
    script = """([port, content]) => new Promise((done, refused) => {
        const old = Strato.WebPrinter.getInstance([{host: "127.0.0.1:" + port, accesskey: ""}]), told = {};
        old.on("ENDED", (task) => {
            if (task.id !== "order 4711") return;
            told.ended = task;
            old.listTasks([task.id], (rows) => { told.rows = rows; done(told); }, refused);
        });
        old.getInfo((info) => { told.info = info; }, refused);
        old.listPrinters((names) => { told.printers = names; }, refused);
        old.getDefaultPrinter((name) => { told.default = name; }, refused);
        old.listPapers("Paper", (papers) => {
            const a4 = papers.filter((paper) => paper.name === "A4")[0];
            told.a4 = a4;
            const config = {paper: a4, copies: "2", marginTop: 5};
            const task = {id: "order 4711", name: "old", printer: "Paper", type: "PDF", content, config};
            old.newTask(task, (id, status) => { told.accepted = [id, status]; }, refused);
        }, refused);
    })"""
    told = await shop.page.evaluate(script, [street.ports["gateway"], base64.b64encode(pdf().data).decode()])
    assert told["accepted"] == ["order 4711", "SUBMITTED"]
    assert told["ended"]["status"] == "FINISHED"
    assert street.printed(told["ended"]["taskId"]) == 1
    assert told["a4"] == {"name": "A4", "w": 210000, "h": 297000}
    assert told["printers"][0] == "Paper"
    assert told["default"] in told["printers"]
    assert told["info"]["currentVersion"]
    assert [(row["id"], row["name"], row["printer"], row["status"]) for row in told["rows"]] == [
        ("order 4711", "old", "Paper", "FINISHED")
    ]
    assert await shop.errors() == []


@pytest.mark.parametrize("before", ["", "delete window.WebSocket"])
async def test_the_servers_own_page_works(context, street, before):
    shop = await Shop.open(context, f"{street.server.url}/webprinter.html", before=before)
    await until(lambda: shop.page.locator("#devices tr").count(), what="a device")
    await shop.page.locator("#format").select_option("TEXT")
    await shop.page.locator("#submit").click()
    await until(lambda: shop.page.locator("#events li", has_text="EndTask").count(), 60, "EndTask is shown")
    await shop.page.locator("#make-code").click()

    async def code():
        return len((await shop.page.locator("#code").inner_text()).strip()) == 9

    await until(code, what="a code")
    assert [said for said in shop.console if "Security Policy" in said] == []
