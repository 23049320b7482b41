"""A gateway without a bus: the real ASGI application over a bus and a directory that live in memory."""

from contextlib import asynccontextmanager

import httpx
from nacl.public import PrivateKey

from libs.contracts.devices import Device
from libs.contracts.directory import ClientEntry, ClientKind, DefaultEntry, DeviceEntry, TokenEntry
from libs.contracts.ids import device_id, token_digest
from libs.contracts.intake import SubmitTasks
from libs.contracts.message import decode
from libs.contracts.queries import Code, Done, Entries, GetDevice, LookUp, RecordAction
from libs.runtime.bucket import Kept, Taken
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.documents import Documents
from libs.runtime.keys import DOCUMENT_KEY, SEAL_PRIVATE, SEAL_PUBLIC, UPLOAD_KEY, Keys
from libs.runtime.room import Room
from libs.runtime.seal import Sealer
from libs.runtime.service import Service
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.gateway.app import web
from services.gateway.directory import Directory
from services.gateway.gateway import Gateway
from services.gateway.handover import Straight
from services.gateway.ids import TaskIds
from services.gateway.receipts import Receipts
from services.gateway.settings import GatewaySettings
from services.gateway.virtual_urls import VirtualUrls
from services.gateway.webapi.door import WebApi

SN = "jueKiUEE"
TOKEN = "canary-token-7c1f"


class FakeBus:
    """Remembers what is published and asked; `answers` holds the answer, or the exception, to each kind of question."""

    def __init__(self):
        self.published = []
        self.asked = []
        self.answers = {}
        self.recorded = []
        self.batches = []
        self.refusal = None

    async def publish(self, message, *, stream, message_id="", patience=15.0):
        if self.refusal:
            raise self.refusal
        self.published.append((stream, message))

    async def publish_raw(self, out, *, stream, patience=15.0):
        await self.publish(decode(SubmitTasks, out.data), stream=stream, message_id=out.message_id)

    async def publish_batch(self, stream, batch, *, patience=15.0):
        if self.refusal:
            raise self.refusal
        self.published += [(stream, decode(SubmitTasks, out.data)) for out in batch]
        self.batches.append([out.message_id for out in batch])

    async def ask(self, query, *, timeout=2.0):  # noqa: ASYNC109 - as the bus has it
        if isinstance(query, RecordAction):
            self.recorded.append(query)
            return Done()
        self.asked.append(query)
        answer = self.answers.get(type(query))
        if callable(answer):
            answer = answer(query)
        if answer is None:
            raise Unanswered("nobody is there")
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeBucket:
    """A KV bucket in memory; `refusal` is what every method raises."""

    def __init__(self):
        self.values = {}
        self.refusal = None

    async def create(self, key, value):
        return await self.update(key, value, 0)

    async def update(self, key, value, revision):
        if self.refusal:
            raise self.refusal
        if (self.values[key].revision if key in self.values else 0) != revision:
            raise Taken(key)
        self.values[key] = Kept(value, revision + 1)
        return revision + 1

    async def get(self, key):
        if self.refusal:
            raise self.refusal
        return self.values.get(key)


class FakeMirror:
    """A mirror that has what it is given."""

    def __init__(self, *entries):
        self.fresh = True
        self.values = {entry.key: entry for entry in entries}
        self.on_change = lambda _key, _value: None

    def get(self, key):
        return self.values.get(key)

    def put(self, entry):
        self.values[entry.key] = entry
        self.on_change(entry.key, entry)


def printer(name="Office", agent=SN, tenant="main", marks=(), **more):
    return DeviceEntry(tenant=tenant, agent=agent, device=Device(id=device_id(agent, name), name=name, **more), marks=marks)


def entries():
    """The directory of one client with two printers, the first of them its default."""
    office = printer("Office")
    return (
        ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT, shard=3),
        TokenEntry(digest=token_digest(TOKEN), sn=SN, tenant="main"),
        office,
        printer("Label"),
        DefaultEntry(sn=SN, type="printer", agent=SN, device=office.device.id),
    )


def looked_up(*known):
    """The registry's answer to `LookUp` when it knows these entries."""
    by_key = {entry.key: entry for entry in known}
    return lambda query: Entries(entries=tuple(by_key[key] for key in query.keys if key in by_key))


class Rig:
    """One gateway and a client of it."""

    def __init__(self, folder, *, tracing=None, **settings):
        self.keys = keys = Keys(folder / "keys")
        pair = PrivateKey.generate()
        (folder / "keys").mkdir()
        for name, key in ((SEAL_PUBLIC, bytes(pair.public_key)), (SEAL_PRIVATE, bytes(pair))):
            keys.path(name).write_bytes(key)
        for name in (DOCUMENT_KEY, UPLOAD_KEY):
            keys.path(name).write_bytes(b"k" * 32)
        self.bus = FakeBus()
        self.bucket = FakeBucket()
        self.mirror = FakeMirror(*entries())
        self.bus.answers[LookUp] = looked_up(*entries())
        self.bus.answers[GetDevice] = Refused(Code.NOT_FOUND, "There is no such device.")
        self.settings = read(GatewaySettings, data_dir=folder, **settings)
        self.service = Service("gateway", tracing or Tracing("gateway"), 1)
        receipts = Receipts(self.bus, "local", self.service.metrics)
        self.gateway = Gateway(
            region="local",
            bus=self.bus,
            directory=Directory(self.bus, self.mirror, "local"),
            documents=Documents("", folder),
            sealer=Sealer(self.settings.seal_public_key),
            ids=TaskIds(7),
            reservations=self.bucket,
            virtual_urls=VirtualUrls(self.settings.upload_key),
            receipts=receipts,
            handover=Straight(self.bus, receipts),
            room=Room(folder, 1),
            zone=self.settings.zone,
            from_os="linux",
        )
        pages = WebApi(self.gateway, self.settings, self.service.tracing, self.service.metrics)
        self.app = web(self.service, self.gateway, self.settings, [self.service], pages.routes())
        self.client = None

    async def post(self, body, **headers):
        named = {"Api-Access-Token": TOKEN, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if isinstance(body, bytes):
            return await self.client.post("/openapi", content=body, headers=named)
        return await self.client.post("/openapi", json=body, headers=named)

    async def command(self, name, data=None):
        """The envelope of a command; its status is 200."""
        body = {"command": name} if data is None else {"command": name, "data": data}
        answer = await self.post(body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def printed(self, **task):
        """The task as it was published."""
        answer = await self.command("newPrintTask", {"task": task})
        assert answer["success"], answer["message"]
        return self.bus.published[-1][1].tasks[0]

    async def refused(self, **task):
        """The sentence that refuses a task; nothing was published and nothing was stored."""
        before = len(self.bus.published)
        answer = await self.command("newPrintTask", {"task": task})
        assert list(answer) == ["success", "message", "command"], answer
        assert answer["success"] is False
        assert len(self.bus.published) == before
        assert [found async for found in self.gateway.documents.list()] == []
        return answer["message"]


@asynccontextmanager
async def door(folder, **settings):
    """`async with door(tmp_path) as rig:` a gateway in memory with one client, SN, whose token is TOKEN."""
    rig = Rig(folder, **settings)
    transport = httpx.ASGITransport(app=rig.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        rig.client = client
        yield rig
