"""The door: which status and which envelope for which request (webprinter.md 1.4)."""

import gzip
import io
import json

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.contracts.directory import ClientEntry, ClientKind, TokenEntry
from libs.contracts.ids import token_digest
from libs.contracts.queries import Code, DeviceList, ListDevices, LookUp
from libs.runtime import logs
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.traces import Tracing
from tests.gateway.fakes import SN, TOKEN, door

LIST = {"command": "listDevices"}
TEXT = {"command": "newPrintTask", "data": {"task": {"mediaFormat": "TEXT", "content": "x"}}}


def check_failure(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["success", "message", "command"]
    assert body["success"] is False
    assert body["command"] == "CALLBACK"
    assert body["message"].endswith(".")
    return body["message"]


async def test_success_with_data(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        answer = await rig.post(LIST)
        assert answer.text == '{"success":true,"data":[],"command":"CALLBACK"}'


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_only_post_is_heard(tmp_path, method):
    async with door(tmp_path) as rig:
        answer = await rig.client.request(method, "/openapi", headers={"Api-Access-Token": TOKEN})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST, OPTIONS"
        if method != "HEAD":
            check_failure(answer, 405)


async def test_options_says_what_is_allowed(tmp_path):
    async with door(tmp_path) as rig:
        answer = await rig.client.options("/openapi")
        assert (answer.status_code, answer.headers["allow"]) == (204, "POST, OPTIONS")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_a_door_that_is_switched_off_is_not_there(tmp_path, method):
    async with door(tmp_path, openapi_enabled=False) as rig:
        check_failure(await rig.client.request(method, "/openapi"), 404)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/openapi/listDevices", "/openapi/sendTmpFile/x", "/openapi//"])
async def test_what_is_not_below_the_door_is_told_in_its_own_words(tmp_path, path, method):
    async with door(tmp_path) as rig:
        assert "/openapi" in check_failure(await rig.client.request(method, path), 404)


async def test_a_slash_at_the_end_changes_nothing(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        headers = {"Api-Access-Token": TOKEN}
        assert (await rig.client.post("/openapi/", json=LIST, headers=headers)).json()["success"] is True
        check_failure(await rig.client.get("/openapi/", headers=headers), 405)
        answer = await rig.client.post("/openapi/sendTmpFile/", files={"file": ("a.txt", b"x")}, headers=headers)
        assert answer.json()["file"]["fileName"] == "a.txt"


@pytest.mark.parametrize("headers", [{}, {"Api-Access-Token": ""}, {"Api-Access-Token": "wrong"}, {"Api-Access-Token": "x" * 9000}])
async def test_without_a_good_token_nobody_is_heard(tmp_path, headers):
    async with door(tmp_path) as rig:
        assert "Api-Access-Token" in check_failure(await rig.client.post("/openapi", json=LIST, headers=headers), 401)


@pytest.mark.parametrize("name", ["Api-Access-Token", "api-access-token", "API-ACCESS-TOKEN"])
async def test_the_name_of_the_header_has_no_case(tmp_path, name):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        answer = await rig.client.post("/openapi", json=LIST, headers={name: TOKEN})
        assert answer.status_code == 200


async def test_a_token_ends_with_its_time_its_client_and_its_tenant(tmp_path):
    async with door(tmp_path) as rig:
        own = TokenEntry(digest=token_digest(TOKEN), sn=SN, tenant="main", expires_at=1)
        rig.mirror.put(own)
        check_failure(await rig.post(LIST), 401)
        rig.mirror.put(TokenEntry(digest=token_digest(TOKEN), sn=SN, tenant="other"))
        check_failure(await rig.post(LIST), 401)
        rig.mirror.put(TokenEntry(digest=token_digest(TOKEN), sn=SN, tenant="main"))
        rig.mirror.put(ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT, enabled=False))
        check_failure(await rig.post(LIST), 401)


async def test_a_blind_gateway_asks_the_registry(tmp_path):
    async with door(tmp_path) as rig:
        rig.mirror.fresh = False
        assert (await rig.post(TEXT)).json()["success"] is True
        assert {type(query) for query in rig.bus.asked} == {LookUp}
        for nobody in (None, Refused(Code.FAULT, "The service could not answer; its log says why.")):
            rig.bus.answers[LookUp] = nobody
            answer = await rig.post(TEXT)
            check_failure(answer, 503)
            assert answer.headers["retry-after"] == "5"


BODIES = {
    "nothing": b"",
    "no JSON": b"command=listDevices",
    "an array": b"[]",
    "a text": b'"listDevices"',
    "null": b"null",
    "cut off": b'{"command":"listDevices"',
    "no command": b'{"data":{}}',
    "an empty command": b'{"command":" "}',
    "a command that is no text": b'{"command":{"a":1}}',
    "a null command": b'{"command":null}',
    "not UTF-8": b'{"command":"\xff\xfe"}',
    "two values": b"{}{}",
    "NaN": b'{"command":"listDevices","data":{"limit":NaN}}',
    "a hundred thousand brackets": b'{"command":' + b"[" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_what_is_no_command_is_a_bad_request(tmp_path, body):
    async with door(tmp_path) as rig:
        check_failure(await rig.post(body), 400)


GOOD = {
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(LIST).encode(),
    "Command": b'{"Command":"listDevices"}',
    "COMMAND and Data": b'{"COMMAND":"listDevices","Data":{"deviceType":"printer"}}',
    "null data": b'{"command":"listDevices","data":null}',
    "empty data": b'{"command":"listDevices","data":{}}',
    "data as PHP has it": b'{"command":"listDevices","data":[]}',
    "data as an empty text": b'{"command":"listDevices","data":""}',
    "unknown keys": b'{"command":"listDevices","data":{"x":[1,{"y":2}]},"id":7}',
    "blanks": b' \r\n\t{ "command" : " listDevices " } \n',
    "null type": b'{"command":"listDevices","data":{"deviceType":null}}',
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
async def test_a_command_in_every_dress(tmp_path, body, kind):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        answer = await rig.post(body, **({"content_type": kind} if kind else {}))
        assert answer.json() == {"success": True, "data": [], "command": "CALLBACK"}


async def test_an_unknown_command_is_named(tmp_path):
    async with door(tmp_path) as rig:
        assert "'makeCoffee'" in check_failure(await rig.post({"command": "makeCoffee"}), 200)
        message = check_failure(await rig.post({"command": "x" * 100_000}), 200)
        assert len(message) < 300


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("listDevice", "There is no command 'listDevice'; do you mean listDevices? getInfo names all that there are."),
        ("LISTTASKS", "There is no command 'LISTTASKS'; do you mean listTasks? getInfo names all that there are."),
        ("makeCoffee", "There is no command 'makeCoffee'; getInfo names all that there are."),
        ("sendTmpFile", "sendTmpFile is no command but an address: send the file to /openapi/sendTmpFile, as multipart/form-data."),
    ],
)
async def test_who_misspells_a_command_is_told_what_it_is_called(tmp_path, command, sentence):
    async with door(tmp_path) as rig:
        assert check_failure(await rig.post({"command": command}), 200) == sentence


SHAPE = 'send {"command": "...", "data": {...}}'


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", f"The body is not JSON (it is empty): {SHAPE}."),
        (b"\xef\xbb\xbf \n", f"The body is not JSON (it is empty): {SHAPE}."),
        (b"command=listDevices&data=%7B%7D", f"The body is not JSON (it is the body of an HTML form): {SHAPE}."),
        (b"%7B%22command%22%3A%22ping%22%7D=", f"The body is not JSON (it is the body of an HTML form): {SHAPE}."),
        (b'--x\r\nContent-Disposition: form-data; name="command"\r\n\r\nping\r\n--x--', "it is the body of an HTML form"),
        (gzip.compress(json.dumps(LIST).encode(), mtime=0), f"The body is compressed with gzip: {SHAPE} uncompressed."),
        (b'{"command":7}', 'The key "command" must be the name of a command as a text; it is 7.'),
        (b'{"command":["ping"]}', 'The key "command" must be the name of a command as a text; it is an array.'),
        (b'{"data":{}}', 'The key "command" is missing: write the name of a command as a text.'),
    ],
    ids=["empty", "blank", "form", "form of JSON", "multipart", "gzip", "a number", "an array", "missing"],
)
async def test_what_is_no_command_is_told_what_it_is_instead(tmp_path, body, sentence):
    async with door(tmp_path) as rig:
        assert sentence in check_failure(await rig.post(body), 400)


