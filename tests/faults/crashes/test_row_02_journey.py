"""A partner's journey during which each process dies at its worst moment: nothing is lost, nothing is printed twice."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from libs.contracts.ids import device_id, guid
from tests.clients.documents import colourful, has_colour
from tests.clients.partner import Partner, partner
from tests.clients.tenancy import ADMIN_SCOPES, BOSS, Tenancy
from tests.integration.installation import Installation, installation
from tests.integration.processes import NATS, SERVICES, Processes, processes
from tests.waiting import until

#: Small enough for two ranges to be quick.
BALLAST = 60_000
#: Where each process dies the first time; whoever is not here dies by the test's own hand.
FIRST = {
    "gateway": "gateway-after-piece",
    "spooler": "spooler-before-answer:2",  # the first command is the creation, the second the start
    "converter": "converter-before-report",
    "webhooks": "webhooks-after-handshake",
    "agent": "agent-before-done",
}
#: A process that comes back holds its lease at once, as one whose name is its own does.
SETTINGS = {
    "CONVERTER_ENGINES": '["text", "pdf"]',
    "SUBSCRIPTION_HTTP": "true",
    "SUBSCRIPTION_SCHEDULE": "[0.3, 0.3, 0.3]",
    "SPOOLER_HOLDER": "only",
    "WEBHOOKS_HOLDER": "only",
}


class Speaker:
    """One person or application; it repeats what a dead server did not answer, as a careful program does."""

    def __init__(self, base: str, token: str) -> None:
        self._client = httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=40)

    async def call(self, method: str, path: str, *, expect: int = 200, **more: Any) -> Any:
        async def answered() -> httpx.Response | None:
            try:
                answer = await self._client.request(method, path, **more)
            except httpx.TransportError:
                return None
            return None if answer.status_code in (503, 504) else answer

        found = await until(answered, 60, f"{method} {path} is answered", every=0.1)
        assert found is not None
        assert found.status_code == expect, found.text
        return found.json() if found.content and "json" in found.headers.get("content-type", "") else found

    async def put(self, url: str, document: bytes, first: int, last: int, expect: int) -> Any:
        span = {"Content-Range": f"bytes {first}-{last}/{len(document)}"}
        return await self.call("PUT", url, expect=expect, content=document[first : last + 1], headers=span)

    async def close(self) -> None:
        await self._client.aclose()


class Journey:
    """Who takes part, and one printer of the agent's."""

    def __init__(self, server: Installation, running: Processes, solution: Partner) -> None:
        self.server, self.running, self.solution = server, running, solution
        self.tenancy = Tenancy(server)
        self.printer = f"/print/printers/{guid('printer', server.sn, device_id(server.sn, 'Paper'))}"
        self.app: Speaker
        self.boss: Speaker

    async def begin(self) -> None:
        await self.tenancy.furnish([BOSS])
        self.app = Speaker(self.tenancy.base, await self.tenancy.app_token())
        self.boss = Speaker(self.tenancy.base, await self.tenancy.user_token(BOSS[0], f"{ADMIN_SCOPES} PrintJob.ReadWrite"))

    async def hooks(self) -> str:
        """The definition whose tasks hold what comes to the printer."""
        made = await self.app.call("POST", "/print/taskDefinitions", json={"displayName": "Grey", "createdBy": {}}, expect=201)
        bind = f"{self.tenancy.base}/print/taskDefinitions/{made['id']}"
        trigger = {"event": "jobStarted", "definition@odata.bind": bind}
        await self.boss.call("POST", f"{self.printer}/taskTriggers", json=trigger, expect=201)
        return str(made["id"])

    async def subscribe(self, resource: str, change: str, **more: str) -> Any:
        asked = {
            "changeType": change,
            "resource": resource.lstrip("/"),
            "notificationUrl": self.solution.url,
            "expirationDateTime": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
            "clientState": "x",
            **more,
        }
        return await self.app.call("POST", "/subscriptions", json=asked, expect=201)

    async def upload(self, job: Any, document: bytes) -> str:
        """The gateway dies with the first half stored and nobody told, and again with both halves joined; where the document is."""
        path = f"{self.printer}/jobs/{job['id']}/documents/{job['documents'][0]['id']}"
        properties = {"documentName": "a.pdf", "contentType": "application/pdf", "size": len(document)}
        session = await self.boss.call("POST", f"{path}/createUploadSession", json={"properties": properties})
        url, half, last = session["uploadUrl"], len(document) // 2, len(document) - 1
        again = {"CRASHPOINT": "gateway-after-joined"}
        told = await self.running.through("gateway", self.boss.put(url, document, 0, half - 1, 202), **again)
        assert told["nextExpectedRanges"] == [f"{half}-{last}"]
        done = await self.running.through("gateway", self.boss.put(url, document, half, last, 201))
        assert done["size"] == len(document)
        return path

    async def close(self) -> None:
        await self.app.close()
        await self.boss.close()


