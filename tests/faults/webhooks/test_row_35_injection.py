"""Row 35: control characters, templates and megabytes in every text reach nobody as commands."""

import asyncio
import io
import json
import logging
import re
from dataclasses import replace

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.subscriptions import AddSubscription
from libs.runtime import logs
from services.cli import terminal
from services.gateway.files import PAGE
from services.gateway.graph.resources import subscriptions
from tests.bus import running_bus
from tests.gateway.fakes import door
from tests.gateway.graph.calling import application, graph
from tests.gateway.graph.test_subscriptions import to_tasks
from tests.waiting import until
from tests.webhooks.asking import ALLOWED, Client
from tests.webhooks.dispatching import dispatcher
from tests.webhooks.events import news, publish
from tests.webhooks.receivers import receiver

pytestmark = pytest.mark.timeout(120)
#: What splits a header, ends a line, steers a terminal, turns a line around, or means something to somebody else's program.
NASTY = [
    "\r\nX-Evil: 1", "\n\nevil", "\x00", "\x1b[2J\x1b]0;evil\x07", "\x9b31m", "\u2028", "\u2029", "\u202eexe.txt", "\u2066x\u2069",
    "{{7*7}}", "${jndi:ldap://evil}", "%s%n", "<script>alert(1)</script>", "=cmd|'/c calc'!A1", "';DROP TABLE task;--",
    "\U0001f600", "\x7f", "\x85", "\ufeff", "a\tb", '"}\n{"x":"',
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), max_size=5).map(
    "".join
)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
#: What no terminal and no line of a log may be given as it is.
STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
MEGABYTE = "x" * 1024 * 1024


@pytest.mark.row(35)
async def test_row_35_the_doors_take_every_text_as_a_text_or_refuse_it(row, tmp_path):  # noqa: C901 - one long story
    tried = taken = 0
    async with door(tmp_path) as here:

        async def attempt(text):
            nonlocal tried, taken
            for place in ("name", "deviceName", "headers", "header name", "content", "command"):
                task = {"name": "x", "deviceName": "Office", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "x"}
                if place == "headers":
                    task |= {"mediaSource": "URL", "content": "https://example.org/x", "headers": {"X-Custom": text}}
                elif place == "header name":
                    task |= {"mediaSource": "URL", "content": "https://example.org/x", "headers": {text: "x"}}
                elif place != "command":
                    task[place] = text
                name = text if place == "command" else "newPrintTask"
                before = len(here.bus.published)
                answer = await here.post({"command": name, "data": {"task": task}})
                assert answer.status_code < 500, (place, text, answer.text)
                said = answer.json()
                assert "x-evil" not in answer.headers
                assert not any(re.search(r"[\r\n\x00]", value) for value in answer.headers.values())
                tried += 1
                if said["success"]:
                    taken += 1
                    kept = here.bus.published[before][1].tasks[0]
                    assert place != "name" or not re.search(r"[\x00-\x1f\x7f]", kept.name), "a name is one line"
                    if place.startswith("header"):
                        assert not re.search(r"[\r\n\x00]", text.strip()), "a header with a line end is refused at the door"

        for text in NASTY:
            await attempt(text)
        examples = []

        @MANY
        @given(TEXTS)
        def gather(text):
            examples.append(text)

        gather()
        for text in examples[:60]:
            await attempt(text)
        for place in ("name", "deviceName"):
            task = {
                "name": "x",
                "deviceName": "Office",
                "mediaSource": "STRING",
                "mediaFormat": "TEXT",
                "content": "x",
                place: MEGABYTE,
            }
            said = (await here.post({"command": "newPrintTask", "data": {"task": task}})).json()
            assert not said["success"]
            assert place in said["message"]
            assert len(said["message"]) < 1000, "what is too long is not repeated"
        task = {"name": "x", "deviceName": "Office", "mediaSource": "URL", "content": "https://example.org/x"}
        said = (await here.post({"command": "newPrintTask", "data": {"task": {**task, "headers": {"X-Custom": MEGABYTE}}}})).json()
        assert not said["success"]
        assert len(said["message"]) < 1000
    (tmp_path / "graph").mkdir()
    async with graph(tmp_path / "graph", modules=[subscriptions], who=application()) as api:
        refused = await api.post("subscriptions", to_tasks(clientState=MEGABYTE), status=400)
        assert "clientState" in json.dumps(refused)
        assert len(json.dumps(refused)) < 2000
        assert not [each for each in api.bus.asked if isinstance(each, AddSubscription)]
    row.did(
        f"{len(NASTY)} texts of evil and random mixtures of them in six places of a request, {tried} requests; 1 MB in four places."
    )
    row.saw(f"{taken} were taken (a name without its controls), {tried - taken} refused; no header was split, every answer is one "
            "JSON object; 1 MB was refused with a short sentence that names the field.", requests=tried)  # fmt: skip


