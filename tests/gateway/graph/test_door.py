"""The door as its callers see it: addresses, answers, errors, pages, tags, limits."""

import asyncio
import json
import re
from dataclasses import replace

import pytest

from libs.contracts.queries import Code
from libs.runtime.bus import NotStored, Refused, Unanswered
from services.gateway.graph.call import Collection, Plain, Reply, Route
from services.gateway.graph.problem import bad, conflict
from tests.gateway.graph.calling import BASE, graph, user

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAMES = ("Berlin", "athens", "Cairo", "Dublin", "Essen")


async def seen(call):
    """Tells what the handler was given."""
    return Reply(body={"id": "x", **call.ids, "body": dict(call.body), "raw": call.raw.decode()}, context="print/x/$entity")


async def printer(call):
    printer = {"id": call.ids["printer"], "displayName": "Office", "isShared": False}
    return Reply(
        body={**printer, **({"shares": SHARES} if "shares" in call.query.expand else {})}, context="print/printers/$entity"
    )


SHARES = [{"id": "2", "displayName": "B", "createdDateTime": None}, {"id": "1", "displayName": "A", "createdDateTime": None}]


async def shares(_call):
    items = [{"id": str(at), "displayName": name, "location": {"city": f"M{at % 2}"}} for at, name in enumerate(NAMES)]
    return Collection(items, "print/shares")


async def paged(call):
    begin = int(call.query.skiptoken or call.query.skip)
    return Collection([{"id": str(begin + at)} for at in range(call.query.page)], "print/connectors", True, str(begin + 2), 40)


async def created(call):
    return Reply(201, {"id": "new", **call.body}, "print/shares/$entity")


async def failing(call):
    raise {
        "refused": Refused(Code.CONFLICT, "It is over."),
        "busy": Refused(Code.BUSY, "Busy."),
        "silent": Unanswered("nobody"),
        "full": NotStored("full"),
        "bad": bad("Say what.", "displayName"),
        "conflict": conflict("Not now."),
        "broken": ZeroDivisionError("secret-canary"),
    }[call.ids["share"]]


async def text(_call):
    return Plain(b"%PDF", "application/pdf")


ROUTES = (
    Route("GET", "print/printers", shares),
    Route("GET", "print/printers/{printer}", printer),
    Route("PATCH", "print/printers/{printer}", seen, accepts=("application/json", "application/ipp")),
    Route("DELETE", "print/printers/{printer}", seen),
    Route("POST", "print/printers/create", created),
    Route("POST", "print/printers/{printer}/jobs/{job}/start", seen),
    Route("GET", "print/shares", shares),
    Route("POST", "print/shares", created),
    Route("GET", "print/connectors", paged),
    Route("GET", "print/shares/{share}", failing),
    Route("GET", "print/shares/{share}/printer", text),
    Route("GET", "reports/getPrinterArchivedPrintJobs(printerId={printerId},startDateTime={start})", seen),
    Route("POST", "print/printers/{printer}/jobs/{job}/startPrintJob", seen, beta=True),
)


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=(), routes=ROUTES) as door:
        yield door


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/print/printers/Ab1/jobs/7/start",
        "/v1.0//print///printers/Ab1/jobs/7/start/",
        "//v1.0/Print/PRINTERS/Ab1/Jobs/7/microsoft.graph.start",
        "/V1.0/print/printers('Ab1')/jobs('7')/microsoft.graph.start()",
        "/beta/print/printers/%41b1/jobs/7/Start",
        "/beta/print/printers/Ab1/jobs/7/startPrintJob",
    ],
)
async def test_every_way_to_write_an_address_leads_there(door, path):
    told = (await door.client.post(BASE + path)).json()
    assert (told["printer"], told["job"]) == ("Ab1", "7")


async def test_parameters_of_functions_land_by_their_names(door):
    path = "reports/microsoft.graph.getPrinterArchivedPrintJobs(printerid='o''k',startDateTime=2026-01-01T00:00:00Z)"
    told = await door.get(path)
    assert (told["printerId"], told["startDateTime"]) == ("o'k", "2026-01-01T00:00:00Z")


async def test_what_is_not_there_is_said_in_the_form_of_all_errors(door):
    answer = await door.call("GET", "/print/nothing", headers={"client-request-id": "mine-1"})
    error = answer.json()["error"]
    assert answer.status_code == 404
    assert error["code"] == "ResourceNotFound"
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    assert GUID.fullmatch(answer.headers["request-id"])
    assert answer.headers["client-request-id"] == error["innerError"]["client-request-id"] == "mine-1"
    assert answer.headers["odata-version"] == "4.0"
    answer = await door.call("PUT", "/print/shares")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST, OPTIONS"
    assert (await door.call("POST", "/print/printers/a/jobs/7/startPrintJob")).status_code == 404  # of beta only
    assert (await door.client.get("/v2.0/print")).status_code == 404


