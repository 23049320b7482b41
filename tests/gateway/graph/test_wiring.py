"""Graph's door beside the others: there when it is wanted, with every resource, and nowhere else."""

import httpx
from starlette.applications import Starlette

from libs.runtime.service import Service
from libs.runtime.traces import Tracing
from services.gateway.app import web
from services.gateway.graph.wiring import graph_routes
from tests.gateway.fakes import Rig
from tests.gateway.graph.calling import Bearers, user


async def test_the_door_answers_beside_the_others_and_only_below_its_versions(tmp_path):
    rig = Rig(tmp_path)
    routes = graph_routes(rig.gateway, rig.settings, Bearers(user("PrinterShare.Read.All")), rig.service)
    app = web(Service("gateway", Tracing("gateway"), 1), rig.gateway, rig.settings, [rig.service], routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:39899") as client:
        assert (await client.get("/v1.0/print/shares")).status_code == 503, "nobody answers, but the door does"
        assert (await client.get("/beta/print/connectors")).status_code == 403
        assert (await client.get("/v1.0/nothing")).json()["error"]["code"] == "ResourceNotFound"
        assert (await client.get("/v1.0")).json()["value"][0]["name"] == "print"
        assert "odata-version" not in (await client.get("/v1.00/print/shares")).headers
        assert (await client.post("/openapi", json={})).status_code == 401


async def test_it_is_nowhere_when_it_is_switched_off(tmp_path):
    rig = Rig(tmp_path, graph_enabled=False)
    routes = graph_routes(rig.gateway, rig.settings, Bearers(user()), rig.service)
    assert routes == []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=Starlette(routes=routes)), base_url="http://gateway") as client:
        assert (await client.get("/v1.0/print/shares")).status_code == 404
