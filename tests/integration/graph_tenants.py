"""A server whose two tenants have users, an application and printers of the same names and ids, for Graph's door."""

import asyncio
import re
import time
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx

from libs.contracts.devices import Device
from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.ids import device_id, guid
from libs.contracts.people import UserView
from libs.contracts.reports import DevicesReported
from libs.runtime.issuing import Issuer
from services.gateway.graph.rights.permissions import APPLICATION, DELEGATED
from services.gateway.oidc.own import KIND, NAMELESS, application_claims, user_claims
from services.registry import enlist, enrol, handlers
from services.registry.handlers import Registry
from services.registry.presence import Presence
from services.registry.store import Store
from tests.integration.installation import Installation
from tests.integration.two_tenants import CANARY, Herald
from tests.waiting import until

DEVICE = f"{CANARY} ward"
#: Both tenants have an application of this id and an administrator of that one, as a partner of both may.
APP, BOSS = "6f1d2c1e-5a0b-4c57-9a3e-0d1f7f3b9c11", "0b7c9b8e-3f54-4c0a-8a6e-7d1f0d5f2a90"
DOCUMENT = f"{CANARY} words".encode()


@dataclass(frozen=True)
class Names:
    """Ids of what a tenant has, or of what nobody has, by the names that routes give them."""

    printer: str
    share: str
    job: str
    document: str
    definition: str
    task: str
    trigger: str
    subscription: str
    operation: str
    connector: str
    user: str
    group: str
    usage: str

    def without(self, text: str) -> str:
        """A text in which these ids stand for what they are."""
        for field, value in vars(self).items():
            text = text.replace(value, f"<{field}>")
        return text

    def nobodys(self) -> "Names":
        """Ids of the same form, of what is nowhere."""
        found = {name: str(uuid4()) for name in vars(self)}
        job = re.sub(r"-.*", "-000000000000", self.job)
        usage = self.usage.replace(self.printer, found["printer"])
        return replace(self, **{**found, "job": job, "document": guid("document", job, "1"), "usage": usage})


