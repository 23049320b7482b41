"""Row 40: secrets that came in by every door, through work and through failures, are looked for wherever they must not be."""

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from libs.contracts.directory import ClientKind
from libs.runtime.probes import http_server
from libs.runtime.settings import read
from services.registry import enrol
from services.registry.settings import RegistrySettings
from tests.clients.partner import partner
from tests.integration.graph_tenants import DEVICE, furnish, people
from tests.integration.installation import installation
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)
#: Where a secret is at home: its name -> parts of paths below the data folder that keep it. What is named nowhere has no home.
DOCUMENTS = ("documents/", "spooler", "nats/", "agent/", "journal", "archive")
VAULTS: dict[str, tuple[str, ...]] = {
    "the own client's token": ("token",),
    "an application's token": (),
    "a wrong token": (),
    "a cookie for an address": (),
    "a password in an address": (),
    "the query of an address": (),
    "words of a short text": DOCUMENTS,
    "words of a long text": DOCUMENTS,
    "words of a broken document": DOCUMENTS,
    "words of an upload": DOCUMENTS,
    "words of a fetched text": DOCUMENTS,
    "words of a Graph document": DOCUMENTS,
    "a clientState": ("webhooks",),
    "the secret of an endpoint": ("webhooks",),
    "the secret of an endpoint after rotation": ("webhooks",),
    "the password of an endpoint's address": ("webhooks",),
    "the callback's secret": ("webhooks",),
    "a relay token": (),
    "an access token": (),
    "a client secret that is wrong": (),
    "words of what is no JSON": (),
}


@dataclass
class Collector:
    """An OTLP receiver that keeps what it is sent."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    here = Collector()

    async def traces(request: Request) -> Response:
        body = await request.body()
        here.bodies.append(gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body)
        return Response(media_type="application/x-protobuf")

    app = Starlette(routes=[Route("/{path:path}", traces, methods=["POST"])])
    async with http_server(app, "127.0.0.1", 0) as port:
        here.url = f"http://127.0.0.1:{port}"
        yield here


@dataclass
class Sender:
    """A server that gives a text to who shows its cookie, or its name and password, and takes callbacks badly."""

    url: str = ""
    text: str = ""
    cookie: str = ""
    password: str = ""
    fetched: int = 0
    called: int = 0


@asynccontextmanager
async def sending(planted: dict[str, str]) -> AsyncIterator[Sender]:
    here = Sender(text=planted["words of a fetched text"], cookie=planted["a cookie for an address"])
    here.password = planted["a password in an address"]

    async def document(request: Request) -> Response:
        shown = base64.b64encode(f"user:{here.password}".encode()).decode()
        if here.cookie in request.headers.get("cookie", "") or shown in request.headers.get("authorization", ""):
            here.fetched += 1
            return PlainTextResponse(here.text)
        return PlainTextResponse("no", 403)

    async def hook(request: Request) -> Response:
        here.called += 1
        return Response(status_code=200 if here.called % 2 else 500)

    routes = [Route("/document", document), Route("/gone", lambda request: Response(status_code=404))]
    app = Starlette(routes=[*routes, Route("/hook", hook, methods=["POST"])])
    async with http_server(app, "127.0.0.1", 0) as port:
        here.url = f"127.0.0.1:{port}"
        yield here


class Processes:
    """What the command lines and environments of a process's descendants were, looked at again and again."""

    def __init__(self, root: int):
        self.root = root
        self.lines: dict[str, bytes] = {}

    async def watch(self):
        while True:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(0.05)  # how often it looks

    def _look(self):
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
        known = {self.root}
        while more := {pid for pid, parent in parents.items() if parent in known} - known:
            known |= more
        for pid in known - {self.root}:
            for name in ("cmdline", "environ"):
                try:
                    self.lines.setdefault(f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes())
                except OSError:
                    continue


def dressed(secret: str) -> dict[str, bytes]:
    """The forms that a secret may lie in: as it is, and in base64, wherever it begins."""
    raw = secret.encode()
    forms = {"": raw}
    for shift in range(3):
        coded = base64.b64encode(b"\x00" * shift + raw).rstrip(b"=")
        forms[f" in base64 ({shift})"] = coded[4 if shift else 0 : -2]
    return forms


def found(planted: dict[str, str], where: str, data: bytes, homes: bool = True) -> list[str]:
    """Which secrets are in there that have no home there."""
    lost = []
    for name, secret in planted.items():
        if homes and any(home in where for home in VAULTS[name]):
            continue
        lost += [f"{name}{dress} in {where}" for dress, form in dressed(secret).items() if form in data]
    return lost


