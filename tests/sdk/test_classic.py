"""webprinter-classic.js: pages of the older SDK on a scripted server."""

import pytest
import pytest_asyncio

from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

SN = "jueKiUEE"
#: What a page hears and is answered, by label; `old` is its instance.
NOTES = """(hosts) => {
    window.notes = {};
    window.note = function (label) {
        return function () {
            notes[label] = notes[label] || [];
            notes[label].push([].slice.call(arguments).filter(function (each) { return each !== undefined; }));
        };
    };
    window.old = Strato.WebPrinter.getInstance(hosts);
}"""


def device(name, *, owner=SN, default=False):
    return {"type": {"type": "printer"}, "name": name, "local": owner == SN, "controlSn": owner, "defaultDevice": default}


class Page:
    """A page of the older SDK, and the server that it speaks to; tasks get the ids task-1, task-2 and so on."""

    def __init__(self, shop, server):
        self.shop = shop
        self.server = server
        self.answers = {
            "listDevices": [device("Office"), device("Label", default=True), device("Office", owner="aBcD1234")],
            "getInfo": {"version": "1.2.3", "sn": SN, "name": "Counter", "ips": ["10.0.0.5"], "commands": []},
            "listPapers": [{"name": "A4", "width": 210, "height": 297}, {"name": "80x200", "width": 80, "height": 200.1}],
        }
        self.waiting = []
        self.holding = False
        self.count = 0
        server.answering = self.answering

    async def answering(self, session, request):
        if request["command"] != "newPrintTask":
            await session.answer(request, data=self.answers[request["command"]])
        elif self.holding:
            self.waiting.append((session, request))
        elif "refuse" in request["data"]["task"]["content"]:
            await session.answer(request, success=False, message="content: it is refused.")
        else:
            self.count += 1
            await session.answer(request, data={"taskId": f"task-{self.count}"})

    async def release(self):
        """Answer the first call that waits."""
        session, request = self.waiting.pop(0)
        self.count += 1
        await session.answer(request, data={"taskId": f"task-{self.count}"})

    async def run(self, script):
        return await self.shop.page.evaluate(f"() => {{ {script} }}")

    async def notes(self, label, count=1):
        """What was called back under a label, once there are so many."""

        async def found():
            told = await self.shop.page.evaluate("(label) => notes[label] || []", label)
            return told if len(told) >= count else None

        return await until(found, what=f"{count} of {label}")

    async def asked(self, script):
        """What the first of `note('ok')` and `note('failed')` was told by a call; the notes are empty afterwards."""
        await self.run(f"notes = {{}}; {script}")

        async def found():
            told = await self.shop.page.evaluate("notes")
            return list(told.items())

        ((label, calls),) = await until(found, what="an answer")
        assert len(calls) == 1
        return label, calls[0]

    def tasks(self):
        return [request["data"]["task"] for request in self.server.requests if request["command"] == "newPrintTask"]


@pytest_asyncio.fixture(loop_scope="module")
async def page(shop, server):
    made = Page(shop, server)
    await shop.page.add_script_tag(url=f"{server.url}/webprinter-classic.js")
    await shop.page.evaluate(NOTES, [{"host": server.url.removeprefix("http://"), "accesskey": "of the older product"}])
    yield made
    assert await shop.errors() == []
    assert [line for line in shop.console if "Security Policy" in line] == []


async def test_it_connects_by_itself_and_says_so(page):
    await page.run("old.on('CONNECTED', note('here')).on('DISCONNECTED', note('gone'))")
    await page.notes("here")
    assert await page.run("return old.isConnected()") is True
    assert "of the older product" not in str(page.server.requests)
    await page.server.session.drop()
    ((gone,),) = await page.notes("gone")
    assert (gone["reason"], bool(gone["message"])) == ("connection-lost", True)
    assert await page.run("return old.isConnected()") is False
    await page.notes("here", 2)