@pytest.mark.row(35)
async def test_row_35_callbacks_are_one_request_with_valid_json_whatever_a_task_is_called(row, tmp_path):
    known = {"host", "user-agent", "accept", "content-type", "content-length", "traceparent", "authorization"}
    async with (
        running_bus(tmp_path) as rig,
        receiver() as there,
        dispatcher(rig, webhook_allow_networks=ALLOWED, webhook_timeout=10.0) as _,
    ):
        spooler, client = await rig.connect("spooler"), Client(await rig.connect("gateway"))
        for number, more in enumerate(({"dialect": "standard"}, {"dialect": "cloudevents"}, {"dialect": "webprinter"})):
            await client.add(f"{there.url}/{number}", **more)
        await client.add(f"{there.url}/3", dialect="cloudevents", binary=True)
        events = []
        for each, text in zip(news(len(NASTY)), NASTY, strict=True):
            events.append(replace(each, task=replace(each.task, name=text, device=text, message=text, from_os=text)))
        await publish(spooler, events)
        await until(lambda: len(there.requests) >= 4 * len(NASTY), 60, "all are told")
        assert len(there.requests) == 4 * len(NASTY), "none was split into two"
        for request in there.requests:
            odd = {name for name in request.headers if name not in known and not name.startswith(("webhook-", "ce-"))}
            assert odd == set(), odd
            assert not any(STEERS.search(value) for value in request.headers.values())
            told = json.dumps(request.json, ensure_ascii=False)
            assert any(json.dumps(text, ensure_ascii=False)[1:-1] in told for text in NASTY), told[:300]
    row.did(
        f"Tasks with {len(NASTY)} evil names, devices and messages, told to endpoints of all dialects and CloudEvents' binary mode."
    )
    row.saw(
        f"{4 * len(NASTY)} requests came, each with valid JSON that has the text letter by letter, and no header beside the known."
    )


@pytest.fixture
def logs_as_they_were():
    """What a test does to the logging of this process ends with it."""
    ours, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**ours)
    logging.basicConfig(handlers=handlers, level=level, force=True)


@pytest.mark.row(35)
def test_row_35_a_log_has_one_line_for_each_event_and_the_terminal_is_given_no_orders(row, capsys, logs_as_they_were):
    checked = 0

    def written(text, form):
        out = io.StringIO()
        logs.configure(form, "debug", out)
        structlog.get_logger().info("task accepted", name=text, names=[text], by={text: text})
        return out.getvalue()

    @MANY
    @given(TEXTS)
    def lines(text):
        nonlocal checked
        for form in ("json", "console"):
            line = written(text, form)
            assert line.count("\n") == 1, (form, line)
            assert not STEERS.search(line), (form, line)
            if form == "json":
                json.loads(line)
        checked += 1

    lines()

    @MANY
    @given(TEXTS)
    def shown(text):
        for as_json in (False, True):
            terminal.show([{"name": text, "location": text, "many": [text]}], as_json=as_json)
            terminal.report({"name": text}, f"added {text}", as_json=as_json)
            said = capsys.readouterr().out
            assert not STEERS.search(said), (as_json, said)
            assert said.count("\n") == (3 if not as_json else said.count("\n"))

    shown()
    row.did(
        f"{2 * checked} random mixtures of the same texts as values of a log's line (alone, in lists, in objects) and of tables."
    )
    row.saw("Each event is one line, as JSON and for people; neither log nor command line, nor its --json, has anything that a "
            "terminal obeys or that turns a line around.")  # fmt: skip


@pytest.mark.row(35)
async def test_row_35_a_page_of_ours_runs_no_script_but_ours(row):
    policy = dict(part.split(" ", 1) for part in PAGE["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in PAGE["Content-Security-Policy"]
    assert PAGE["X-Content-Type-Options"] == "nosniff"
    await asyncio.sleep(0)
    row.did("The headers of our own pages were read; there is no export as CSV, so no formula can be in one.")
    row.saw("Content-Security-Policy: everything from this server only, no script or style inline.")
