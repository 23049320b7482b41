"""Calls of webprinter.js: one callback each, whatever the server and the line do."""

import asyncio

import pytest

from tests.sdk.pages import Shop
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

TASK = {"task": {"deviceName": "Office", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "hello"}}


async def test_a_page_sees_two_methods_and_nothing_else(shop):
    seen = "() => { const all = []; for (const key in new com.strato.Webprinter()) all.push(key); return all.sort(); }"
    assert await shop.page.evaluate(seen) == ["send", "subscribe"]
    assert await shop.page.evaluate("typeof com.strato.Webprinter().send") == "function"


async def test_success_is_the_data_and_failure_the_message(shop, server):
    async def answering(session, request):
        if request["command"] == "listDevices":
            await session.answer(request, data=[{"name": "Office"}])
        elif request["command"] == "getDefaultDevice":
            await session.answer(request)
        else:
            await session.answer(request, success=False, message="deviceName: there is no such device.")

    server.answering = answering
    await shop.start(url=server.url)
    await shop.say("list", "listDevices", {"deviceType": "printer"})
    assert (await shop.over("list"))["ok"] == [[{"name": "Office"}]]
    await shop.say("default", "getDefaultDevice")
    assert (await shop.over("default"))["ok"] == ["nothing"]
    await shop.say("detail", "getDeviceDetail", {"deviceName": "x"})
    ((message, response),) = (await shop.over("detail"))["failed"]
    assert message == "deviceName: there is no such device."
    assert response == {"success": False, "message": message, "command": "CALLBACK"}
    assert server.requests[1]["data"] == {}
    assert await shop.errors() == []


async def test_data_may_be_left_out_before_a_callback(shop, server):
    await shop.start(url=server.url)
    assert await shop.page.evaluate("new Promise((ok) => wp.send('ping', ok))") == {"echo": {}}


async def test_the_envelope_is_given_where_a_page_wants_it(shop, server):
    await shop.start(url=server.url, callbackStyle="response")
    assert await shop.send("ping") == {"success": True, "data": {"echo": {}}, "command": "CALLBACK"}


async def test_a_rejected_promise_without_callbacks_is_an_error_with_its_answer(shop, server):
    server.answering = lambda session, request: session.answer(request, success=False, message="No.")
    await shop.start(url=server.url)
    error = await shop.refused("ping")
    assert (error["name"], error["message"], error["response"]["success"]) == ("WebprinterError", "No.", False)


async def test_what_a_callback_throws_is_the_pages_own_affair(shop, server):
    await shop.start(url=server.url)
    value = await shop.page.evaluate("wp.send('ping', {n: 1}, function () { throw new Error('of the page'); })")
    assert value == {"echo": {"n": 1}}
    await until(shop.errors, what="the error is seen")
    assert "of the page" in (await shop.errors())[0]
    assert await shop.send("ping", {"n": 2}) == {"echo": {"n": 2}}


async def test_data_is_taken_as_it_is_when_send_is_called(shop, server):
    await shop.start(url=server.url)
    script = "(() => { const data = {n: 1}; const sent = wp.send('ping', data); data.n = 2; return sent; })()"
    assert await shop.page.evaluate(script) == {"echo": {"n": 1}}


async def test_data_that_is_no_json_fails_in_words(shop, server):
    await shop.start(url=server.url)
    said = await shop.page.evaluate(
        "(() => { const a = {}; a.a = a; return wp.send('ping', a).catch((error) => error.message); })()"
    )
    assert said.startswith("data cannot be sent")


async def test_a_hostile_server_gets_one_callback_per_call(shop, server):
    """Answers doubled, reordered, late, for nobody, of no sense; connections cut with and without an answer."""
    kept = []
    cuts = [1, 2, 3]

    async def answering(session, request):
        kept.append(request)
        if cuts and len(kept) % 4:
            return
        for junk in (
            "",
            "{",
            "null",
            "[]",
            '"x"',
            "{}",
            '{"command":"CALLBACK"}',
            '{"command":"CALLBACK","id":"nobody","success":true}',
        ):
            await session.raw(junk)
        await session.send({"id": request["id"], "command": "CALLBACK", "success": "yes"})
        await session.send({"id": {"a": 1}, "command": "CALLBACK", "success": True})
        await session.send({"command": "EVENT"})
        for each in reversed(kept[-3:]):
            await session.answer(each, data=each["data"]["n"])
            await session.answer(each, success=False, message="again")
        if cuts:
            cuts.pop()
            await session.drop()
        else:
            for each in kept:
                await session.answer(each, data=each["data"]["n"])

    server.answering = answering
    await shop.start(url=server.url)
    for n in range(24):
        await shop.say(f"call {n}", "newPrintTask", {"n": n})
    for n in range(24):
        assert (await shop.over(f"call {n}", 20))["ok"] == [n]
    assert await shop.errors() == []
    keys = {request["id"]: request["key"] for request in kept}
    assert len(keys) == len(set(keys.values())) == 24
    assert len(kept) > 24, "nothing was sent again"
    assert all(request["key"] == keys[request["id"]] for request in kept)