async def test_it_lists_printers_by_a_name_of_their_own_and_papers_in_micrometres(page):
    assert await page.asked("old.listPrinters(note('ok'), note('failed'))") == (
        "ok",
        [["Office", "Label", "Office @ aBcD1234"]],
    )
    assert await page.asked("old.getDefaultPrinter(note('ok'))") == ("ok", ["Label"])
    sheets = [{"name": "A4", "w": 210000, "h": 297000}, {"name": "80x200", "w": 80000, "h": 200100}]
    assert await page.asked("old.listPapers('Office @ aBcD1234', note('ok'))") == ("ok", [sheets])
    assert page.server.requests[-1]["data"] == {"deviceName": "Office", "controlSn": "aBcD1234"}
    assert await page.asked("old.listSupportedPapers(note('ok'))") == ("ok", [sheets])
    assert page.server.requests[-1]["data"] == {"deviceName": "Label"}
    page.answers["listDevices"] = []
    assert await page.asked("old.getDefaultPrinter(note('ok'))") == ("ok", [""])
    label, (message,) = await page.asked("old.listPapers(null, note('ok'), note('failed'))")
    assert (label, message) == ("failed", "There is no default printer: name one that listPrinters names.")


async def test_it_tells_the_version_and_an_empty_licence(page):
    info = {"currentVersion": "1.2.3", "name": "Counter", "sn": SN, "ips": ["10.0.0.5"]}
    assert await page.asked("old.getInfo(note('ok'))") == ("ok", [info])
    assert await page.asked("old.getLicense(note('ok'))") == ("ok", [{}])


TODAY = [
    ({"type": "HTML", "html": "<p>x"}, {"mediaSource": "STRING", "mediaFormat": "HTML", "content": "<p>x"}),
    ({"type": "html", "content": "<p>x"}, {"mediaSource": "STRING", "mediaFormat": "HTML", "content": "<p>x"}),
    ({"html": "<p>x"}, {"mediaSource": "STRING", "mediaFormat": "HTML", "content": "<p>x"}),
    ({"type": "URL", "url": "http://a/b"}, {"mediaSource": "URL", "mediaFormat": "HTML", "content": "http://a/b"}),
    ({"type": "PDFURL", "content": "http://a/b"}, {"mediaSource": "URL", "mediaFormat": "PDF", "content": "http://a/b"}),
    ({"type": "PDF", "content": "JVBERi0="}, {"mediaSource": "BASE64", "mediaFormat": "PDF", "content": "JVBERi0="}),
    ({"content": "as it is"}, {"content": "as it is"}),
    (
        {"mediaSource": "STRING", "mediaFormat": "ZPL", "content": "^XA"},
        {"mediaSource": "STRING", "mediaFormat": "ZPL", "content": "^XA"},
    ),
    ({"content": "x", "printer": "A B", "name": "n"}, {"content": "x", "deviceName": "A B", "name": "n"}),
    ({"content": "x", "printer": "A @ aBcD1234"}, {"content": "x", "deviceName": "A", "controlSn": "aBcD1234"}),
    ({"content": "x", "headers": {"A": "b"}, "printer": None}, {"content": "x", "headers": {"A": "b"}}),
    ({"content": "x", "config": {"copies": 2, "color": None}}, {"content": "x", "config": {"copies": 2}}),
    (
        {"content": "x", "config": {"width": 80, "height": 60}},
        {"content": "x", "config": {"paperConfig": {"width": 80, "height": 60}}},
    ),
    ({"content": "x", "config": {"paper": "A5"}}, {"content": "x", "config": {"paperConfig": "A5"}}),
    (
        {"content": "x", "config": {"paper": {"name": "A4", "w": 210000, "h": 297000}}},
        {"content": "x", "config": {"paperConfig": {"name": "A4", "width": 210, "height": 297}}},
    ),
    (
        {
            "content": "x",
            "config": {"collate": "COLLATE", "repeats": 2, "pageRanges": "1-2", "scale": "AUTO", "side": "TUMBLE"},
        },
        {
            "content": "x",
            "config": {"collate": "COLLATE", "repeats": 2, "pageRanges": "1-2", "scale": "AUTO", "side": "TUMBLE"},
        },
    ),
]


async def test_tasks_in_old_words_are_sent_in_those_of_today(page):
    script = "(tasks) => Promise.all(tasks.map((task) => new Promise((ok) => old.newTask(task, (...all) => ok(all), ok))))"
    answers = await page.shop.page.evaluate(script, [task for task, _ in TODAY])
    assert answers == [[f"task-{n}", "SUBMITTED", []] for n in range(1, len(TODAY) + 1)]
    assert page.tasks() == [made for _, made in TODAY]