@dataclass(frozen=True)
class Speaker:
    """Somebody with a token of Graph's door."""

    name: str
    client: httpx.AsyncClient
    token: str

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """An answer; on a busy machine the server is asked again."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        url = path if path.startswith(("/v1.0", "/beta", "http")) else f"/v1.0/{path}"
        for _ in range(10):
            answer = await self.client.request(method, url, headers=headers, **more)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        return answer

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """The body of an answer that is none of an error."""
        answer = await self.ask(method, path, **more)
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer


@dataclass(frozen=True)
class Tenant:
    """Who speaks for a tenant: its application, another one with the same roles, its administrator, and two people who print."""

    app: Speaker
    other: Speaker
    boss: Speaker
    anna: Speaker
    otto: Speaker
    sn: str
    anna_id: str
    group: str = ""


async def people(server: Installation, client: httpx.AsyncClient, tenant: str, store: Store) -> Tenant:
    """An application, an administrator and a user of a tenant, each with all permissions that there are for its kind."""
    canary = f"{CANARY} " if tenant == "main" else ""
    app = await enrol.add_client(store, tenant, ClientKind.APP, f"{canary}partner", app_id=APP, roles=APPLICATION)
    other = await enrol.add_client(store, tenant, ClientKind.APP, "other", roles=APPLICATION)
    boss = await enlist.add_user(store, tenant, "boss@example.org", administrator=True, user_id=BOSS)
    group = await enlist.add_group(store, tenant, f"{canary}group")
    anna = await enlist.add_user(store, tenant, f"{tenant}@example.org", display=f"{canary}Anna", groups=[group.name])
    otto = await enlist.add_user(store, tenant, "otto@example.org", groups=[group.name])
    printing = ("PrintJob.ReadWrite", "PrinterShare.ReadBasic.All")
    made = Tenant(
        application(server, client, app),
        application(server, client, other),
        user(server, client, app, boss, DELEGATED),
        user(server, client, app, anna, printing),
        user(server, client, app, otto, printing),
        app.sn,
        anna.id,
        group.id,
    )
    for each in (made.app, made.other):
        await until(lambda each=each: _let_in(each), what="the application is known at the door")  # type: ignore[misc]
    return made


def application(server: Installation, client: httpx.AsyncClient, app: ClientEntry) -> Speaker:
    """An application for itself, with all of its roles."""
    return Speaker(f"{app.tenant} app", client, _signed(server, application_claims(app, app.roles)))


def user(server: Installation, client: httpx.AsyncClient, app: ClientEntry, who: UserView, scopes: Any) -> Speaker:
    """A user through an application."""
    return Speaker(f"{who.tenant} {who.name}", client, _signed(server, user_claims(app, who, scopes)))


def _signed(server: Installation, claims: dict[str, Any]) -> str:
    now = int(time.time())
    whole = {"iss": server.url, "aud": NAMELESS, "iat": now, "nbf": now, "exp": now + 3600, **claims}
    return Issuer(server.data / "keys").sign(whole, KIND)


async def _let_in(speaker: Speaker) -> bool:
    return (await speaker.ask("GET", "print/printers")).status_code == httpx.codes.OK


async def found_rival(server: Installation, client: httpx.AsyncClient, store: Store) -> tuple[Tenant, Names]:
    """A second tenant with a printer `Desk` and something of everything that one needs to name what is below it."""
    await enrol.add_tenant(store, "rival")
    agent = await enrol.add_client(store, "rival", ClientKind.AGENT, "rival agent")
    desk = Device(id=device_id(agent.sn, "Desk"), name="Desk")
    report = DevicesReported(region="local", tenant="rival", agent=agent.sn, devices=(desk,))
    await handlers.devices_reported(Registry(store, Presence(6), Herald()), report, 1)  # type: ignore[arg-type]
    rival = await people(server, client, "rival", store)
    printer = guid("printer", agent.sn, desk.id)
    bind = {"displayName": "Desk", "allowAllUsers": True, "printer@odata.bind": f"/print/printers/{printer}"}
    share = (await rival.boss.call("POST", "print/shares", json=bind))["id"]
    definition = (await rival.app.call("POST", "print/taskDefinitions", json={"displayName": "Ours"}))["id"]
    job = await rival.anna.call("POST", f"print/shares/{share}/jobs", json={})
    own = Names(
        **{**dict.fromkeys(Names.__dataclass_fields__, str(uuid4())), "printer": printer, "share": share},
    )
    return rival, replace(own, job=job["id"], document=job["documents"][0]["id"], definition=definition)


async def furnish(server: Installation, victim: Tenant, hook: str) -> Names:
    """The first tenant has a printed job, one that its application works on, one that waits for its document, and all the rest."""
    printer = guid("printer", server.sn, device_id(server.sn, DEVICE))
    bind = {"displayName": f"{CANARY} share", "printer@odata.bind": f"/print/printers/{printer}"}
    share = (await victim.boss.call("POST", "print/shares", json=bind))["id"]
    for kind, member in (("Users", victim.anna_id), ("Groups", victim.group)):
        reference = {"@odata.id": f"{server.url}/v1.0/{kind.lower()}/{member}"}
        await victim.boss.call("POST", f"print/shares/{share}/allowed{kind}/$ref", json=reference)
    printed = await submit(victim.anna, share)
    await _ended(victim, printer, printed["id"])
    definition = (await victim.app.call("POST", "print/taskDefinitions", json={"displayName": f"{CANARY} definition"}))["id"]
    bind = {"event": "jobStarted", "definition@odata.bind": f"/print/taskDefinitions/{definition}"}
    trigger = (await victim.boss.call("POST", f"print/printers/{printer}/taskTriggers", json=bind))["id"]
    wanted = subscription(f"print/taskDefinitions/{definition}/tasks", hook)
    subscribed = (await victim.app.call("POST", "subscriptions", json=wanted))["id"]
    job = await submit(victim.anna, share)
    tasks = f"print/taskDefinitions/{definition}/tasks"

    async def hooked() -> Any:
        return (await victim.app.call("GET", tasks))["value"]

    (task,) = await until(hooked, what="the task of the second job")
    virtual = {"displayName": f"{CANARY} pull", "manufacturer": CANARY, "model": CANARY, "hasPhysicalDevice": False}
    made = await victim.boss.ask("POST", "print/printers/create", json=virtual)
    usage = (await victim.boss.call("GET", "reports/dailyPrintUsageByPrinter"))["value"]
    (connector,) = (await victim.boss.call("GET", "print/connectors"))["value"]
    return Names(
        printer=printer,
        share=share,
        job=job["id"],
        document=job["documents"][0]["id"],
        definition=definition,
        task=task["id"],
        trigger=trigger,
        subscription=subscribed,
        operation=made.headers["operation-location"].rpartition("/")[2],
        connector=connector["id"],
        user=victim.anna_id,
        group=victim.group,
        usage=usage[0]["id"] if usage else str(uuid4()),
    )


def subscription(resource: str, hook: str) -> dict[str, Any]:
    """A body for `subscriptions`."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    told = {"notificationUrl": hook, "expirationDateTime": end, "clientState": f"{CANARY} state"}
    return {"changeType": "created", "resource": resource, **told}


