"""Graph with a credential of another region: a job from its list of printers to its paper, and what is said while it is away."""

import json
import time

import httpx
import pytest

from tests.clients.tenancy import BOSS, Tenancy
from tests.regions.joined import FETCHED, SOON, regions
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(420)]

SCOPES = "Printer.FullControl.All PrintJob.ReadWrite.All PrinterShare.ReadWrite.All"
AWAY = "The region us is not reached from here"


class Caller:
    """Speaks to Graph's door of one region with an access token of another."""

    def __init__(self, client, token):
        self._client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method, path, **more):
        """An answer, and after how many seconds it came."""
        begun = time.monotonic()
        answer = await self._client.request(method, path, headers={**self.headers, **more.pop("headers", {})}, **more)
        return answer, time.monotonic() - begun

    async def call(self, method, path, **more):
        answer, _ = await self.ask(method, path, **more)
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None

    async def away(self, method, path, within, **more):
        """It is said which region is away, in Graph's own form, and soon."""
        answer, took = await self.ask(method, path, **more)
        assert answer.status_code == 503, answer.text
        assert AWAY in answer.json()["error"]["message"]
        assert answer.headers["retry-after"]
        assert took < within, f"{method} {path} took {took:.1f} s"


async def test_a_job_of_another_regions_user_is_printed_there_and_an_away_region_is_named(tmp_path):
    store = {"us": str(tmp_path / "us" / "data" / "documents")}
    async with (
        regions(tmp_path, REGION_DOCUMENTS=json.dumps(store)) as both,
        httpx.AsyncClient(base_url=both.eu.url, trust_env=False, timeout=30) as eu,
    ):
        await both.start()
        home = Tenancy(both.us)
        await home.furnish([BOSS])
        abroad = Tenancy(both.eu, app_id=home.app_id, secret=home.secret)
        boss = Caller(eu, await home.user_token(BOSS[0], SCOPES))
        app = Caller(eu, await home.app_token())
        beside = Caller(eu, await until(lambda: given(abroad), 30, "eu knows us's application"))
        for each in (boss, app, beside):
            (printer,) = (await each.call("GET", "/v1.0/print/printers"))["value"]
            assert printer["displayName"] == "Paper us", "the printers of its own region, and no others"
        jobs = f"/v1.0/print/printers/{printer['id']}/jobs"
        first, _ = await uploaded(boss, jobs, both.eu.url, b"first sheet")
        assert (await boss.call("POST", f"{jobs}/{first}/start"))["state"] == "processing"
        await until(lambda: completed(boss, f"{jobs}/{first}"), 60, "it is printed")
        assert [job["id"] for job in (await app.call("GET", jobs))["value"]] == [first]
        await both.printed(both.us, ["first sheet"])

        second, address = await uploaded(boss, jobs, both.eu.url, b"second sheet")
        both.line.silence()  # nothing is broken, as far as anybody can see
        await boss.away("GET", f"{jobs}/{second}", within=6)
        for each in (boss, app, beside, Caller(eu, await abroad.app_token())):
            await each.away("GET", "/v1.0/print/printers", within=SOON)
        for path, body in ((jobs, {"configuration": {}}), (f"{jobs}/{second}/start", None)):
            await boss.away("POST", path, within=SOON, json=body)
        await boss.away("GET", address, within=SOON)
        assert (await eu.get("/v1.0/print/printers", headers={"Authorization": "Bearer e30.e30.e30"})).status_code == 401

        both.heal()
        await until(lambda: started(boss, f"{jobs}/{second}"), 30, "it can be started")
        await both.printed(both.us, ["first sheet", "second sheet"], within=FETCHED)


async def given(abroad):
    """A token of the application from the other region's issuer, once that knows of it."""
    try:
        return await abroad.app_token()
    except AssertionError:
        return ""


async def uploaded(boss, jobs, door, data):
    """A job with its document, and the address of the door that was asked to which that was sent."""
    job = await boss.call("POST", jobs, json={"configuration": {}})
    properties = {"documentName": "a.txt", "contentType": "text/plain", "size": len(data)}
    document = f"{jobs}/{job['id']}/documents/{job['documents'][0]['id']}"
    session = await boss.call("POST", f"{document}/createUploadSession", json={"properties": properties})
    assert session["uploadUrl"].startswith(f"{door}/regions/us/uploads/")
    middle = len(data) // 2
    for begin, end in ((0, middle), (middle, len(data))):
        span = {"Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"}
        await boss.call("PUT", session["uploadUrl"], content=data[begin:end], headers=span)
    return job["id"], session["uploadUrl"]


async def completed(boss, job):
    return (await boss.call("GET", job))["status"]["state"] == "completed"


async def started(boss, job):
    answer, _ = await boss.ask("POST", f"{job}/start")
    return answer.is_success