async def test_a_relative_address_is_relative_to_the_page(page):
    await page.asked("old.newTask({type: 'URL', url: 'orders/4711?a=b'}, note('ok'), note('failed'))")
    assert page.tasks()[0]["content"] == f"{page.server.url}/orders/4711?a=b"


REFUSED = [
    ({"content": "x", "interactive": True}, "interactive cannot be done: there is no window"),
    ({"content": "x", "preview": True}, "preview cannot be done: there is no window"),
    ({"content": "x", "interactive": True, "timeoutAction": "proceed"}, "interactive cannot be done"),
    ({"content": "x", "type": "WORD"}, 'type must be one of URL, HTML, PDFURL and PDF; it is "WORD".'),
    ({"type": "URL"}, "url or content is missing: write the address of the page there."),
    ({}, "html or content is missing"),
    (None, "The task must be an object"),
    ({"content": "x", "config": "A4"}, 'config must be an object such as {copies: 2}; it is "A4".'),
    ({"content": "refuse"}, "content: it is refused."),
]


async def test_what_cannot_be_done_fails_in_words(page):
    script = "(tasks) => Promise.all(tasks.map((task) => new Promise((ok) => old.newTask(task, () => ok('accepted'), ok))))"
    messages = await page.shop.page.evaluate(script, [task for task, _ in REFUSED])
    for message, (_, sentence) in zip(messages, REFUSED, strict=True):
        assert message.startswith(sentence)
    assert page.tasks() == [{"content": "refuse"}]


async def test_what_has_no_effect_is_told_with_the_answer_and_once_on_the_console(page):
    task = """{content: "x", timeout: 5000, timeoutAction: "proceed", preview: true, delay: 100, htmlRenderType: "WEBKIT",
        pdfRenderType: "WEB", colour: "RED", config: {labels: ["a"], stapled: 1}}"""
    _, (_, _, notices) = await page.asked(f"old.newTask({task}, note('ok'))")
    assert [notice.split()[0] for notice in notices] == [
        "preview",
        "colour",
        "config.labels",
        "config.stapled",
        "timeout",
        "delay",
        "htmlRenderType",
        "pdfRenderType",
    ]
    assert page.tasks() == [{"content": "x", "config": {}}]
    await page.asked(f"old.newTask({task}, note('ok'))")
    assert [line for line in page.shop.console if "has no effect" in line or "have no effect" in line] == [
        f"webprinter-classic.js: {notice}" for notice in notices
    ]
    quiet = '{content: "x", delay: 0, htmlRenderType: "CHROMIUM", pdfRenderType: "DIRECT", preview: false, interactive: false}'
    assert (await page.asked(f"old.newTask({quiet}, note('ok'))"))[1][2] == []


async def test_a_failure_that_nobody_listens_for_is_on_the_console(page):
    await page.run("old.newTask({content: 'refuse'})")
    await until(lambda: "webprinter-classic.js: newTask: content: it is refused." in page.shop.console, what="a line")


async def test_an_end_carries_the_pages_own_id_and_why(page):
    await page.run("old.on('ENDED', note('ended'))")
    for n in (1, 2):
        await page.run(f"old.newTask({{id: 'order {n}', type: 'HTML', content: 'x', printer: 'Office'}}, note('ok'))")
    assert await page.notes("ok", 2) == [["order 1", "SUBMITTED", []], ["order 2", "SUBMITTED", []]]
    row = {"taskName": "x", "deviceName": "Office"}
    await page.server.event("EndTaskEvent", task={**row, "taskId": "task-1", "status": "FINISHED"})
    page.answers["getTask"] = {"message": "The printer has no paper."}
    await page.server.event("EndTaskEvent", task={**row, "taskId": "task-2", "status": "ERROR"})
    await page.notes("ended", 2)
    page.answers["getTask"] = {"message": "Canceled by its owner."}
    await page.server.event("EndTaskEvent", task={**row, "taskId": "task-9", "status": "CANCELED"})
    told = [task for (task,) in await page.notes("ended", 3)]
    mine = {"name": "x", "printer": "Office", "type": "HTML"}
    assert told == [
        {**mine, "id": "order 1", "taskId": "task-1", "status": "FINISHED", "errorMessage": ""},
        {**mine, "id": "order 2", "taskId": "task-2", "status": "ERROR", "errorMessage": "The printer has no paper."},
        {
            "id": "task-9",
            "taskId": "task-9",
            "name": "x",
            "printer": "Office",
            "status": "CANCELED",
            "errorMessage": "Canceled by its owner.",
        },
    ]