@pytest.mark.parametrize("path", ["/openapi", "/openapi/sendTmpFile"])
@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP, identity"])
async def test_a_compressed_body_is_refused_by_its_header(tmp_path, path, coding):
    async with door(tmp_path) as rig:
        headers = {"Api-Access-Token": TOKEN, "Content-Encoding": coding}
        answer = await rig.client.post(path, content=gzip.compress(b"{}"), headers=headers)
        assert "Content-Encoding" in check_failure(answer, 415)
        assert answer.headers["accept-encoding"] == "identity"
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        answer = await rig.post(LIST, content_encoding="identity")
        assert answer.status_code == 200


@pytest.mark.parametrize("data", ['{"deviceType": "printer"}', '[{"a": 1}]'])
async def test_the_text_of_an_object_is_told_from_an_object(tmp_path, data):
    async with door(tmp_path) as rig:
        said = check_failure(await rig.post({"command": "listDevices", "data": data}), 200)
        assert said == "data must be an object; it is a text: send the object itself, without quotation marks around it."


@pytest.mark.parametrize("data", [[1], "text", 7, True, 0.5])
async def test_data_that_is_no_object_is_refused(tmp_path, data):
    async with door(tmp_path) as rig:
        assert "data" in check_failure(await rig.post({"command": "listDevices", "data": data}), 200)


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    async with door(tmp_path, max_body=2000) as rig:
        assert "2000" in check_failure(await rig.post(b"x" * 2001), 413)

        async def endless():
            while True:
                yield b"x" * 500

        headers = {"Api-Access-Token": TOKEN}
        check_failure(await rig.client.post("/openapi", content=endless(), headers=headers), 413)
        check_failure(await rig.client.post("/openapi", content=b"x", headers={**headers, "Content-Length": "9" * 40}), 413)
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        assert (await rig.post(json.dumps(LIST).encode().ljust(2000))).status_code == 200


