"""Events in a page: in order, each once, over either transport, and after a line was cut."""

import pytest

from tests.sdk.pages import Shop
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "longpoll"])


def numbers(events):
    return [event["task"]["n"] for event in events]


@TRANSPORTS
async def test_a_callback_gets_the_event_and_the_task_under_both_names(shop, server, transport):
    await shop.start(url=server.url, transports=[transport])
    await shop.connected()
    await server.event("UpdateTaskStatusEvent", task={"taskId": "t"}, oldStatus="QUEUED", newStatus="PRINTING")
    await server.event("DeviceEvent")
    await until(lambda: shop.events("DeviceEvent"), what="both events")
    event, other = await shop.events("UpdateTaskStatusEvent", "DeviceEvent")
    assert event == {
        "name": "UpdateTaskStatusEvent",
        "sn": "jueKiUEE",
        "ips": ["127.0.0.1"],
        "task": {"taskId": "t"},
        "taskInfo": {"taskId": "t"},
        "oldStatus": "QUEUED",
        "newStatus": "PRINTING",
    }
    assert other == {"name": "DeviceEvent", "sn": "jueKiUEE", "ips": ["127.0.0.1"]}


@TRANSPORTS
async def test_what_happened_while_the_line_was_cut_comes_afterwards_in_order_and_once(shop, server, transport):
    await shop.start(url=server.url, transports=[transport])
    await shop.connected()
    for n in range(3):
        await server.event("EndTaskEvent", task={"n": n})
    await until(lambda: shop.page.evaluate("diary.events.length >= 4"), what="three events")
    session = server.session
    if transport == "websocket":
        await session.drop()
    else:
        del server.sessions[session.name]
        session.told.set()
        server.sessions["kept elsewhere"] = session
    for n in range(3, 6):
        await server.event("EndTaskEvent", task={"n": n})
    server.sessions.pop("kept elsewhere", None)
    server.sessions[session.name] = session
    await shop.connected(1 if transport == "longpoll" else 2)
    await server.event("EndTaskEvent", task={"n": 6})
    await until(lambda: shop.page.evaluate("diary.events.filter(e => e.name === 'EndTaskEvent').length >= 7"), what="all events")
    assert numbers(await shop.events("EndTaskEvent")) == list(range(7))


async def test_an_event_that_comes_again_is_told_once(shop, server):
    await shop.start(url=server.url)
    await shop.connected()
    first = await server.event("EndTaskEvent", task={"n": 1})
    await server.event("EndTaskEvent", task={"n": 2})
    for again in (first, *server.ring):
        await server.session.send(again)
    await server.event("EndTaskEvent", task={"n": 3})
    await until(lambda: shop.page.evaluate("diary.events.some(e => e.task && e.task.n === 3)"), what="the last one")
    assert numbers(await shop.events("EndTaskEvent")) == [1, 2, 3]


async def test_a_session_that_is_gone_begins_a_new_one_and_says_so(shop, server):
    await shop.start(url=server.url)
    assert (await shop.connected())["resumed"] is False
    session = server.session
    server.sessions.clear()
    server.seq = 7
    await session.drop()
    assert (await shop.connected(2))["resumed"] is False
    await server.event("EndTaskEvent", task={"n": 8})
    await until(lambda: shop.events("EndTaskEvent"), what="an event with a lower number than before")


async def test_subscribers_hear_what_they_asked_for_until_they_leave(shop, server):
    script = """() => {
        window.heard = [];
        window.leave = wp.subscribe('EndTaskEvent', (event) => heard.push('a' + event.task.n));
        wp.subscribe('EndTaskEvent', (event) => { heard.push('b' + event.task.n); if (event.task.n === 1) leave(); });
        wp.subscribe('EndTaskEvent', () => { throw new Error('of the page'); });
        wp.subscribe('NewTaskEvent', () => heard.push('wrong'));
        wp.subscribe('*', (event) => { if (event.task) heard.push('*' + event.task.n); });
    }"""
    await shop.start(url=server.url)
    await shop.page.evaluate(script)
    await shop.connected()
    await server.event("EndTaskEvent", task={"n": 1})
    await server.event("EndTaskEvent", task={"n": 2})
    await until(lambda: shop.page.evaluate("heard.length >= 5"), what="five callbacks")
    assert await shop.page.evaluate("heard") == ["a1", "b1", "*1", "b2", "*2"]
    assert len(await shop.errors()) == 2


async def test_who_comes_late_is_told_that_it_is_connected(shop, server):
    await shop.start(url=server.url)
    await shop.connected()
    told = await shop.page.evaluate("new Promise((ok) => wp.subscribe('CONNECTED', ok))")
    assert (told["transport"], told["sn"]) == ("websocket", "jueKiUEE")


async def test_a_callback_must_be_a_function(shop):
    said = await shop.page.evaluate(
        "(() => { try { new com.strato.Webprinter().subscribe('x'); } catch (e) { return e.message; } })()"
    )
    assert said == "Webprinter: subscribe(name, callback) needs a function"


async def test_who_subscribes_to_what_is_never_told_is_warned(shop):
    await shop.page.evaluate("window.wp = new com.strato.Webprinter()")
    await shop.page.evaluate(
        "['NewTaskEvent', 'UpdateTaskStatusEvent', 'EndTaskEvent', 'CONNECTED', '*'].map(n => wp.subscribe(n, () => 0))"
    )
    assert not [line for line in shop.console if line.startswith("Webprinter:")]
    await shop.page.evaluate("wp.subscribe('EndTask', () => 0)")
    (warning,) = [line for line in shop.console if line.startswith("Webprinter:")]
    assert warning.startswith('Webprinter: subscribe("EndTask") hears nothing: there are NewTaskEvent, ')


async def test_both_sides_ping_and_a_silent_line_is_given_up(context, server):
    shop = await Shop.open(context, server.url)
    await shop.page.clock.install()
    await shop.start(url=server.url, transports=["websocket"])
    await shop.connected()
    await server.session.send({"command": "PING"})
    await until(lambda: server.pongs == 1, what="a PONG")
    await shop.page.clock.run_for(26_000)
    await until(lambda: server.pings == 1, what="a PING")
    assert await shop.events("DISCONNECTED") == []
    server.hushed = True
    await shop.page.clock.run_for(95_000)
    lost, *_ = await shop.events("DISCONNECTED")
    assert lost["reason"] == "connection-lost"
    await shop.page.clock.resume()
    assert (await shop.connected(2))["resumed"] is True
