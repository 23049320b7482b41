"""A server with two tenants: one that has things, and one that would like to have them."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

import httpx

from libs.contracts.devices import Device
from libs.contracts.directory import ClientKind
from libs.contracts.ids import device_id
from libs.contracts.reports import DevicesReported
from libs.runtime.settings import read
from services.registry import enrol, handlers, rights
from services.registry.handlers import Registry
from services.registry.presence import Presence
from services.registry.settings import RegistrySettings
from tests.integration.installation import Installation
from tests.waiting import until

DEVICE = "Ward printer"
#: What only the first tenant may ever read; each of its things carries it.
CANARY = "canary"


@dataclass(frozen=True)
class Things:
    """Names of what a tenant has, or of what nobody has."""

    sn: str
    app: str
    device: str
    finished: str
    waiting: str
    held: str
    url: str
    endpoint: str
    delivery: str
    relay: str
    key: str = "the same key"

    def payloads(self, own: str) -> list[dict[str, Any]]:
        """Data of commands that names these things in every place where a name may stand; `own` is a device of whoever asks."""
        text = {"name": "x", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "x"}
        there = {"deviceName": self.device, "controlSn": self.sn, "deviceType": "printer"}
        upload = {"mediaSource": "URL", "content": self.url, "deviceName": own, "mediaFormat": "TEXT"}
        tasks = [{**text, **there}, {**text, "deviceName": self.device}, upload]
        wanted = [
            {"sn": self.sn, "tenant": "main", "startTime": 0, "since": 0, "limit": 1000, "extended": True},
            *({"taskId": task, "outcome": "printed"} for task in (self.finished, self.waiting, self.held)),
            {"taskId": self.held, "deviceName": own},
            {"taskId": self.held, **there},
            {**there, "sharing": True, "users": ["*"], "header": "x"},
            {"deviceName": self.device, "sharing": True, "header": "x"},
            *({"deviceName": own, "sharing": True, "users": [user]} for user in (self.sn, self.app)),
            *({"task": task} for task in tasks),
            {"tasks": tasks},
            {"endpointId": self.endpoint, "deliveryId": self.delivery, "enabled": False, "since": 0},
            {"endpointId": self.endpoint, "url": "https://203.0.113.7/x", "name": "x"},
            {"url": "https://203.0.113.7/x", "devices": [f"{self.sn}/{self.device}"], "sn": self.sn},
            {"relayId": self.relay, "origins": ["https://shop.example.org"]},
        ]
        return [{"controlSn": self.sn, **each} if index == 0 else each for index, each in enumerate(wanted)]

    def without(self, text: str) -> str:
        """A text in which these names stand for what they are."""
        for field, value in sorted(vars(self).items(), key=lambda pair: -len(pair[1])):
            if value and field != "key":
                text = text.replace(json.dumps(value, ensure_ascii=False)[1:-1], f"<{field}>").replace(value, f"<{field}>")
        return text


@dataclass(frozen=True)
class Speaker:
    """Somebody with a token."""

    name: str
    sn: str
    token: str
    client: httpx.AsyncClient

    async def post(self, command: str, data: dict[str, Any]) -> httpx.Response:
        """An answer; on a busy machine the server is asked again (it says 503 after 2 s, so that nothing spins)."""
        headers = {"Api-Access-Token": self.token}
        for _ in range(10):
            answer = await self.client.post("/openapi", json={"command": command, "data": data}, headers=headers)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        return answer

    async def reaches(self, task: str, status: str) -> None:
        """Wait until a task of one's own has this status."""

        async def reached() -> bool:
            return bool((await self.call("getTask", taskId=task))["status"] == status)

        await until(reached, 60, f"{task} is {status}")

    async def call(self, command: str, **data: Any) -> Any:
        answer = (await self.post(command, data)).json()
        assert answer["success"], (command, answer)
        return answer.get("data")


class Herald:
    def wake(self) -> None:
        """A running registry looks twice a second."""


