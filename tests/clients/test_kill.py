"""A partner's journey during which the whole server dies after every step: nothing is lost, nothing is printed twice."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from libs.contracts.ids import device_id, guid
from tests.clients.documents import colourful
from tests.clients.partner import partner
from tests.clients.tenancy import ADMIN_SCOPES, Tenancy
from tests.integration.installation import installation
from tests.waiting import until

#: Small enough for two ranges to be quick.
BALLAST = 60_000


class Speaker:
    """One person or application; it repeats what a dead server did not answer, as a careful program does."""

    def __init__(self, base: str, token: str) -> None:
        self._client = httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30)

    async def call(self, method: str, path: str, *, expect: int = 200, **more: Any) -> Any:
        answer = await self._client.request(method, path, **more)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer

    async def close(self) -> None:
        await self._client.aclose()


@pytest.mark.timeout(240)
async def test_a_journey_through_many_deaths(tmp_path):
    document = colourful(BALLAST)
    paper = f"file://{tmp_path}/paper?name=Paper"
    settings = {"CONVERTER_ENGINES": '["pdf"]', "SUBSCRIPTION_HTTP": "true"}
    async with partner() as solution, installation(tmp_path, [paper], **settings) as server:
        await server.start()
        await server.device("Paper")
        tenancy = Tenancy(server)
        await tenancy.furnish()
        printer = f"/print/printers/{guid('printer', server.sn, device_id(server.sn, 'Paper'))}"
        app = Speaker(tenancy.base, await tenancy.app_token())
        boss = Speaker(tenancy.base, await tenancy.user_token("boss@example.org", ADMIN_SCOPES + " PrintJob.ReadWrite"))

        async def dies() -> None:
            await server.kill()
            await server.start()
            await server.device("Paper")

        definition = await app.call("POST", "/print/taskDefinitions", json={"displayName": "Hold", "createdBy": {}}, expect=201)
        bind = {"event": "jobStarted", "definition@odata.bind": f"{tenancy.base}/print/taskDefinitions/{definition['id']}"}
        await boss.call("POST", f"{printer}/taskTriggers", json=bind, expect=201)
        asked = {
            "changeType": "created",
            "resource": f"print/taskDefinitions/{definition['id']}/tasks",
            "notificationUrl": solution.url,
            "expirationDateTime": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
            "clientState": "x",
        }
        await app.call("POST", "/subscriptions", json=asked, expect=201)
        job = await boss.call("POST", f"{printer}/jobs", json={"configuration": {}}, expect=201)
        here = f"{printer}/jobs/{job['id']}"
        properties = {"documentName": "a.pdf", "contentType": "application/pdf", "size": len(document)}
        path = f"{here}/documents/{job['documents'][0]['id']}"
        session = await boss.call("POST", f"{path}/createUploadSession", json={"properties": properties})
        half = len(document) // 2
        await _put(session["uploadUrl"], document, 0, half - 1, 202)
        await dies()
        left = await boss.call("GET", session["uploadUrl"])
        assert left["nextExpectedRanges"] == [f"{half}-{len(document) - 1}"]
        await _put(session["uploadUrl"], document, half, len(document) - 1, 201)
        await boss.call("POST", f"{here}/start")
        await dies()
        started = await solution.told("/tasks/", within=60)
        task = f"/print/taskDefinitions/{definition['id']}/tasks/{started['resourceData']['id']}"
        await app.call("PATCH", task, json={"status": {"state": "completed", "description": "done"}})
        await dies()
        assert await server.reaches(job["id"], "FINISHED") == "FINISHED"

        async def ended() -> bool:
            return (await app.call("GET", here))["status"]["state"] == "completed"

        await until(ended, 20, "the job is completed")
        payload = await app.call("GET", f"{path}/$value", follow_redirects=True)
        assert hashlib.sha256(payload.content).digest() == hashlib.sha256(document).digest()
        assert len(tenancy.printed("Paper", job["id"])) == 1
        assert len({each["id"] for each in solution.came}) == 1
        await app.close()
        await boss.close()


async def _put(url: str, document: bytes, first: int, last: int, expect: int) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.put(
            url, content=document[first : last + 1], headers={"Content-Range": f"bytes {first}-{last}/{len(document)}"}
        )
    assert answer.status_code == expect, answer.text