async def test_who_is_not_known_has_no_body_read(tmp_path):
    async with door(tmp_path, max_body=2000) as rig:
        answer = await rig.client.post("/openapi", content=b"x" * 5000)
        check_failure(answer, 401)


REFUSALS = [
    (Refused(Code.NOT_FOUND, "There is no such thing."), 200, "There is no such thing."),
    (Refused(Code.BAD_REQUEST, "Write it so."), 200, "Write it so."),
    (Refused(Code.BUSY, "Not now."), 503, "Not now."),
    (Refused(Code.FAULT, "secret detail"), 500, "fault"),
    (Unanswered("no answer"), 503, "try again"),
    (RuntimeError("secret detail"), 500, "fault"),
]


@pytest.mark.parametrize(("error", "status", "words"), REFUSALS, ids=lambda value: str(value)[:30])
async def test_what_goes_wrong_behind_the_door_has_a_status(tmp_path, error, status, words):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = error
        answer = await rig.post(LIST)
        message = check_failure(answer, status)
        assert words in message
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert (answer.headers.get("retry-after") == "5") == (status == 503)


@pytest.mark.parametrize("error", [NotStored("INTAKE refused a message: full"), Unanswered("INTAKE did not acknowledge")])
async def test_a_task_that_could_not_be_stored_is_not_accepted(tmp_path, error):
    async with door(tmp_path) as rig:
        rig.bus.refusal = error
        answer = await rig.post(TEXT)
        check_failure(answer, 503)
        assert answer.headers["retry-after"] == "5"


