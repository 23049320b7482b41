"""Row 37: one tenant reaches for another's things: over HTTP it cannot tell them from nothing, and the bus denies it."""

import asyncio
import statistics
import time
from contextlib import suppress

import httpx
import nats
import pytest
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import Error as JetStreamError

from libs.contracts.queries import LookUp
from libs.contracts.streams import INTAKE, PRINT, REPORTS, TASKS, agent_consumer
from libs.runtime.admin import ensure_consumer
from tests.bus import running_bus
from tests.integration.installation import installation
from tests.integration.receiver import receiving
from tests.integration.test_two_tenants import try_command
from tests.integration.two_tenants import CANARY, DEVICE, furnish, nobodys, rivals

pytestmark = pytest.mark.timeout(200)
VICTIM, RIVAL = "VICTIM01", "RIVAL001"
#: Commands that take a name and answer at once.
TIMED = ("getTask", "cancelTask", "getTaskContent", "getEndpoint", "getRules")


class Intruder:
    """An agent of another tenant on the raw bus: what was denied, and what it heard."""

    def __init__(self, connection):
        self.connection = connection
        self.denied = []
        self.heard = []

    async def listens(self, subject):
        """Try to hear what is not one's own."""

        async def hear(message):
            self.heard.append((subject, message.subject))

        await self.connection.subscribe(subject, cb=hear)
        await self.connection.flush()

    async def asks(self, subject, body=b"{}"):
        """The answer to a request, None when there is none."""
        with suppress(NatsTimeout, NatsError, JetStreamError):
            return (await self.connection.request(subject, body, timeout=0.15)).data
        return None


@pytest.mark.row(37)
async def test_row_37_the_bus_denies_an_agent_everything_that_is_not_its_own(row, tmp_path):
    async with running_bus(tmp_path) as rig:
        admin = await rig.connect("admin")
        for agent, tenant in ((VICTIM, "main"), (RIVAL, "rival")):
            await ensure_consumer(admin.js, agent_consumer("local", 0, tenant, agent))
        errors = []

        async def failed(error):
            errors.append(str(error).lower())

        for each in (VICTIM, RIVAL):
            rig.issue_agent(each, "main" if each == VICTIM else "rival")
        credentials = str(rig.keys.path(f"{RIVAL}.creds"))
        connection = await nats.connect(
            rig.url, user_credentials=credentials, error_cb=failed, inbox_prefix=f"_INBOX_{RIVAL}", allow_reconnect=False
        )
        intruder = Intruder(connection)
        try:
            subjects = [
                ">", "order.>", f"order.print.local.0.main.{VICTIM}.>", f"order.control.local.0.main.{VICTIM}", "task.>",
                "report.>",                 "device.>", "intake.>", "query.>", "$KV.>", "$JS.API.>", "$SYS.>", "dead.>", "_INBOX.>",
                f"_INBOX_{VICTIM}.>", "partner.>",                "heartbeat.>", "$JS.EVENT.>", "out.>",
            ]  # fmt: skip
            for subject in subjects:
                with suppress(NatsError):
                    await intruder.listens(subject)
            victim = await rig.connect(VICTIM)
            before = {name: (await admin.js.stream_info(name)).state.last_seq for name in (INTAKE, PRINT, REPORTS, TASKS)}
            durable = agent_consumer("local", 0, "main", VICTIM).durable
            streams = (INTAKE, PRINT, REPORTS, TASKS, "KV_directory", "KV_idempotency", "KV_relays", "DEAD")
            told = {}
            for stream in streams:
                for verb in ("STREAM.INFO", "STREAM.PURGE", "STREAM.DELETE", "STREAM.MSG.GET", "DIRECT.GET", "CONSUMER.LIST"):
                    told[f"{verb} {stream}"] = await intruder.asks(f"$JS.API.{verb}.{stream}", b'{"seq":1}')
            for verb in ("INFO", "DELETE", "MSG.NEXT", "RESET"):
                told[f"CONSUMER.{verb}"] = await intruder.asks(f"$JS.API.CONSUMER.{verb}.{PRINT}.{durable}")
            told["make a consumer"] = await intruder.asks(f"$JS.API.CONSUMER.CREATE.{PRINT}.spy", b"{}")
            told["list streams"] = await intruder.asks("$JS.API.STREAM.LIST")
            told["account"] = await intruder.asks("$JS.API.INFO")
            told["directory"] = await intruder.asks(LookUp(region="local", keys=(f"client.{VICTIM}",)).subject)
            for subject in (
                "intake.local.main.jueKiUEE", f"report.local.task.main.{VICTIM}", f"report.local.device.main.{VICTIM}",
                f"task.end.local.main.{VICTIM}.x", f"order.print.local.0.main.{VICTIM}.x", "$KV.directory.token.x", "dead.local.x",
                f"report.local.task.rival.{VICTIM}", f"report.local.task.main.{RIVAL}",
            ):  # fmt: skip
                told[f"publish {subject}"] = await intruder.asks(subject)
            for subject in ("order.print.local.0.main.x.y", f"heartbeat.local.main.{VICTIM}"):
                await intruder.connection.publish(subject, b"{}")
            await intruder.connection.flush()
            await asyncio.sleep(0)
            after = {name: (await admin.js.stream_info(name)).state.last_seq for name in before}
            foreign = [(subject, heard) for subject, heard in intruder.heard if not heard.startswith(f"_INBOX_{RIVAL}")]
            answered = {name: data[:120] for name, data in told.items() if data is not None}
            assert answered == {}
            assert foreign == []
            assert after == before
            denied = [each for each in errors if "permissions violation" in each]
            assert len(denied) >= len(told) // 2
            assert (await victim.js.consumer_info(PRINT, durable)).name == durable, "the victim has what it had"
        finally:
            await connection.close()
    row.did(
        f"An agent of another tenant, with its own good credentials on the raw bus: {len(subjects)} subscriptions, {len(told)} "
        "requests and publishes with the victim's subjects, streams, consumer, directory and inbox."
    )
    row.saw(f"{len(denied)} permission violations; no request was answered, nothing was heard, no stream grew.", denied=len(denied))


