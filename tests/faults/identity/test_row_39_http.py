"""Row 39: hostile HTTP is refused fast, in flat memory, and the probe answers meanwhile."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.faults.rig.rawhttp import chunked, closed, resident, say, watched
from tests.integration.installation import Installation, installation
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(170)]
MEGABYTE = 1024 * 1024
#: Seconds in which a request's head must come here, and what a busy machine may add.
PATIENCE, SLACK = 3.0, 12.0
#: On an idle machine the probe is to answer within 100 ms; this one may have other work.
PROBE = 1.0
PIECE = b"x" * 65_536


@dataclass(frozen=True)
class Town:
    server: Installation
    client: httpx.AsyncClient
    port: int

    def head(self, path, *more, method="POST", token=""):
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Api-Access-Token: {token or self.server.token}", *more, ""]
        return "\n".join(lines)

    @property
    def memory(self):
        return resident(self.server.process.pid)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("http")
    settings = {"RECEIVE_TIMEOUT": str(PATIENCE), "CONVERTER_ENGINES": '["text"]', "TOKEN_TRIES": "1000"}
    async with (
        installation(folder, [f"file://{folder}/paper?name=Office"], **settings) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        await server.start()
        await server.device("Office")
        yield Town(server, client, int(server.url.rpartition(":")[2]))


def files(server):
    return {path for path in server.folder.parent.rglob("*") if path.is_file() and "nats" not in path.parts}


LONG = "evil" * 1024 + ".txt"
NAMES = [
    "../../../../etc/cron.d/evil", "/etc/evil.txt", "..\\..\\evil.txt", "e\x00vil.txt", LONG, "\u202etxt.exe", ".", "..",
    "evil\r\nX-Evil: 1.txt", "-rf.txt", "$(reboot).txt", "evil\u2028.txt", "con:evil", "e\u0301vil.txt",
]  # fmt: skip


@pytest.mark.row(39)
async def test_row_39_names_of_files_lead_nowhere(row, town):
    before, outcomes = files(town.server), []
    headers = {"Api-Access-Token": town.server.token}
    for name in NAMES:
        sent = await town.client.post("/openapi/sendTmpFile", files={"file": (name, b"words", "text/plain")}, headers=headers)
        assert sent.status_code in (200, 400), (name, sent.text)
        assert "x-evil" not in sent.headers
        outcomes.append(sent.status_code)
        sent.json()
    tasks = [await town.server.submit("Office", name=name) for name in NAMES if "\x00" not in name and name != LONG]
    await town.server.all_reach(tasks, "FINISHED")
    new = files(town.server) - before
    paper = {path for path in new if path.parent.name == "paper"}
    assert len(paper) == len(tasks), "each is on its own sheet"
    roots = (town.server.data, town.server.folder / "paper", town.server.log)
    assert all(any(path.is_relative_to(root) for root in roots) for path in new)
    named = [path for path in new if {"evil", "passwd", "reboot"} & set(path.name.replace(".", " ").split())]
    assert [path for path in named if not path.is_relative_to(town.server.folder / "paper")] == []
    assert all(path.parent == town.server.folder / "paper" and "\n" not in path.name for path in named)
    row.did(f"{len(NAMES)} names (../, absolute, NUL, 4 KB, right-to-left, CR LF, shell) as uploads and as names of printed tasks.")
    row.saw(f"{outcomes.count(200)} uploads were taken under names of our own, {outcomes.count(400)} refused; all sheets lie in "
            "the printer's folder, and nothing was written anywhere else.")  # fmt: skip


@pytest.mark.row(39)
async def test_row_39_bodies_of_gigabytes_are_refused_early(row, town):
    announced = f"Content-Length: {5 * 1024**3}"
    form = "Content-Type: multipart/form-data; boundary=b"
    memory, worst, told = town.memory, 0.0, {}
    async with watched(town.server.url) as health:
        for path in ("/openapi", "/openapi/sendTmpFile", "/enrol", "/oauth2/v2.0/token", "/v1.0/subscriptions"):
            for token in (town.server.token, "wrong"):
                said = await say(town.port, town.head(path, announced, form, token=token), [PIECE] * 10)
                told[path, token == "wrong"] = said.status
                assert 400 <= said.status < 500, (path, said)
                worst = max(worst, said.seconds)
        endless = {}
        for path, limit in (("/openapi", 64), ("/openapi/sendTmpFile", 100), ("/enrol", 1), ("/oauth2/v2.0/token", 1)):
            body = chunked([b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n', *[PIECE] * 4000])
            said = await say(town.port, town.head(path, "Transfer-Encoding: chunked", form), body)
            assert said.status in (400, 413), (path, said.status)
            assert said.sent < (limit + 40) * MEGABYTE, (path, said.sent)
            endless[path] = said.sent / MEGABYTE
        said = await say(town.port, town.head("/openapi", "Transfer-Encoding: chunked", token="wrong"), chunked([PIECE] * 4000))
        assert said.status == 401
        assert said.sent < 12 * MEGABYTE, "who is not known has no body read"
    grown = town.memory - memory
    assert worst < SLACK
    assert grown < 300, "one body at the limit is held, and let go"
    assert (health.failed, health.p95 < PROBE) == (0, True), health
    row.did("5 GB announced by Content-Length to five doors, with a good and a wrong token; the same chunked, without a length.")
    row.saw(f"Announced: refused with {sorted(set(told.values()))} after {worst * 1000:.0f} ms at most. Chunked: cut at the limit "
            f"({', '.join(f'{path} after {size:.0f} MB' for path, size in endless.items())}), without a token before any of it "
            f"is read. Memory {grown:+.0f} MB, probe p95 {health.p95 * 1000:.0f} ms.",
            announced_ms=worst * 1000, grown_mb=grown)  # fmt: skip


@pytest.mark.row(39)
async def test_row_39_lying_lengths_smuggle_nothing(row, town):
    ping = b'{"command":"ping"}'
    second = b"POST /openapi HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    cases = {
        "two lengths": (["Content-Length: 18", "Content-Length: 5"], [ping]),
        "length and chunks": (["Content-Length: 18", "Transfer-Encoding: chunked"], [b"0\r\n\r\n", second]),
        "no number": (["Content-Length: many"], [ping]),
        "negative": (["Content-Length: -1"], [ping]),
        "twisted chunks": (["Transfer-Encoding: xchunked"], [ping]),
        "chunk of 2^64": (["Transfer-Encoding: chunked"], [b"FFFFFFFFFFFFFFFFF\r\nx"]),
        "a header of 10 MB": (["X-Long: " + "x" * 10 * MEGABYTE], []),
        "a space in a name": (["Content-Length : 18"], [ping]),
    }
    told = {}
    for name, (headers, pieces) in cases.items():
        said = await say(town.port, town.head("/openapi", *headers), pieces, within=PATIENCE + SLACK)
        told[name] = said.status
        assert said.status in (0, 400, 413, 431), (name, said)
    begun = time.monotonic()
    short = await say(town.port, town.head("/openapi", "Content-Length: 5000"), [ping], within=PATIENCE + SLACK)
    waited = time.monotonic() - begun
    assert short.status == 0, "what is announced and never comes is cut off"
    longer = await say(town.port, town.head("/openapi", "Content-Length: 5", "Connection: close"), [ping])
    assert longer.status == 400, "five bytes of it are no JSON, and the rest is no request"
    h2 = await say(town.port, "PRI * HTTP/2.0\n\nSM\n")
    assert h2.status in (0, 400), "HTTP/2 is not spoken, so no flood of its resets is"
    row.did(
        f"{len(cases)} requests that lie about their length ({', '.join(cases)}), one that sends less than it announces, one more."
    )
    row.saw(f"Each got 400 or a closed line ({told}); the one that sends less was cut after {waited:.1f} s.")


@pytest.mark.row(39)
async def test_row_39_shapes_and_numbers_of_no_sense_are_refused_at_once(row, town):
    deep = {name: (opening * 100_000).encode() for name, opening in {"arrays": "[", "objects": '{"a":', "both": '[{"a":'}.items()}
    memory, worst = town.memory, 0.0
    headers = {"Api-Access-Token": town.server.token}
    async with watched(town.server.url) as health:
        for body in deep.values():
            for text in (body, b'{"command":"newPrintTask","data":{"task":' + body):
                begun = time.monotonic()
                answer = await town.client.post("/openapi", content=text, headers=headers)
                worst = max(worst, time.monotonic() - begun)
                assert answer.status_code == 400, answer.text[:200]
        part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n'
        begun = time.monotonic()
        parts = await say(
            town.port,
            town.head(
                "/openapi/sendTmpFile", "Content-Type: multipart/form-data; boundary=b", f"Content-Length: {len(part) * 1_000_000}"
            ),
            [part * 1000] * 1000,
        )
        many = time.monotonic() - begun
        assert parts.status == 400
        text = {"mediaSource": "STRING", "mediaFormat": "TEXT", "content": "x", "deviceName": "Office"}
        numbers = [
            ("newPrintTask", {"task": {**text, "copies": 10**9}}),
            ("newPrintTask", {"task": {**text, "config": {"copies": 10**9}}}),
            ("newPrintTask", {"task": {**text, "config": {"pageRanges": "1-999999999"}}}),
            ("newPrintTask", {"task": {**text, "config": {"pageRanges": ",".join(["1-2"] * 100_000)}}}),
            ("newPrintTask", {"task": {**text, "config": {"scale": 1e308}}}),
            ("newPrintTask", {"task": {**text, "priority": 10**30}}),
            ("listTasks", {"limit": 10**9}),
            ("listTasks", {"limit": -1}),
            ("listTasks", {"limit": 10**400}),
        ]
        said = {}
        for command, data in numbers:
            begun = time.monotonic()
            answer = await town.client.post("/openapi", content=json.dumps({"command": command, "data": data}), headers=headers)
            worst = max(worst, time.monotonic() - begun)
            assert answer.status_code < 500, (data, answer.text)
            said[str(data)[-60:]] = answer.json()["success"], answer.json().get("message", "")
        tasks = [each for each in await town.server.call("listTasks", limit=1000) if each["status"] not in ("FINISHED", "ERROR")]
        await town.server.all_reach([each["taskId"] for each in tasks], "FINISHED", "ERROR", within=60)
    grown = town.memory - memory
    refused = sum(1 for success, _ in said.values() if not success)
    assert all(message for success, message in said.values() if not success)
    assert (worst < SLACK, many < SLACK, grown < 250) == (True, True, True), (worst, many, grown)
    assert (health.failed, health.p95 < PROBE) == (0, True), health
    sheets = list((town.server.folder / "paper").glob("*.pdf"))
    assert sum(path.stat().st_size for path in sheets) < 50 * MEGABYTE
    row.did(
        "JSON 100,000 deep in six forms, a form of 10^6 parts, and numbers (10^9 copies, pages 1-999999999, limit 10^9, 10^400)."
    )
    row.saw(f"All deep ones 400; the form refused after {many * 1000:.0f} ms; {refused} of {len(said)} numbers refused with a "
            f"sentence, the others clamped. Slowest answer {worst * 1000:.0f} ms, memory {grown:+.0f} MB, probe p95 "
            f"{health.p95 * 1000:.0f} ms.",
            form_ms=many * 1000)  # fmt: skip


@pytest.mark.row(39)
async def test_row_39_slow_clients_are_cut_off_and_hold_up_nobody(row, town):
    memory, sockets = town.memory, []
    begins = [b"POST /openapi HTTP/1.1\r\nHost: x\r\n", b"G", b"POST /openapi HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"]
    async with watched(town.server.url) as health:
        begun = time.monotonic()
        for number in range(500):
            reader, writer = await asyncio.open_connection("127.0.0.1", town.port)
            writer.write(begins[number % 3])
            sockets.append((reader, writer))
        slow = [writer for _, writer in sockets[:250]]
        drips = asyncio.create_task(_drip(slow))
        quick = await town.server.submit("Office")
        await town.server.reaches(quick, "FINISHED")
        ended = await asyncio.gather(*(closed(reader, PATIENCE + SLACK) for reader, _ in sockets))
        took = time.monotonic() - begun
        drips.cancel()
        assert all(ended), f"{ended.count(False)} lines are still open"
        for _, writer in sockets:
            writer.transport.abort()
    assert (health.failed, health.p95 < PROBE) == (0, True), health
    grown = town.memory - memory
    assert grown < 100
    row.did("500 sockets that begin a request and go on with a byte now and then, or not at all; beside them a task is printed.")
    row.saw(f"All were closed after {took:.1f} s (deadline {PATIENCE:.0f} s); the task was printed meanwhile, the probe's p95 was "
            f"{health.p95 * 1000:.0f} ms, memory {grown:+.0f} MB.", probe_p95_ms=health.p95 * 1000)  # fmt: skip


@pytest.mark.row(39)
async def test_row_39_who_does_not_read_is_cut_off_too(row, town):
    memory, sockets = town.memory, []
    ask = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 60
    loop = asyncio.get_running_loop()
    async with watched(town.server.url) as health:
        begun = time.monotonic()
        for _ in range(30):
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.setblocking(False)
            await loop.sock_connect(line, ("127.0.0.1", town.port))
            await loop.sock_sendall(line, ask)
            sockets.append(line)
        here = [line.getsockname()[1] for line in sockets]
        assert _established(town.port, here) == len(here)
        await until(lambda: not _established(town.port, here), 40, "the server has closed all lines", every=0.25)
        took = time.monotonic() - begun
        for line in sockets:
            line.close()
    grown = town.memory - memory
    assert grown < 100
    assert (health.failed, health.p95 < PROBE) == (0, True), health
    row.did("30 sockets ask 60 times each for what is measured and read nothing.")
    row.saw(f"All were closed after {took:.1f} s, memory {grown:+.0f} MB, probe p95 {health.p95 * 1000:.0f} ms.")


async def _drip(writers):
    while True:
        await asyncio.sleep(0.5)  # the pace of the drops
        for writer in writers:
            if not writer.is_closing():
                writer.write(b"x")


def _established(port, peers):
    """How many of these peers' lines the server's side still holds (/proc/net/tcp: state 01)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    wanted = {f"{peer:04X}" for peer in peers}
    here = f"{port:04X}"
    return sum(1 for each in rows if each[1].endswith(":" + here) and each[2][-4:] in wanted and each[3] == "01")