async def test_a_store_that_is_full_is_named_as_the_reason(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.refusal = NotStored("INTAKE refused a message: maximum bytes exceeded", 10077)
        answer = await rig.post(TEXT)
        assert "store is full, and nothing was done" in check_failure(answer, 503)
        assert answer.headers["retry-after"] == "5"


async def test_without_room_for_what_was_accepted_nothing_new_is(tmp_path, monkeypatch):
    monkeypatch.setattr("libs.runtime.room.free", lambda _folder: 0)
    async with door(tmp_path) as rig:
        assert "store is full, and nothing was done" in check_failure(await rig.post(TEXT), 503)
        assert rig.bus.published == []
        assert (await rig.post({"command": "getInfo"})).status_code == 200


@pytest.fixture
def log():
    """Everything that is logged, as a service writes it."""
    written = io.StringIO()
    logs.configure("console", "debug", written)
    yield written
    structlog.reset_defaults()


async def test_neither_token_nor_content_is_ever_logged_or_told(tmp_path, log):
    secret, cookie = "canary-content-51aa", "canary-cookie-90bd"
    task = {"mediaFormat": "TEXT", "content": secret}
    tasks = [
        task,
        {**task, "mediaSource": "BASE64"},
        {**task, "config": {"copies": -1}},
        {"content": f"https://example.com/{secret}?{secret}", "headers": {"Cookie": cookie, "Host": cookie}},
        {"content": f"ftp://{secret}", "mediaSource": "URL"},
        {"content": f"https://example.com:{secret}/"},
        {"content": "https://example.com/", "headers": {"X-Y": f"{cookie}\r\n"}},
        {"content": "https://example.com/", "headers": {f"{cookie}:": "x"}},
    ]
    async with door(tmp_path) as rig:
        answers = [await rig.post({"command": "newPrintTask", "data": {"task": each}}) for each in tasks]
        rig.bus.answers[ListDevices] = RuntimeError("a fault")
        answers += [await rig.post(LIST), await rig.post(b'{"content":"' + secret.encode())]
        rig.bus.refusal = RuntimeError("another fault")
        answers.append(await rig.post({"command": "newPrintTask", "data": {"task": task}}))
        wrong = "canary-wrong-token"
        answers.append(await rig.post(LIST, Api_Access_Token=wrong))
    written = log.getvalue() + "".join(answer.text + str(answer.headers) for answer in answers)
    assert "command failed" in written
    for canary in (secret, cookie, TOKEN, wrong):
        assert canary not in written


CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_task_carries_the_trace_of_its_request(tmp_path):
    exporter = InMemorySpanExporter()
    tracing = Tracing("gateway", processor=SimpleSpanProcessor(exporter))
    async with door(tmp_path, tracing=tracing) as rig:
        await rig.post(TEXT, traceparent=CALLER)
        (span,) = exporter.get_finished_spans()
        assert span.name == "POST /openapi newPrintTask"
        assert f"{span.context.trace_id:032x}" == CALLER.split("-")[1]
        assert f"{span.parent.span_id:016x}" == CALLER.split("-")[2]
        stored = rig.bus.published[0][1].tasks[0].traceparent.split("-")
        assert stored[1:3] == [CALLER.split("-")[1], f"{span.context.span_id:016x}"]
        exporter.clear()
        await rig.post({"command": "made-up-by-somebody"})
        assert [span.name for span in exporter.get_finished_spans()] == ["POST /openapi unknown"]


async def test_commands_are_counted(tmp_path):
    async with door(tmp_path) as rig:
        await rig.post(TEXT)
        await rig.post({"command": "made-up-by-somebody"})
        metrics = (await rig.client.get("/metrics")).text
        assert 'gateway_commands_total{command="newPrintTask",status="200"} 1.0' in metrics
        assert 'gateway_commands_total{command="unknown",status="200"} 1.0' in metrics
        assert "made-up" not in metrics