async def test_an_end_is_not_told_before_the_answer_to_its_task(page):
    page.holding = True
    await page.run("old.on('ENDED', note('all'))")
    await page.run("old.newTask({id: 'mine', content: 'x'}, note('all')); old.newTask({id: 'later', content: 'y'}, note('all'))")
    await until(lambda: len(page.waiting) == 2, what="two calls")
    for task in ("task-2", "task-7", "task-1"):
        await page.server.event("EndTaskEvent", task={"taskId": task, "taskName": "", "deviceName": "Office", "status": "FINISHED"})
    await page.release()
    story = [told[0] for told in await page.notes("all", 2)]
    assert [each if isinstance(each, str) else each["id"] for each in story] == ["mine", "mine"]
    await page.release()
    story = [told[0] for told in await page.notes("all", 5)]
    assert [each if isinstance(each, str) else each["id"] for each in story] == ["mine", "mine", "later", "later", "task-7"]


async def test_it_lists_tasks_with_what_went_wrong(page):
    await page.asked("old.newTask({id: 7, content: 'x', printer: 'Office'}, note('ok'))")
    rows = [
        {"taskId": "task-3", "taskName": "c", "deviceName": "Label", "status": "QUEUED", "message": "It waits for the printer."},
        {"taskId": "task-2", "taskName": "b", "deviceName": "Label", "status": "ERROR", "message": "No paper."},
        {"taskId": "task-1", "taskName": "a", "deviceName": "Office", "status": "FINISHED", "message": "Printed."},
    ]
    page.answers["listTasks"] = rows
    _, (told,) = await page.asked("old.listTasks([], note('ok'))")
    assert [(row["id"], row["name"], row["printer"], row["status"], row["errorMessage"]) for row in told] == [
        ("task-3", "c", "Label", "QUEUED", ""),
        ("task-2", "b", "Label", "ERROR", "No paper."),
        (7, "a", "Office", "FINISHED", ""),
    ]
    assert page.server.requests[-1]["data"] == {"limit": 1000, "extended": True}
    _, (told,) = await page.asked("old.listTasks([7, 'task-3'], note('ok'))")
    assert [row["taskId"] for row in told] == ["task-3", "task-1"]
    await page.asked("old.listTasks(['ERROR'], note('ok'))")
    assert page.server.requests[-1]["data"]["statusList"] == ["ERROR"]


async def test_off_ends_what_on_began(page):
    await page.run(
        "window.one = note('one'); old.on('ENDED', one); old.on('ENDED', note('two')); old.on('EndTaskEvent', note('three'))"
    )
    end = {"taskId": "t", "taskName": "", "deviceName": "Office", "status": "FINISHED"}
    await page.asked("old.getInfo(note('ok'))")
    await page.server.event("EndTaskEvent", task=end)
    await page.notes("two")
    await page.run("old.off('ENDED', one)")
    await page.server.event("EndTaskEvent", task=end)
    await page.notes("two", 2)
    await page.notes("three", 2)
    assert len(await page.notes("one")) == 1
    await page.run("old.off()")
    await page.server.event("EndTaskEvent", task=end)
    await page.asked("old.getInfo(note('ok'))")
    assert await page.run("return Object.keys(notes)") == ["ok"]


async def test_an_event_that_is_none_is_told_to_the_developer(page):
    await page.run("old.on('STARTED', note('never'))")
    await until(lambda: any('There is no event "STARTED"' in line for line in page.shop.console), what="a line")


