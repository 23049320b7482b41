"""Each request comes to the doors of the region that knows its credential; nobody else's come anywhere but here."""

import base64
import json
from contextlib import AsyncExitStack
from types import SimpleNamespace

import httpx
import pytest

from libs.contracts.directory import ClientEntry, ClientKind, TokenEntry
from libs.contracts.ids import token_digest
from services.gateway.directory import Directory
from services.gateway.graph.http.address import BASE
from services.gateway.regions.front import Front, Known, application_of
from tests.gateway.fakes import TOKEN, FakeBus, FakeMirror, door, entries

OWN, FAR, BOTH = "token-of-eu", "token-of-us", "token-of-both"
OWN_APP, FAR_APP = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"


class Doors:
    """The doors of a region: they note who came and where."""

    def __init__(self):
        self.came = []

    async def __call__(self, scope, receive, send):
        self.came.append((scope["path"], scope.get("raw_path", b""), scope.get(BASE, "")))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})


def known(region, app, *tokens):
    """A region with one client, whose serial number begins with its name."""
    mirror = FakeMirror()
    directory = Directory(FakeBus(), mirror, region)
    for token in tokens:
        mirror.put(TokenEntry(digest=token_digest(token), sn=f"{region}client", tenant="main"))
    mirror.put(ClientEntry(sn=f"{region}client", tenant="main", role=ClientKind.APP, app_id=app))
    return Known(region, mirror, directory)


@pytest.fixture
def regions():
    eu, us = Doors(), Doors()
    front = Front(eu, known("eu", OWN_APP, OWN, BOTH), [(known("us", FAR_APP, FAR, BOTH), us)])
    return SimpleNamespace(eu=eu, us=us, front=front)


async def came(regions, path="/openapi", **headers):
    """Which region's doors a request comes to."""
    transport = httpx.ASGITransport(app=regions.front)
    async with httpx.AsyncClient(transport=transport, base_url="http://eu") as client:
        await client.post(path, headers=headers)
    (found,) = [name for name in ("eu", "us") if getattr(regions, name).came]
    return found


def jwt(**claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


@pytest.mark.parametrize(
    ("headers", "region"),
    [
        ({}, "eu"),
        ({"Api-Access-Token": OWN}, "eu"),
        ({"Api-Access-Token": FAR}, "us"),
        ({"Api-Access-Token": f" {FAR} "}, "us"),
        ({"Api-Access-Token": BOTH}, "eu"),
        ({"Api-Access-Token": "of nobody"}, "eu"),
        ({"Api-Access-Token": "x" * 100_000}, "eu"),
        ({"Authorization": f"Bearer {FAR}"}, "us"),
        ({"Authorization": f"bearer {FAR}"}, "us"),
        ({"Authorization": f"Basic {FAR}"}, "eu"),
        ({"Authorization": "Bearer"}, "eu"),
        ({"Api-Access-Token": OWN, "Authorization": f"Bearer {FAR}"}, "eu"),
        ({"Authorization": f"Bearer {jwt(appid=FAR_APP)}"}, "us"),
        ({"Authorization": f"Bearer {jwt(azp=FAR_APP.upper())}"}, "us"),
        ({"Authorization": f"Bearer {jwt(appid=OWN_APP)}"}, "eu"),
        ({"Authorization": f"Bearer {jwt(appid='nobody')}"}, "eu"),
        ({"Authorization": f"Bearer {jwt(appid=OWN_APP, printbus={'sn': 'usclient'})}"}, "us"),
        ({"Authorization": f"Bearer {jwt(appid=FAR_APP, printbus={'sn': 'euclient'})}"}, "eu"),
        ({"Authorization": f"Bearer {jwt(appid=FAR_APP, printbus={'sn': 'nobody00'})}"}, "eu"),
        ({"Authorization": f"Bearer {jwt(appid=FAR_APP, printbus=7)}"}, "eu"),
        ({"Authorization": "Bearer e30.!!!.x"}, "eu"),
        ({"Authorization": f"Bearer e30.{base64.urlsafe_b64encode(b'[1]').decode()}.x"}, "eu"),
    ],
)
async def test_a_request_comes_to_the_region_that_knows_its_credential(regions, headers, region):
    assert await came(regions, **headers) == region


async def test_what_a_region_that_hears_nothing_of_itself_cannot_tell_is_asked_of_the_others(regions):
    regions.front._here.mirror.fresh = False
    assert await came(regions, Authorization=f"Bearer {jwt(appid=FAR_APP)}") == "us"


async def test_an_address_that_a_region_handed_out_comes_back_to_it_as_it_was(regions):
    assert await came(regions, "/regions/us/uploads/a%2Bb%20c?x=1") == "us"
    assert regions.us.came == [("/uploads/a+b c", b"/uploads/a%2Bb%20c", "/regions/us")]


@pytest.mark.parametrize("path", ["/regions/asia/openapi", "/regions/", "/regions/eu/openapi"])
async def test_a_region_that_there_is_not_is_not_found_here(regions, path):
    assert await came(regions, path) == "eu"
    assert regions.eu.came[0][0] == path


async def test_pages_are_served_by_their_own_region_only(regions):
    await regions.front({"type": "websocket", "path": "/webapi", "headers": [(b"api-access-token", FAR.encode())]}, None, None)
    assert regions.eu.came
    assert not regions.us.came


NESTED = base64.urlsafe_b64encode(b"[" * 9_000).decode()


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "a..c", f"e30.{'A' * 20_000}.x", "e30.bnVsbA.x", f"e30.{NESTED}.x"])
def test_what_is_no_access_token_names_no_application(token):
    assert application_of(token) == ""


def test_a_token_of_somebody_in_many_groups_still_names_its_application():
    assert application_of(jwt(appid=FAR_APP, groups=["g" * 36] * 450)) == FAR_APP


async def test_a_task_and_a_list_of_another_regions_client_are_that_regions(tmp_path):
    """The real doors of both behind one front."""
    async with AsyncExitStack() as stack:
        for name in ("eu", "us"):
            (tmp_path / name).mkdir()
        eu = await stack.enter_async_context(door(tmp_path / "eu"))
        us = await stack.enter_async_context(door(tmp_path / "us"))
        eu.mirror.values.clear()
        here = Known("eu", eu.mirror, eu.gateway.directory)
        front = Front(eu.app, here, [(Known("us", us.mirror, us.gateway.directory), us.app)])
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app=front), base_url="http://eu", headers={"Api-Access-Token": TOKEN})
        )
        task = {"deviceName": "Office", "mediaFormat": "TEXT", "content": "hello"}
        answer = await client.post("/openapi", json={"command": "newPrintTask", "data": {"task": task}})
        assert answer.json()["success"], answer.text
        assert [entry.key for entry in entries()], "they are us's"
        assert (len(us.bus.published), eu.bus.published) == (1, [])