@pytest.mark.parametrize("known", [True, False])
async def test_a_print_whose_answer_was_lost_is_sent_again_as_the_same(shop, server, known):
    async def answering(session, request):
        if len(server.requests) == 1:
            if not known:
                server.sessions.clear()
            await session.drop()
        else:
            await session.answer(request, data={"taskId": "t"})

    server.answering = answering
    await shop.start(url=server.url)
    await shop.say("print", "newPrintTask", TASK)
    assert (await shop.over("print"))["ok"] == [{"taskId": "t"}]
    first, second = server.requests
    assert first == second
    assert len(first["key"]) == 32
    assert (await shop.connected(2))["resumed"] is known
    assert server.resumes[0]["session"] == "session-1"


async def test_every_print_has_a_key_of_its_own_and_questions_have_none(shop, server):
    await shop.start(url=server.url)
    for command in ("newPrintTask", "newPrintTask", "newPrintTaskBatch", "listTasks"):
        await shop.send(command, TASK)
    keys = [request.get("key") for request in server.requests]
    assert len(set(keys[:3])) == 3
    assert keys[3] is None


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"task": {"idempotencyKey": "mine"}}, True),
        ({"tasks": [{"idempotencyKey": "mine"}]}, True),
        ({"idempotencyKey": "mine"}, True),
        ({"tasks": [{"idempotencyKey": "mine"}, {}]}, False),  # the second would be printed again if it was sent again
        ({"tasks": [None]}, False),
    ],
)
async def test_a_page_that_has_keys_of_its_own_keeps_them(shop, server, data, kept):
    await shop.start(url=server.url)
    await shop.send("newPrintTask", data)
    assert ("key" not in server.requests[0]) is kept


async def test_a_server_that_is_busy_is_asked_again(shop, server):
    async def answering(session, request):
        busy = len(server.requests) < 2
        await session.answer(request, **({"success": False, "message": "Later.", "retry": True} if busy else {"data": 1}))

    server.answering = answering
    await shop.start(url=server.url)
    await shop.say("print", "newPrintTask", TASK)
    assert (await shop.over("print"))["ok"] == [1]
    assert server.requests[0] == server.requests[1]


async def test_calls_wait_for_the_connection_in_their_order(context, server):
    shop = await Shop.open(context, server.url)
    greeted = asyncio.Event()

    async def greeting(_websocket):
        await greeted.wait()
        return True

    server.greeting = greeting
    await shop.start(url=server.url, transports=["websocket"])
    for n in range(50):
        await shop.say(str(n), "ping", {"n": n})
    greeted.set()
    await shop.over("49")
    assert [request["data"]["n"] for request in server.requests] == list(range(50))


async def test_a_thousand_calls_wait_and_one_more_is_told(context, server):
    shop = await Shop.open(context, server.url)
    server.greeting = lambda _websocket: asyncio.Event().wait()
    await shop.start(url=server.url, transports=["websocket"])
    await shop.page.evaluate("for (let n = 0; n < 1001; n++) say('call ' + n, 'ping', {n})")
    ((message, _),) = (await shop.over("call 1000"))["failed"]
    assert "1000 calls are waiting" in message
    assert (await shop.call("call 999"))["failed"] == []


@pytest.mark.parametrize(("size", "seconds"), [(10, 30), (1_100_000, 120)])
async def test_an_answer_that_does_not_come_is_a_failure_in_time(context, server, size, seconds):
    shop = await Shop.open(context, server.url)

    async def silent(_session, _request):
        pass

    server.answering = silent
    await shop.page.clock.install()
    await shop.start(url=server.url)
    await shop.connected()
    await shop.page.evaluate("(size) => say('call', 'newPrintTask', {task: {content: 'x'.repeat(size)}})", size)
    await shop.page.clock.run_for((seconds - 15) * 1000)  # real time passes too
    assert (await shop.call("call"))["failed"] == []
    await shop.page.clock.run_for(16_000)
    ((message, response),) = (await shop.over("call"))["failed"]
    assert message.startswith(f"No answer to newPrintTask within {seconds} s")
    assert response["reason"] in ("timeout", "connection-lost")  # the clock runs faster than any PONG