async def submit(speaker: Speaker, share: str, data: bytes = DOCUMENT, *, start: bool = True) -> Any:
    """A job through a share, with its document, started."""
    job = await speaker.call("POST", f"print/shares/{share}/jobs", json={"configuration": {"copies": 1}})
    here = f"print/shares/{share}/jobs/{job['id']}"
    url = await upload_url(speaker, here, job, len(data))
    whole = {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"}
    assert (await speaker.client.put(url, content=data, headers=whole)).status_code == httpx.codes.CREATED
    if start:
        await speaker.call("POST", f"{here}/start")
    return job


async def upload_url(
    speaker: Speaker, here: str, job: Any, size: int, name: str = f"{CANARY}.txt", kind: str = "text/plain"
) -> str:
    """The address of a new upload session of a job."""
    properties = {"documentName": name, "contentType": kind, "size": size}
    path = f"{here}/documents/{job['documents'][0]['id']}/createUploadSession"
    return str((await speaker.call("POST", path, json={"properties": properties}))["uploadUrl"])


async def _ended(victim: Tenant, printer: str, job: str) -> None:
    async def ended() -> bool:
        found = await victim.app.call("GET", f"print/printers/{printer}/jobs/{job}")
        return bool(found["status"]["state"] == "completed")

    await until(ended, what=f"{job} is printed")


async def state(server: Installation, victim: Tenant, names: Names) -> dict[str, Any]:
    """Everything that the first tenant sees of its own things, and what lies on its paper."""
    printer, share, definition = f"print/printers/{names.printer}", f"print/shares/{names.share}", names.definition
    bosses = (
        "print/printers?$expand=shares",
        f"{printer}?$select=defaults,capabilities&$expand=taskTriggers",
        f"{share}?$expand=allowedUsers,allowedGroups",
        "print/settings",
        "print/connectors",
        f"print/operations/{names.operation}",
        "reports/dailyPrintUsageByUser",
        f"users/{names.user}/print/recentPrinterShares",
    )
    apps = (
        f"{printer}/jobs?$expand=documents,tasks",
        f"print/taskDefinitions/{definition}/tasks?$expand=definition,trigger",
        f"print/taskDefinitions/{definition}",
        f"subscriptions/{names.subscription}",
        f"subscriptions/{names.subscription}/deliveries",
    )
    asked = [*((victim.boss, each) for each in bosses), *((victim.app, each) for each in apps)]
    told = await asyncio.gather(*(speaker.call("GET", path) for speaker, path in asked))
    found: dict[str, Any] = {path: _lasting(each) for (_, path), each in zip(asked, told, strict=True)}
    found["paper"] = sorted(path.name for path in (server.folder / "paper").iterdir())
    return found


def _lasting(told: Any) -> Any:
    """What is told without what goes on by itself: who was seen last, and marks of that."""
    if isinstance(told, dict):
        passing = ("lastSeenDateTime", "@odata.etag")
        return {name: _lasting(value) for name, value in told.items() if name not in passing}
    return [_lasting(each) for each in told] if isinstance(told, list) else told