async def rivals(server: Installation, client: httpx.AsyncClient) -> list[Speaker]:
    """An agent with a printer and an application of a second tenant, each with a token."""
    settings = read(RegistrySettings, data_dir=server.data)
    async with enrol.open_store(settings) as store:
        await enrol.add_tenant(store, "rival")
        agent = await enrol.add_client(store, "rival", ClientKind.AGENT, "rival agent")
        desk = Device(id=device_id(agent.sn, "Desk"), name="Desk")
        report = DevicesReported(region="local", tenant="rival", agent=agent.sn, devices=(desk,))
        await handlers.devices_reported(Registry(store, Presence(6), Herald()), report, 1)  # type: ignore[arg-type]
        app = await enrol.add_client(store, "rival", ClientKind.APP, "rival app")
        await rights.allow(store, app.sn)
        found = [Speaker(each.role.value, each.sn, await enrol.add_token(store, each.sn, "t"), client) for each in (agent, app)]
    for each in found:
        await until(lambda each=each: knows(each), what="the token of the second tenant")
    return found


async def knows(speaker: Speaker) -> bool:
    return (await speaker.post("ping", {})).status_code == 200


async def victims_app(server: Installation) -> str:
    """An application of the first tenant that may use everything."""
    async with enrol.open_store(read(RegistrySettings, data_dir=server.data)) as store:
        app = await enrol.add_client(store, "main", ClientKind.APP, f"{CANARY} app")
        await rights.allow(store, app.sn)
        return app.sn


async def furnish(server: Installation, client: httpx.AsyncClient, hook: str) -> tuple[Speaker, Things]:
    """The first tenant with a finished, a waiting and a held task, an upload, rules, an endpoint and a relay."""
    victim = Speaker("victim", server.sn, server.token, client)
    text = {"name": f"{CANARY} task", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": f"{CANARY} words"}

    async def submit(device: str, **more: str) -> str:
        return str((await victim.call("newPrintTask", task={**text, "deviceName": device}, **more))["taskId"])

    finished = await submit(DEVICE, idempotencyKey=Things.key)
    await victim.reaches(finished, "FINISHED")
    held = await submit("Roaming Print")
    await victim.call("pauseDevice", deviceName=DEVICE)
    waiting = await submit(DEVICE)
    await victim.reaches(waiting, "QUEUED")
    await victim.reaches(held, "QUEUED")
    await victim.call("setRules", footer=f"{CANARY} rule")
    upload = await client.post(
        "/openapi/sendTmpFile", files={"file": (f"{CANARY}.txt", b"words")}, headers={"Api-Access-Token": server.token}
    )
    endpoint = (await victim.call("addEndpoint", url=f"{hook}?{CANARY}", name=CANARY))["endpointId"]
    relay = (await victim.call("newRelayToken", origins=["https://ward.example.org"], name=CANARY))["relayId"]
    things = Things(
        sn=server.sn,
        app=await victims_app(server),
        device=DEVICE,
        finished=finished,
        waiting=waiting,
        held=held,
        url=upload.json()["file"]["url"],
        endpoint=endpoint,
        delivery=f"{waiting}:1:new",
        relay=relay,
    )
    return victim, things


def nobodys(things: Things) -> Things:
    """The same names of the same form, of what is nowhere."""
    task = f"{things.sn}-000000000000"
    return replace(
        things,
        sn="nobody00",
        app="nobody01",
        device="Nowhere at all",
        finished=task,
        waiting=f"{things.sn}-000000000001",
        held=f"{things.sn}-000000000002",
        url=things.url[:-9] + ("A" if things.url[-9] != "A" else "B") + things.url[-8:],
        endpoint=_other(things.endpoint),
        delivery=f"{task}:1:new",
        relay=_other(things.relay),
    )


def _other(name: str) -> str:
    """A name of the same form with another last half."""
    half = len(name) // 2
    return name[:half] + re.sub(r"[0-9a-zA-Z]", lambda found: "0" if found[0] != "0" else "1", name[half:])


async def state(victim: Speaker, things: Things, server: Installation) -> dict[str, Any]:
    """Everything that the first tenant sees of its own things, what lies on its paper, and its audit log."""
    found: dict[str, Any] = {}
    for command in ("listTasks", "listHeldTasks", "listDevices", "getDefaultDevice", "getRules", "listEndpoints", "listRelays"):
        found[command] = await victim.call(command, extended=True)
    for task in (things.finished, things.waiting, things.held):
        found[task] = await victim.call("getTask", taskId=task)
    found["rules"] = await victim.call("getRules", deviceName=DEVICE)
    found["paper"] = sorted(path.name for path in (server.folder / "paper").iterdir())
    async with enrol.open_store(read(RegistrySettings, data_dir=server.data)) as store:
        found["audit"] = [tuple(row) for row in await store.audited(0, "main")]
    return found