def word(name: str, number: int) -> str:
    return f"CANARY{number:02}x" + "".join(part[0] for part in name.split()).upper() + "q7Zk91mB4w"


@pytest.mark.row(40)
async def test_row_40_no_secret_is_anywhere_but_at_home(row, tmp_path):
    planted = {name: word(name, number) for number, name in enumerate(VAULTS)}
    planted["words of a Graph document"], planted["a clientState"] = "canary words", "canary state"
    planted["the callback's secret"] = "whsec_" + base64.b64encode(planted["the callback's secret"].encode() * 2).decode()[:40]
    errors: list[str] = []
    async with (
        collecting() as collector,
        sending(planted) as sender,
        partner() as solution,
        installation(
            tmp_path,
            [f"file://{tmp_path}/paper?name={DEVICE.replace(' ', '%20')}", f"file://{tmp_path}/sheets?name=Office"],
            LOG_LEVEL="debug",
            OTLP_ENDPOINT=collector.url,
            CONVERTER_ENGINES='["text", "image", "pdf"]',
            CALLBACK_URL=f"http://{sender.url}/hook",
            CALLBACK_SECRET=planted["the callback's secret"],
            CALLBACK_BACKOFF="[0.1, 0.1]",
            WEBHOOK_ALLOW_NETWORKS='["127.0.0.0/8"]',
            FETCH_ALLOW_NETWORKS='["127.0.0.0/8"]',
            SUBSCRIPTION_HTTP="true",
            GRAPH_STRICT="false",
            GRAPH_REQUESTS_PER_MINUTE="100000",
        ) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        await server.start()
        processes = Processes(server.process.pid)
        watching = asyncio.create_task(processes.watch())
        await server.device(DEVICE)
        await server.device("Office")
        planted["the own client's token"] = server.token
        async with enrol.open_store(read(RegistrySettings, data_dir=server.data)) as store:
            victim = await people(server, client, "main", store)
            app = await enrol.add_client(store, "main", ClientKind.APP, "erp", roles=("Printer.Read.All",))
            await enrol.add_token(store, app.sn, "erp", token=planted["an application's token"])
        planted["an access token"] = victim.app.token.rpartition(".")[2]

        names = await furnish(server, victim, solution.url)

        async def ask(token=None, path="/openapi", **more):
            headers = {"Api-Access-Token": token or server.token, **more.pop("headers", {})}
            answer = await client.post(path, headers=headers, **more)
            errors.append(answer.text)
            return answer

        async def command(name, /, **data):
            return (await ask(json={"command": name, "data": data})).json()

        tasks = {}

        async def submit(what, source, kind, content, **more):
            task = {"name": what, "deviceName": "Office", "mediaSource": source, "mediaFormat": kind, "content": content, **more}
            answer = await command("newPrintTask", task=task)
            if answer["success"]:
                tasks[what] = answer["data"]["taskId"]

        await submit("short", "STRING", "TEXT", planted["words of a short text"])
        await submit("long", "STRING", "TEXT", f"{planted['words of a long text']}\n" * 2000)
        broken = base64.b64encode(b"%PDF-1.7 " + planted["words of a broken document"].encode() * 100).decode()
        await submit("broken", "BASE64", "PDF", broken)
        await submit("broken picture", "BASE64", "PNG", base64.b64encode(planted["words of a broken document"].encode()).decode())
        address = f"http://{sender.url}/document?sig={planted['the query of an address']}"
        await submit("cookie", "URL", "TEXT", address, headers={"Cookie": f"session={planted['a cookie for an address']}"})
        await submit("password", "URL", "TEXT", address.replace("//", f"//user:{planted['a password in an address']}@"))
        gone = f"http://{sender.url}/gone?sig={planted['the query of an address']}"
        await submit("gone", "URL", "TEXT", gone, headers={"Cookie": f"session={planted['a cookie for an address']}"})
        upload = await ask(path="/openapi/sendTmpFile", files={"file": ("x.txt", planted["words of an upload"].encode())})
        await submit("upload", "URL", "TEXT", upload.json()["file"]["url"])

        for header in ("Api-Access-Token", "Authorization"):
            shown = planted["a wrong token"] if header != "Authorization" else f"Bearer {planted['a wrong token']}"
            errors.append((await client.post("/openapi", json={"command": "ping"}, headers={header: shown})).text)
        errors.append(
            (await client.get("/v1.0/print/printers", headers={"Authorization": f"Bearer {planted['a wrong token']}"})).text
        )
        broken_token = victim.app.token[:-3] + "abc"
        errors.append((await client.get("/v1.0/print/printers", headers={"Authorization": f"Bearer {broken_token}"})).text)
        form = {"grant_type": "client_credentials", "client_id": app.sn, "scope": f"{server.url}/.default"}
        for secret in (planted["a client secret that is wrong"], planted["an application's token"]):
            answer = await client.post("/oauth2/v2.0/token", data={**form, "client_secret": secret})
            if not answer.is_success:
                errors.append(answer.text)
        assert answer.is_success, "the application's token is good"
        await ask(content=f'{{"command": "{planted["words of what is no JSON"]}'.encode())
        await ask(token=planted["an application's token"], json={"command": "listDevices"})

        hook = f"http://user:{planted['the password of an endpoint' + chr(39) + 's address']}@{sender.url}/hook"
        added = (await command("addEndpoint", url=f"http://{sender.url}/hook", name="secret"))["data"]
        errors.pop()  # the one answer that shows a secret
        planted["the secret of an endpoint"] = added["secret"].removeprefix("whsec_")
        rotated = (await command("rotateSecret", endpointId=added["endpointId"])).get("data") or {}
        errors.pop()
        planted["the secret of an endpoint after rotation"] = rotated.get("secret", "whsec_no-such-secret").removeprefix("whsec_")
        await command("addEndpoint", url=hook.replace("user:", "").replace(f"{sender.url}", "127.0.0.1:25"), name="refused")
        relay = (await command("newRelayToken", origins=["https://shop.example.org"], name="page"))["data"]
        errors.pop()
        planted["a relay token"] = relay["token"][-40:]
        errors.append((await victim.app.ask("GET", f"print/printers/{names.printer}/jobs/nobody")).text)
        await submit("after", "STRING", "TEXT", planted["words of a short text"])
        ended = await server.all_reach(list(tasks.values()), "FINISHED", "ERROR", within=100)
        await until(lambda: sender.called > 20, 30, "callbacks were made, and half of them refused")
        await until(lambda: len(solution.came) > 0, 20)
        listed = {each["taskId"]: each for each in await server.call("listTasks", limit=1000, extended=True)}
        await command("listDeliveries", endpointId=added["endpointId"], limit=100)
        metrics = (await client.get("/metrics")).text
        watching.cancel()
        await server.stop()
        places: dict[str, bytes] = {"the log": server.log.read_bytes(), "the metrics": metrics.encode()}
        places |= {f"trace {number}": body for number, body in enumerate(collector.bodies)}
        places |= {f"answer {number}": body.encode() for number, body in enumerate(errors)}
        places |= processes.lines
        lost = [each for where, data in places.items() for each in found(planted, where, data, homes=False)]
        keep = [path for path in server.data.rglob("*") if path.is_file() and "keys" not in path.relative_to(server.data).parts]
        for path in keep:
            lost += found(planted, str(path.relative_to(server.data)), path.read_bytes())
        kept = b"".join(path.read_bytes() for path in keep)
        log = server.log.read_text(errors="replace")
    assert lost == []
    history = row.history("hunter")
    history.note("looked", places=len(places) + len(keep))
    for each in lost:
        history.note("canary", where=each)
    assert sender.fetched == 2, "cookie and password were used"
    at_home = {name for name, homes in VAULTS.items() if homes}
    there = {name for name in at_home if any(form in kept for form in dressed(planted[name]).values())}
    hidden = at_home - there
    assert {"the own client's token", "the secret of an endpoint", "a clientState"} <= there, hidden
    assert found(planted, "control", b"..." + planted["a cookie for an address"].encode(), homes=False), (
        "what is looked for is found"
    )
    assert collector.bodies
    assert any(name.startswith("cmdline") for name in processes.lines)
    causes = {what: listed[task].get("message", "") for what, task in tasks.items() if ended[task] == "ERROR"}
    assert {"broken", "broken picture", "gone"} <= set(causes), ended
    assert all(causes.values()), causes
    assert "404" in causes["gone"], causes["gone"]
    assert "127.0.0.1" in log, "addresses are told without what is secret in them"
    assert lost == []
    row.check()
    row.did(
        f"{len(planted)} secrets (tokens, cookies, passwords, queries, words of documents, clientState, secrets of endpoints) "
        f"through {len(tasks)} tasks, uploads, endpoints, a relay, Graph jobs and subscriptions, with {len(causes)} failures and "
        "refused calls, at log level debug."
    )
    row.saw(
        f"Looked for as they are and in base64 in the log ({len(log) // 1000} KB), {len(collector.bodies)} batches of traces, "
        f"metrics, {len(errors)} answers, {len(processes.lines)} command lines and environments of children, and {len(keep)} files "
        f"of the data folder (NATS store and dead letters too), each but its own vault: 0 hits. Found where they are at home: "
        f"{len(there)}. Causes stayed readable, such as: {causes['gone']}",
        places=len(places) + len(keep),
    )
