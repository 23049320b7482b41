"""B9: while the only server is away the right alerts fire, and so they do while any other part is: a real Prometheus says so."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.printers.port import Port
from libs.contracts.agents import Heartbeat
from libs.contracts.message import encode
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.keys import DOCUMENT_KEY
from libs.runtime.probes import http_server
from tests.faults.rig.apart import Apart, apart
from tests.faults.rig.cluster import Cluster, cluster
from tests.integration.installation import Installation, Unavailable, installation
from tests.integration.processes import NATS, SERVICES
from tests.observability.prometheus import Prometheus, prometheus, quick_rules
from tests.observability.shown import DONE, FIRED, KILLED
from tests.waiting import until

pytestmark = [
    pytest.mark.row(9),
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="Debian's package prometheus is not there"),
]

#: What would last for minutes, in seconds that a test can wait for.
LIMITS = {"> 3600": "> 5", "> 900": "> 5", "> 60": "> 10", "[5m]": "[5s]"}


@dataclass(frozen=True)
class Watched:
    """An installation in processes on a bus of one server, and the Prometheus that scrapes all of it."""

    server: Installation
    parts: Apart
    bus: Cluster
    admin: Bus
    ports: dict[str, int]
    watching: Prometheus

    async def fire(self, alerts: set[str], again: Callable[[], Awaitable[object]] | None = None) -> None:
        """Wait until these fire; what makes them is done again meanwhile, where once is not enough."""
        await self._until(lambda firing: alerts <= firing, f"{sorted(alerts)} fire", again)

    async def are_silent(self, alerts: set[str]) -> None:
        """Wait until none of these fires."""
        await self._until(lambda firing: not alerts & firing, f"none of {sorted(alerts)} fires")

    async def _until(
        self, well: Callable[[set[str]], bool], what: str, again: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        seen: set[str] = set()

        async def told() -> bool:
            if again:
                await again()
            seen.clear()
            seen.update(await self.watching.firing())
            return well(seen)

        try:
            await until(told, 90, what, every=0.3)
        except AssertionError as error:
            raise AssertionError(f"{error}: {sorted(seen)} do\n{self.server.tail()}") from None

    def start(self, name: str) -> None:
        """Start one part (again)."""
        if name == NATS:
            self.bus.start(0)
        else:
            self.parts.start(name, **({"METRICS_PORT": str(self.ports[name])} if name in self.ports else {}))

    async def kill(self, name: str) -> None:
        await (self.bus.kill(0) if name == NATS else self.parts.kill(name))


async def test_row_09_each_part_that_is_away_and_each_wrong_that_is_done_makes_its_alerts_fire(row, tmp_path):
    async with receivers() as places, watched(tmp_path, places) as at:
        assert await at.server.reaches(await at.server.submit("Paper"), "FINISHED") == "FINISHED"
        await at.are_silent(set().union(*KILLED.values()))  # what was not there yet when it was first looked for, is by now
        await _wrongs(at)
        for name, alerts in KILLED.items():
            await at.kill(name)
            await _meanwhile(at, name)
            await at.fire(alerts)
            at.start(name)
            await at.are_silent(alerts)
        await at.server.ready(60)
        row.did(
            f"Of an installation in processes, which a Prometheus scraped, {', '.join(KILLED)} were killed, one after the other, "
            f"and started again when it was told; before that, {'; '.join(DONE)}. The rules were as they are, but for how long it "
            "takes: they were evaluated each second."
        )
        row.saw(
            f"{len(FIRED)} alerts fired, each for its own fault ({', '.join(sorted(FIRED))}); those of who was away were silent "
            "again when it was back.",
            alerts=len(FIRED),
        )


async def _wrongs(at: Watched) -> None:
    """Each of `DONE`; a receiver was told of the task that was printed."""
    key = at.server.data / "keys" / DOCUMENT_KEY
    key.chmod(0o644)
    await at.fire({"SecretExposed"})
    key.chmod(0o600)
    await at.admin.publish_raw(Outgoing(f"intake.local.main.{at.server.sn}", b"{no message", ""), stream=INTAKE)
    forged = Heartbeat(region="local", tenant="main", agent="somebody", journal="0")
    honest = Heartbeat(region="local", tenant="main", agent=at.server.sn, journal="0")
    await at.admin.client.publish(forged.subject, encode(honest))
    async with httpx.AsyncClient(base_url=at.server.url, trust_env=False, timeout=30) as stranger:
        wrong = {"Api-Access-Token": "0" * 40}

        async def knock() -> None:
            asked = [stranger.post("/openapi", json={"command": "listTasks", "data": {}}, headers=wrong) for _ in range(100)]
            assert {answer.status_code for answer in await asyncio.gather(*asked)} <= {401, 429}

        await at.fire({"TokensRefused"}, knock)
    await at.fire(set().union(*DONE.values()) - {"SecretExposed", "TokensRefused"})
    await at.are_silent({"SecretExposed", "TokensRefused"})


async def _meanwhile(at: Watched, name: str) -> None:
    """What has to happen while somebody is away for anybody to miss it."""
    if name in ("converter", "agent"):
        await at.server.submit("Paper")
    if name == NATS:
        async with httpx.AsyncClient(base_url=at.server.url, trust_env=False, timeout=30) as client:
            task = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "without a bus"}
            body = {"command": "newPrintTask", "data": {"task": task}}

            async def submit() -> None:
                asked = [client.post("/openapi", json=body, headers={"Api-Access-Token": at.server.token}) for _ in range(8)]
                assert {answer.status_code for answer in await asyncio.gather(*asked)} == {503}

            await at.fire({"RequestsFail"}, submit)


async def _tell(server: Installation, place: str) -> bool:
    """Whether somebody took it that a place wants to be told: who is ready does not say so of the others."""
    try:
        await server.call("addEndpoint", url=place)
    except Unavailable:
        return False
    return True


@asynccontextmanager
async def receivers() -> AsyncIterator[list[str]]:
    """One that is gone for good, and one that cannot take anything now."""

    async def refuse(request: Request) -> Response:
        return Response(status_code=int(request.path_params["status"]))

    async with http_server(Starlette(routes=[Route("/{status}", refuse, methods=["POST"])]), "127.0.0.1", 0) as port:
        yield [f"http://127.0.0.1:{port}/{status}" for status in (410, 503)]


@asynccontextmanager
async def watched(folder: Path, places: list[str]) -> AsyncIterator[Watched]:
    """All of it, running and scraped; receivers at `places` are told of tasks."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        settings = {"CONVERTER_ENGINES": '["text"]', "AUDIT_PERIOD": "0.5", "WEBHOOK_ALLOW_NETWORKS": '["127.0.0.1/32"]'}
        settings |= {"CANARY_PERIOD": "12", "CANARY_PATIENCE": "10"}
        server = await enter(installation(folder, [f"file://{folder}/paper?name=Paper"], **settings))
        bus = await enter(cluster(server, 1))
        parts = await enter(apart(server, bus.url))
        ports = {name: stack.enter_context(Port()).number for name in SERVICES if name != "gateway"}
        targets = [server.url.removeprefix("http://"), *(f"127.0.0.1:{port}" for port in ports.values())]
        admin = await bus.admin()
        stack.push_async_callback(admin.close)
        for name in SERVICES:
            parts.start(name, **({"METRICS_PORT": str(ports[name])} if name in ports else {}))
        await server.ready(150)
        await server.device("Paper")
        for place in places:
            await until(partial(_tell, server, place), 60, "the dispatcher answers", every=0.3)
        watching = await enter(prometheus(folder / "prometheus", quick_rules(FIRED, LIMITS), *targets))
        yield Watched(server, parts, bus, admin, ports, watching)