@pytest.mark.parametrize(
    ("which", "status", "code"),
    [
        ("refused", 409, "conflict"),
        ("busy", 503, "serviceNotAvailable"),
        ("silent", 503, "serviceNotAvailable"),
        ("full", 503, "serviceNotAvailable"),
        ("bad", 400, "invalidRequest"),
        ("conflict", 409, "conflict"),
        ("broken", 500, "generalException"),
    ],
)
async def test_whatever_goes_wrong_has_its_status(door, which, status, code):
    answer = await door.call("GET", f"/print/shares/{which}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("retry-after", "").isdigit() == (status == 503)
    assert "canary" not in answer.text
    assert answer.json()["error"].get("target") == ("displayName" if which == "bad" else None)


async def test_who_is_nobody_and_who_may_not_hears_so(door):
    door.who = None
    answer = await door.call("GET", "/print/printers")
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    door.who = user("PrintJob.Create", administrator=True)
    error = (await door.get("/print/printers", status=403))["error"]
    assert "Printer.Read.All" in error["message"]


async def test_requests_are_counted_by_route_and_by_tenant(door):
    def told(name, **labels):
        return door.rig.service.metrics.get_sample_value(f"gateway_{name}_seconds_count", {"door": "graph", **labels})

    await door.get("/print/printers/Ab1")
    await door.get("/print/printers/Cd2")
    assert told("route", route="GET print/printers/{printer}", outcome="answered") == 2
    assert told("tenant", tenant=door.who.tenant, outcome="answered") == 2
    await door.get("/print/nothing", status=404)
    assert told("route", route="unknown", outcome="refused") == 1
    door.who = None
    await door.get("/print/printers", status=401)
    assert told("route", route="GET print/printers", outcome="refused") == 1
    assert told("tenant", tenant="nobody", outcome="refused") == 2


async def test_bodies_are_read_strictly(door):
    async def sent(content, kind="application/json"):
        return await door.call("POST", "/print/shares", content=content, headers={"content-type": kind})

    answer = await sent(b'{"a": 1,\n "b" 2}')
    assert answer.status_code == 400
    assert "line 2, column 6" in answer.json()["error"]["message"]
    for wrong in (b"[]", b"nul", b'{"a": NaN}', b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b"\xff{}", b'{"a":' * 100_000):
        assert (await sent(wrong)).status_code == 400, wrong[:20]
    assert (await sent(b"{}", "text/plain")).status_code == 415
    assert (await sent(b'{"a":"\xc3\xa4"}', "application/json; charset=utf-8")).json()["a"] == "ä"
    assert (await sent(b'\xef\xbb\xbf{"a":1}', "application/json;odata.metadata=minimal")).json()["a"] == 1
    assert (await door.call("POST", "/print/printers/a/jobs/1/start")).json()["body"] == {}
    told = await door.call("PATCH", "/print/printers/a", content=b"\x04ipp", headers={"content-type": "application/ipp"})
    assert told.json()["raw"] == "\x04ipp"


async def test_a_body_that_is_too_large_is_refused(tmp_path):
    async with graph(tmp_path, modules=(), routes=ROUTES, max_body=2048) as door:
        answer = await door.call("POST", "/print/shares", {"a": "x" * 4000})
        assert answer.status_code == 413
        assert "2048" in answer.json()["error"]["message"]


async def test_who_wants_the_line_to_end_with_the_answer_gets_one(door):
    """Also when all that was sent has been read: then nothing more comes."""
    for path, messages in (("/v1.0/print/shares", [b"{wrong", b""]), ("/v1.0/nowhere", [b"x" * 10, b"y" * 10, b""])):
        sent, parts = [], iter(messages)

        async def receive(parts=parts):
            part = next(parts, None)
            if part is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": part, "more_body": bool(part)}

        async def send(message, sent=sent):
            sent.append(message)

        headers = [(b"connection", b"close"), (b"content-length", b"20"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers, "scheme": "http"}
        await asyncio.wait_for(door.door.handle(scope, receive, send), 5)
        assert sent[0]["status"] in (400, 404)
        assert next(parts, None) is None, "what was sent is taken before the answer"


async def test_a_new_entity_says_where_it_is(door):
    answer = await door.call("POST", "//print/shares", {"displayName": "A"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{BASE}/v1.0/print/shares/new"
    assert answer.json() == {"@odata.context": f"{BASE}/v1.0/$metadata#print/shares/$entity", "id": "new", "displayName": "A"}
    answer = await door.call("POST", "/print/shares", {"displayName": "A"}, headers={"Prefer": "respond-async, return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].endswith("/shares/new")


async def test_collections_are_filtered_sorted_counted_and_paged(door):
    told = await door.get(
        "/print/shares?%24filter=location%2Fcity%20eq%20'm0'&$orderby=displayName desc&$select=displayName&$COUNT=true"
    )
    assert told == {
        "@odata.context": f"{BASE}/v1.0/$metadata#print/shares",
        "@odata.count": 3,
        "value": [{"id": "4", "displayName": "Essen"}, {"id": "2", "displayName": "Cairo"}, {"id": "0", "displayName": "Berlin"}],
    }
    names, link = [], f"{BASE}/v1.0/print/shares?$top=2&$skip=1&$orderby=displayName"
    while link:
        page = (await door.client.get(link)).json()
        names += [each["displayName"] for each in page["value"]]
        link = page.get("@odata.nextLink")
        assert link is None or link.startswith(f"{BASE}/v1.0/print/shares?")
    assert names == ["Berlin", "Cairo", "Dublin", "Essen"]
    answer = await door.call("GET", "/print/shares/$count?$filter=startswith(displayName,'a') or id eq '4'")
    assert (answer.text, answer.headers["content-type"]) == ("2", "text/plain; charset=utf-8")


async def test_pages_of_handlers_go_on_with_their_own_token(door):
    first = await door.get("/print/connectors?$top=2&$skip=6&$count=true")
    assert [each["id"] for each in first["value"]] == ["6", "7"]
    assert first["@odata.count"] == 40
    second = (await door.client.get(first["@odata.nextLink"])).json()
    assert [each["id"] for each in second["value"]] == ["8", "9"]
    assert (await door.call("GET", "/print/connectors/%24count")).text == "40"


@pytest.mark.parametrize(
    "query",
    [
        "$top=-1", "$top=x", "$skip=1.5", "$count=2", "$filter=a eq", "$filter=a like 'b'", "$filter=" + "(" * 50 + "a",
        "$orderby=a up", "$select=a,,b", "$expand=a(b", "$expand=a($top=x)", "$top=1&$TOP=2", "$skiptoken=!", "$skiptoken=YQ",
    ],
)  # fmt: skip
async def test_an_option_that_cannot_be_read_is_named(door, query):
    error = (await door.get(f"/print/shares?{query}", status=400))["error"]
    assert error["target"].startswith("$"), error
    assert error["target"].lower() in query.lower() or query.startswith("$expand")


async def test_search_and_format_are_let_pass(door):
    assert len((await door.get("/print/shares?$search=x&$format=json&$top="))["value"]) == 5


async def test_what_is_expanded_follows_its_own_options(door):
    told = await door.get("/print/printers/1?$expand=shares($select=displayName;$orderby=displayName;$top=1)&$select=isShared")
    assert told["shares"] == [{"id": "1", "displayName": "A"}]
    assert "displayName" not in told
    assert told["isShared"] is False
    assert told["id"] == "1"


async def test_tags_tell_whether_something_has_changed(door):
    answer = await door.call("GET", "/print/printers/1")
    tag = answer.headers["etag"]
    assert tag.startswith('W/"')
    assert answer.json()["@odata.etag"] == tag
    assert (await door.call("GET", "/print/printers/1?$expand=shares")).headers["etag"] == tag
    assert (await door.call("GET", "/print/printers/1", headers={"If-None-Match": tag})).status_code == 304
    assert (await door.call("PATCH", "/print/printers/1", {}, headers={"If-Match": tag})).status_code == 200
    assert (await door.call("PATCH", "/print/printers/1", {}, headers={"If-Match": "*"})).status_code == 200
    answer = await door.call("DELETE", "/print/printers/1", headers={"If-Match": 'W/"old"'})
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "resourceModified")


async def test_pages_of_other_origins_may_ask(door):
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    answer = await door.call("OPTIONS", "/print/printers/1", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert answer.headers["allow"] == "GET, PATCH, DELETE, OPTIONS"
    door.who = None
    answer = await door.call("GET", "/print/printers", headers={"Origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "request-id" in answer.headers["access-control-expose-headers"]


async def test_who_asks_too_much_waits(tmp_path):
    async with graph(tmp_path, modules=(), routes=ROUTES, graph_requests_per_minute=2) as door:
        await door.get("/print/shares")
        await door.get("/print/shares")
        answer = await door.call("GET", "/print/shares")
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.json()["error"]["code"] == "TooManyRequests"
        door.who = replace(door.who, id="another")
        await door.get("/print/shares")


async def test_links_name_this_server_and_nothing_in_between(tmp_path, door):
    told = (await door.call("GET", "/print/shares", headers={"Host": "internal.cluster:8080"})).json()
    assert told["@odata.context"].startswith("http://127.0.0.1:39899/v1.0/")
    told = (await door.call("GET", "/print/shares", headers={"Host": "localhost:39899"})).json()
    assert told["@odata.context"].startswith("http://localhost:39899/v1.0/")
    (tmp_path / "other").mkdir()
    async with graph(tmp_path / "other", modules=(), routes=ROUTES, public_url="https://print.example/bus/") as other:
        told = await other.get("/print/shares?$top=1", headers={"X-Forwarded-Host": "evil.example"})
        assert told["@odata.nextLink"].startswith("https://print.example/bus/v1.0/print/shares?")


async def test_requests_are_counted_by_their_routes(door):
    await door.get("/print/printers/4711")
    await door.get("/print/secret-canary", status=404)
    counted = door.rig.service.metrics.get_sample_value
    labels = {"method": "GET", "route": "print/printers/{printer}", "status": "200"}
    assert counted("gateway_graph_requests_total", labels) == 1
    assert counted("gateway_graph_requests_total", {"method": "", "route": "unknown", "status": "404"}) == 1


async def test_a_batch_is_its_requests(door):
    requests = [
        {"id": "1", "method": "GET", "url": f"{BASE}/v1.0/print/shares?$top=1"},
        {"id": 2, "method": "post", "url": "/print/shares", "body": {"displayName": "N"}, "headers": {"Prefer": "x"}},
        {"id": "3", "method": "GET", "url": "print/shares/conflict"},
        {"id": "4", "method": "GET", "url": "/print/shares", "dependsOn": ["3"]},
        {"id": "5", "method": "GET", "url": "/v1.0/print/shares/1/printer", "depends_on": ["1", "2"]},
        {"id": "6", "method": "GET", "url": "/print/nothing"},
    ]
    told = await door.post("/$batch", {"requests": requests})
    found = {each["id"]: each for each in told["responses"]}
    assert {name: each["status"] for name, each in found.items()} == {"1": 200, "2": 201, "3": 409, "4": 424, "5": 200, "6": 404}
    assert found["1"]["body"]["value"][0]["displayName"] == "Berlin"
    assert found["2"]["headers"]["Location"] == f"{BASE}/v1.0/print/shares/new"
    assert found["5"]["body"] == "JVBERg=="
    assert found["5"]["headers"]["Content-Type"] == "application/pdf"
    assert found["6"]["body"]["error"]["code"] == "ResourceNotFound"
    assert found["4"]["body"]["error"]["innerError"]["request-id"]


async def test_a_batch_is_no_part_of_a_batch(door):
    within = {"requests": [{"id": "1", "method": "GET", "url": "/print/shares"}]}
    requests = [
        {"id": "1", "method": "POST", "url": "/$batch", "body": within},
        {"id": "2", "method": "GET", "url": "/print/shares"},
    ]
    told = await door.post("/$batch", {"requests": requests})
    assert [each["status"] for each in told["responses"]] == [400, 200], "twenty of twenty of twenty are more than anybody sends"


@pytest.mark.parametrize(
    "requests",
    [
        None, [], [1], [{"id": "1", "method": "GET"}],
        [{"id": "1", "method": "HEAD", "url": "/x"}], [{"method": "GET", "url": "/x"}],
        [{"id": "1", "method": "GET", "url": "/x"}] * 2, [{"id": str(at), "method": "GET", "url": "/x"} for at in range(21)],
        [{"id": "1", "method": "GET", "url": "/x", "dependsOn": ["1"]}], [{"id": "1", "method": "GET", "url": "/x", "headers": 7}],
        [{"id": "1", "method": "POST", "url": "/x", "body": "no base64!"}],
    ],
)  # fmt: skip
async def test_a_batch_that_cannot_be_is_refused_whole(door, requests):
    error = (await door.post("/$batch", {"requests": requests}, status=400))["error"]
    assert error["target"], json.dumps(error)