@pytest.mark.row(37)
async def test_row_37_what_is_anothers_takes_as_long_as_what_is_nobodys(row, tmp_path):
    printers = [f"file://{tmp_path}/paper?name={DEVICE.replace(' ', '%20')}"]
    async with (
        receiving() as hook,
        installation(tmp_path, printers, WEBHOOK_ALLOW_NETWORKS='["127.0.0.0/8"]', CONVERTER_ENGINES='["text"]') as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        await server.start()
        await server.device(DEVICE)
        _, things = await furnish(server, client, hook.url)
        (attacker, *_) = await rivals(server, client)
        twin = nobodys(things)
        problems, ratios = [], {}
        for command in TIMED:
            problems += await try_command(attacker, command, things, twin)
            key = "endpointId" if "Endpoint" in command else "deviceName" if "Rules" in command else "taskId"
            field = {"endpointId": "endpoint", "deviceName": "device", "taskId": "finished"}[key]
            payloads = [{key: getattr(names, field)} for names in (things, twin)]
            took = ([], [])
            for _ in range(60):
                for which, found in enumerate(took):
                    begun = time.perf_counter()
                    answer = await attacker.post(command, payloads[which])
                    found.append(time.perf_counter() - begun)
                    assert CANARY not in answer.text
            theirs, nobody = (statistics.median(each) * 1000 for each in took)
            assert max(theirs, nobody) < 2 * min(theirs, nobody) + 5, (command, theirs, nobody)
            ratios[command] = f"{theirs:.1f}/{nobody:.1f}"
        assert problems == []
        listed = await attacker.post("listTasks", {"limit": 1000})
        assert CANARY not in listed.text
        assert listed.json()["data"] == [], "and no count of them"
    row.did(
        f"{len(ratios)} commands, each 60 times with names of another tenant and 60 times with names of nobody. The whole "
        "matrices run in tests/integration/test_two_tenants.py (every command) and "
        "test_graph_two_tenants.py (every route, from the table of routes)."
    )
    row.saw(f"The same answers in the same time (median ms, another's/nobody's): {ratios}.")