@asynccontextmanager
async def journey(folder: Any) -> AsyncIterator[Journey]:
    """Six processes, each to die where `FIRST` says."""
    printers = [f"file://{folder}/paper?name=Paper", f"file://{folder}/other?name=Other"]
    async with partner() as solution, installation(folder, printers, **SETTINGS) as server, processes(server) as running:
        for name in SERVICES:
            running.start(name, **({"CRASHPOINT": FIRST[name]} if name in FIRST else {}))
        await server.ready(120)
        await server.device("Paper")
        await server.device("Other")
        made = Journey(server, running, solution)
        await made.begin()
        yield made
        await made.close()


@pytest.mark.row(2, short=True)
@pytest.mark.timeout(280)
async def test_row_02_a_journey_through_the_death_of_every_process(row):
    document = colourful(BALLAST)
    async with journey(row.folder) as on:
        app, boss, running, solution = on.app, on.boss, on.running, on.solution
        other = await on.server.submit("Other", content="converted twice, printed once")
        await running.died("converter")  # what it had made is told when its order comes again, much later
        running.start("converter")
        definition = await on.hooks()
        await running.kill("registry")
        running.start("registry")
        tasks = f"/print/taskDefinitions/{definition}/tasks"
        await running.unanswered("webhooks", on.subscribe(tasks, "created"), CRASHPOINT="webhooks-before-ack")
        await on.subscribe(tasks, "created")
        await on.subscribe(f"{on.printer}/jobs", "updated", notificationQueryOptions="$filter = isFetchable eq true")
        assert len((await app.call("GET", "/subscriptions"))["value"]) == 2

        job = await boss.call("POST", f"{on.printer}/jobs", json={"configuration": {"colorMode": "color"}}, expect=201)
        here = f"{on.printer}/jobs/{job['id']}"
        path = await on.upload(job, document)
        await running.unanswered("spooler", boss.call("POST", f"{here}/start"))
        refusal = await boss.call("POST", f"{here}/start", expect=409)  # it was started, whatever its user heard
        assert "cannot be started again" in refusal["error"]["message"]

        started = await solution.told("/tasks/", within=60)
        await running.died("webhooks")  # which has not written down that the partner was told
        task = f"{tasks}/{started['resourceData']['id']}"
        await app.call("PATCH", here, json={"configuration": {"colorMode": "grayscale"}})
        await app.call("PATCH", task, json={"status": {"state": "completed", "description": "grey"}})
        await running.kill(NATS)  # before anybody knows what follows from it
        running.start(NATS)
        await running.died("agent")  # the paper is there, and nobody knows
        running.start("agent")
        running.start("webhooks")
        await solution.told("/jobs", within=60)

        async def completed() -> Any:
            found = await app.call("GET", f"{here}?$expand=tasks")
            return found if found["status"]["state"] == "completed" else None

        ended = await until(completed, 60, "the job is completed", every=0.1)
        assert [each["status"]["state"] for each in ended["tasks"]] == ["completed"]
        assert (ended["isFetchable"], ended["configuration"]["colorMode"]) == (True, "grayscale")
        payload = await app.call("GET", f"{path}/$value", follow_redirects=True)
        assert hashlib.sha256(payload.content).digest() == hashlib.sha256(document).digest()
        (paper,) = on.tenancy.printed("Paper", job["id"])
        assert not has_colour(paper)
        assert len((await boss.call("GET", f"{on.printer}/jobs"))["value"]) == 1
        usage = (await boss.call("GET", "/reports/dailyPrintUsageByPrinter"))["value"]
        assert [each["completedJobCount"] for each in usage if each["printerName"] == "Paper"] == [1]
        assert len({each["id"] for each in solution.came}) == 2
        assert sum("/tasks/" in each["resource"] for each in solution.came) == 2  # told, not written down, and told again

        assert await on.server.reaches(other, "FINISHED") == "FINISHED"
        assert len(on.tenancy.printed("Other", other)) == 1
    row.did(
        "A partner's journey through Graph's door with six processes and the bus: the gateway dies with half of an upload stored, "
        "and with both halves joined; all others and the bus die at their worst moments after that."
    )
    row.saw(
        f"Whoever repeated what was not answered went on where it was: one job, its document of {len(document):,} bytes as it was "
        "sent, one sheet of paper, one line in the usage report, each notification under one id."
    )