@pytest.mark.parametrize("transport", ["websocket", "longpoll"])
async def test_no_more_calls_are_on_their_way_than_the_server_takes(shop, server, transport):
    server.limits = {"message": 4000, "requests": 8}
    waiting, most = [], 0

    async def answering(session, request):
        nonlocal most
        waiting.append(request)
        most = max(most, len(waiting))
        if len(waiting) == 4 or len(server.requests) > 37:
            while waiting:
                await session.answer(waiting.pop(0))

    server.answering = answering
    await shop.start(url=server.url, transports=[transport])
    await shop.page.evaluate("for (let n = 0; n < 40; n++) say('call ' + n, 'ping', {n, text: 'x'.repeat(1000)})")
    for n in range(40):
        await shop.over(f"call {n}")
    assert most == 4
    assert [request["data"]["n"] for request in server.requests] == list(range(40))


async def test_a_call_without_a_command_never_leaves_the_page(shop, server):
    await shop.start(url=server.url)
    assert (await shop.refused(" "))["message"] == "command is missing: write its name, such as listDevices."
    for nothing in (None, 5, {"command": "ping"}):
        assert (await shop.refused(nothing))["message"] == "command is missing: write its name, such as listDevices."
    assert server.requests == []


async def test_what_the_server_cannot_take_is_not_sent(shop, server):
    server.limits = {"message": 1000}
    await shop.start(url=server.url)
    await shop.connected()
    error = await shop.refused("ping", {"text": "\u6253" * 400})
    assert error["message"] == "ping is too large: the server takes at most 936 bytes at once."
    assert await shop.send("ping", {"text": "x" * 800})
    assert len(server.requests) == 1


async def test_a_large_document_goes_up_first_and_later_prints_wait_for_it(shop, server):
    await shop.start(url=server.url)
    script = """() => {
        const content = btoa('\\x89PNG' + 'x'.repeat(1500000)).replace(/\\//g, '_').replace(/.{76}/g, '$&\\n');
        const photo = {name: 'photo', mediaSource: 'BASE64', mediaFormat: 'PNG', content: 'data:image/png;base64,' + content};
        say('large', 'newPrintTask', {task: photo});
        say('small', 'newPrintTask', {task: {content: 'after'}});
        say('ask', 'listDevices', {});
    }"""
    await shop.page.evaluate(script)
    await shop.over("large")
    await shop.over("small")
    assert server.uploads == [b"\x89PNG" + b"x" * 1500000]
    prints = [request["data"]["task"] for request in server.requests if request["command"] == "newPrintTask"]
    assert prints[0] == {"name": "photo", "mediaSource": "URL", "mediaFormat": "PNG", "content": "unim://79gft24uh7uoabc%2B"}
    assert prints[1] == {"content": "after"}
    assert server.requests[0]["command"] == "listDevices"


async def test_a_batch_brings_each_large_document_up(shop, server):
    await shop.start(url=server.url)
    script = """() => {
        const large = (letter) => ({mediaSource: 'BASE64', content: btoa(letter.repeat(900000))});
        const broken = {mediaSource: 'BASE64', content: '!'.repeat(1100000)};
        say('batch', 'newPrintTaskBatch', {tasks: [large('a'), {content: 'small'}, large('b'), broken]});
    }"""
    await shop.page.evaluate(script)
    await shop.over("batch")
    assert [content[:1] for content in server.uploads] == [b"a", b"b"]
    tasks = server.requests[0]["data"]["tasks"]
    assert [task.get("mediaSource") for task in tasks] == ["URL", None, "URL", "BASE64"]
    assert tasks[3]["content"] == "!" * 1100000


async def test_it_works_in_a_browser_of_yesterday(context, server):
    """No Promise, no fetch, no crypto, no permissions, no memory."""
    old = """
        delete window.Promise; delete window.fetch; delete window.WebSocket;
        Object.defineProperty(window, 'crypto', {value: undefined});
        Object.defineProperty(window, 'localStorage', {get: function () { throw new Error('no'); }});
        Object.defineProperty(navigator, 'permissions', {value: undefined});
    """
    shop = await Shop.open(context, server.url, before=old)
    server.answering = lambda session, request: session.answer(request, success=request["data"]["n"] != 2, message="No.")
    script = """
        window.story = [];
        window.wp = new com.strato.Webprinter({url: location.origin});
        wp.send('newPrintTask', {n: 1}).then(function () { return wp.send('ping', {n: 2}); })
            .then(function () { story.push('wrong'); }, function (error) { story.push(error.message); throw new Error('mine'); })
            ['catch'](function (error) { story.push(error.message); });
    """
    await shop.page.evaluate(script)
    await until(lambda: shop.page.evaluate("story.length === 2"), what="both ends of the chain")
    assert await shop.page.evaluate("story") == ["No.", "mine"]
    assert len(server.requests[0]["key"]) == 32
