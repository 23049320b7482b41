"""A real Prometheus scrapes the embedded server: what is emitted is the catalogue, and real faults make the right alerts fire."""

import re
import shutil
import time
from dataclasses import replace

import httpx
import pytest
from opentelemetry.sdk.trace import SpanProcessor
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sqlalchemy import delete

from demo.printers.port import Port
from libs.contracts.agents import Heartbeat
from libs.contracts.ledger import ConfirmTasks
from libs.contracts.message import encode
from libs.contracts.metrics import ALL, CONVERSIONS, OUTBOX_MESSAGES, PRINTS, REGION_REACHED, REQUESTS, ROUTES, TENANTS
from libs.runtime.database import open_database
from libs.runtime.keys import DOCUMENT_KEY
from libs.runtime.traces import Tracing
from services.embedded.inquiry import inquiry
from services.embedded.server import Embedded
from services.spooler import census, tables
from tests.faults.rig.rawport import RawPort
from tests.observability.prometheus import prometheus, quick_rules
from tests.waiting import until

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="Debian's package prometheus is not there")

TRACE = "0af7651916cd43dd8448eb211c80319c"
#: What is only there where regions are joined.
OF_REGIONS = {OUTBOX_MESSAGES.name, REGION_REACHED.name}
#: What the faults of this test are to be told by, and what has to last long otherwise.
EXPECTED = {"AcceptedTaskLost", "PrinterLineOld", "PrintersUnreachable", "SecretExposed", "SpeaksForAnother", "UnknownOutcome"}
LIMITS = {"> 900": "> 3"}
#: More than lies between a printer that stopped reading and us.
LABELS = "^XA^FO50,50^FDlabel^FS^XZ" * 20_000


class Door:
    """Speaks to the server as a client does."""

    def __init__(self, server, client):
        self._server = server
        self._client = client

    async def call(self, command, **data):
        headers = {"Api-Access-Token": self._server.identity.token, "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        answer = await self._client.post("/openapi", json={"command": command, "data": data}, headers=headers)
        envelope = answer.json()
        assert envelope["success"], envelope
        return envelope.get("data")

    async def submit(self, device, content="one", kind="TEXT"):
        task = {"deviceName": device, "mediaSource": "STRING", "mediaFormat": kind, "content": content}
        return (await self.call("newPrintTask", task=task))["taskId"]

    async def reaches(self, task, status):
        async def reached():
            return (await self.call("getTask", taskId=task))["taskStatus"] == status

        await until(reached, what=f"{task} is {status}", every=0.1)

    async def metrics(self, accept="text/plain"):
        return (await self._client.get("/metrics", headers={"Accept": accept})).text


@pytest.mark.timeout(180)
async def test_a_prometheus_sees_what_the_catalogue_says_and_real_faults_make_the_right_alerts_fire(tmp_path, monkeypatch):
    monkeypatch.setattr(census, "PERIOD", 0.5)
    monkeypatch.setattr(census, "SHARE", 0.0)
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(tmp_path / "data"))
    async with RawPort("Stuck", stops_after=4096) as stuck:
        with Port() as nobody:
            server = Embedded(
                lambda name: Tracing(name, processor=SpanProcessor()),
                data_dir=tmp_path / "data",
                http_port=0,
                https_port="off",
                converter_engines=("text", "raw"),
                printers=[f"file://{tmp_path}/paper?name=Paper", stuck.entry, f"socket://127.0.0.1:{nobody.number}?name=Dead"],
                stall_limit=1.0,
                audit_period=0.3,
            )
            try:
                await server.start()
                assert await server.wait_ready() == {}
                async with httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=30) as client:
                    await _seen(tmp_path, server, Door(server, client))
            finally:
                await server.stop()


async def _seen(folder, server, door):
    target = server.address.removeprefix("http://")
    async with prometheus(folder / "prometheus", quick_rules(EXPECTED, LIMITS), target) as watching:
        good = await door.submit("Paper")
        await door.reaches(good, "FINISHED")
        await until(lambda: _is_confirmed(door), what="the gateway's receipt is confirmed", every=0.2)
        assert await watching.firing() == set(), "nothing is told where all is well"
        _is_the_catalogue(await door.metrics(), await door.metrics("application/openmetrics-text;version=1.0.0"))
        await _keeps_exemplars(watching)

        await door.submit("Dead")
        unknown = await door.submit("Stuck", LABELS, "ZPL")
        await _lose(folder / "data", good)
        await _speak_for_another(server.identity.sn)
        (folder / "data" / "keys" / DOCUMENT_KEY).chmod(0o644)

        await _fire(watching, EXPECTED, door)

        await door.reaches(unknown, "PARTIAL_PRINTED")
        await door.call("resolveTask", taskId=unknown, outcome="give-up")

        await _fire(watching, EXPECTED - {"UnknownOutcome"}, door)


async def _fire(watching, expected, door):
    """Wait until exactly these alerts fire."""
    seen = set()

    async def told():
        seen.clear()
        seen.update(await watching.firing())
        return seen == expected

    try:
        await until(told, 60, every=0.2)
    except AssertionError:
        tasks = await door.call("listTasks", extended=True)
        raise AssertionError(f"{sorted(seen)} fire, not {sorted(expected)}: {tasks}\n{await door.metrics()}") from None


async def _is_confirmed(door):
    return "\ngateway_receipts_waiting 0.0\n" in await door.metrics()


def _is_the_catalogue(plain, opened):
    """Every metric that is emitted is in the catalogue with its kind and labels, and the other way round."""
    kinds = re.findall(r"^# TYPE (\S+) (\S+)$", plain, re.MULTILINE)
    assert {name.removesuffix("_total"): kind for name, kind in kinds} == {
        metric.name: metric.kind.value for metric in ALL.values() if metric.name not in OF_REGIONS
    }
    exemplars = {}
    for family in text_string_to_metric_families(opened):
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(ALL[family.name].labels), sample
            if sample.exemplar:
                exemplars.setdefault(family.name, set()).add(sample.exemplar.labels["trace_id"])
    assert exemplars == {metric.name: {TRACE} for metric in (REQUESTS, ROUTES, TENANTS, CONVERSIONS, PRINTS)}


async def _keeps_exemplars(watching):
    span = {"start": str(time.time() - 600), "end": str(time.time() + 600)}

    async def kept():
        return await watching.asked("query_exemplars", query=f"{PRINTS.name}_bucket", **span)

    (series,) = await until(kept, what="Prometheus has the exemplar", every=0.2)
    assert {each["labels"]["trace_id"] for each in series["exemplars"]} == {TRACE}


async def _speak_for_another(sn):
    """As an agent could whose permissions are too wide."""
    async with inquiry() as (bus, region):
        honest = Heartbeat(region=region, tenant="main", agent=sn, journal="0")
        await bus.client.publish(replace(honest, agent="somebody").subject, encode(honest))
        await bus.client.flush()


async def _lose(data, task):
    """Take a task out of the database that the door was promised, and ask for it as doors do."""
    opened = open_database("", data, "spooler")
    try:
        async with opened.transaction() as connection:
            await connection.execute(delete(tables.task).where(tables.task.c.id == task))
            await connection.execute(delete(tables.archived).where(tables.archived.c.task == task))
    finally:
        await opened.close()
    async with inquiry() as (bus, region):
        answer = await bus.ask(ConfirmTasks(region=region, tasks=(task,)), timeout=5)
    assert answer.missing == (task,)