async def test_easy_sends_one_task_after_the_other(page):
    page.holding = True
    await page.run("""
        var easy = webprinter.easy().printer("Office").paper(80, 200).copies(2).margins(1, 2);
        easy.orientation("LANDSCAPE").color("MONOCHROME").side("DUPLEX");
        easy.html("<p>1").print(note("ok")).paper("A4").config({pageRanges: "1", copies: 1}).url("http://a/b").print(note("ok"));
        easy.pdf("JVBERi0=").print(note("ok")).pdf("http://a/b.pdf").pages("2").print(note("ok"));
        old.easy().print(note("ok"), note("failed"));
    """)
    assert (await page.notes("failed"))[0][0].startswith("There is nothing to print")
    for n in range(1, 5):
        await until(lambda: page.waiting, what=f"task {n}")
        assert len(page.tasks()) == n
        await page.release()
        await page.notes("ok", n)
    margins = {"marginTop": 1, "marginRight": 2, "marginBottom": 1, "marginLeft": 2}
    fixed = {**margins, "orientation": "LANDSCAPE", "color": "MONOCHROME", "side": "DUPLEX"}
    first = {**fixed, "copies": 2, "paperConfig": {"width": 80, "height": 200}}
    other = {**fixed, "copies": 1, "paperConfig": "A4", "pageRanges": "1"}
    assert [task.pop("config") for task in page.tasks()] == [first, other, other, {**other, "pageRanges": "2"}]
    assert [(task["deviceName"], task["mediaSource"], task["mediaFormat"], task["content"]) for task in page.tasks()] == [
        ("Office", "STRING", "HTML", "<p>1"),
        ("Office", "URL", "HTML", "http://a/b"),
        ("Office", "BASE64", "PDF", "JVBERi0="),
        ("Office", "URL", "PDF", "http://a/b.pdf"),
    ]


async def test_easy_goes_on_after_a_task_that_was_refused(page):
    await page.run(
        "webprinter.easy().html('refuse').print(note('ok'), note('failed')).html('y').print(note('ok')).html('z').print(note('ok'))"
    )
    assert await page.notes("failed") == [["content: it is refused."]]
    assert [told[0] for told in await page.notes("ok", 2)] == ["task-1", "task-2"]


async def test_there_is_one_instance_per_host(page):
    same = """
        const get = Strato.WebPrinter.getInstance, host = "127.0.0.1:%s";
        const same = [[{host}], host, {host: "http://" + host + "/"}, [{host, accesskey: "x"}], [{host}, {host: "https://a.example"}]];
        return same.map((hosts) => get(hosts) === old).concat(old.webprinter instanceof com.strato.Webprinter);
    """
    assert await page.run(same % page.server.url.rsplit(":", 1)[1]) == [True, True, True, True, False, True]


async def test_an_access_key_is_the_token_of_a_gateway(page):
    given = """
        const kept = com.strato.Webprinter, seen = [];
        com.strato.Webprinter = function (options) { seen.push(options); this.subscribe = function () {}; };
        const get = Strato.WebPrinter.getInstance;
        get(); get([{host: "https://Print.example.com/", accesskey: "a"}]); get([{host: "10.0.0.5:8080", accesskey: "b"}]);
        get([{host: "[::1]:1", accesskey: "c"}, {host: "https://print.example.com", accesskey: "d"}]);
        get([{host: "http://counter"}]);
        get([{host: "10.0.0.5:8080", accesskey: "new"}]);
        get([{host: "10.0.0.5:8080"}]);
        com.strato.Webprinter = kept;
        return seen;
    """
    assert await page.run(given) == [
        {"host": "127.0.0.1", "port": 39899, "token": ""},
        {"url": "https://Print.example.com", "token": "a"},
        {"host": "10.0.0.5", "port": 8080, "token": "b"},
        {"host": "[::1]", "port": 1, "relay": "https://print.example.com", "token": "d"},
        {"host": "counter", "port": 80, "token": ""},
        {"host": "10.0.0.5", "port": 8080, "token": "new"},
    ]


async def test_hosts_that_are_none_are_refused_in_words(page):
    script = "(hosts) => { try { Strato.WebPrinter.getInstance(hosts); } catch (error) { return error.message; } }"
    said = [await page.shop.page.evaluate(script, hosts) for hosts in ("a b:c", [{"host": "a/b"}], [{"host": "a"}, {"host": "b"}])]
    looks = "webprinter-classic.js: host must look like 127.0.0.1:39899 or https://print.example.com; it is "
    takes = "webprinter-classic.js: getInstance takes one host, and after it at most a gateway, as an address such as "
    assert said == [f'{looks}"a b:c".', f'{looks}"a/b".', f"{takes}https://print.example.com."]


async def test_without_webprinter_js_it_says_what_is_missing(page):
    said = await page.run("com = undefined; try { Strato.WebPrinter.getInstance(); } catch (error) { return error.message; }")
    assert said == "webprinter-classic.js: webprinter.js is not loaded: put its <script> before the one of this file."
