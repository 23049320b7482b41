"""Every service is drained and started again, one after another, while a batch is printed and clients go on submitting."""

import asyncio
import signal
import time
from contextlib import ExitStack

import pytest

from demo.printers.port import Port
from libs.contracts.directory import ClientKind
from libs.runtime.settings import read
from services.registry import enrol, rights
from services.registry.settings import RegistrySettings
from tests.faults.rig.ears import listening
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import OPEN, settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.rolling import ready, trickle
from tests.integration.installation import Installation, installation
from tests.integration.processes import SERVICES, Processes, processes
from tests.waiting import until

TASKS = 10_000
#: Who comes in twice, so that one of the two is always there; the rest of the services may be away for the time of a start.
GATEWAYS = ("gateway", "gateway-2")
DRAINED = ("registry", "spooler", "converter", "webhooks", "agent")
SETTINGS = {
    "CONVERTER_ENGINES": '["text"]',
    "SPOOLER_HOLDER": "only",
    "WEBHOOKS_HOLDER": "only",
    "SHUTDOWN_GRACE": "10",
}


async def drain(running: Processes, name: str, url: str, **settings: str) -> float:
    """SIGTERM, its end, its start, until it says at `url` that it is well again; how many seconds its end took."""
    begun = time.monotonic()
    running.signal(name, signal.SIGTERM)
    code = await running.ended(name)
    took = time.monotonic() - begun
    assert code == 0, f"{name} ended with {code}"
    running.start(name, **settings)
    await ready(url)
    return took


async def application(server: Installation) -> str:
    """The token of a client of its own, about whose tasks nobody is called back: forty thousand callbacks are another test."""
    async with enrol.open_store(read(RegistrySettings, data_dir=server.data)) as store:
        app = await enrol.add_client(store, "main", ClientKind.APP, "batches")
        await rights.allow(store, app.sn)
        return str(await enrol.add_token(store, app.sn, "t"))


async def quiet(sender: Client) -> bool:
    """Whether none of its tasks is on its way any more."""
    return not await sender.call("listTasks", {"statusList": list(OPEN), "limit": 1})


@pytest.mark.row(8)
@pytest.mark.timeout(560)
async def test_row_08_a_rolling_restart_loses_nothing_and_no_client_sees_an_error(row):
    batch, other = row.folder / "batch", row.folder / "other"
    printers = [f"file://{batch}?name=Batch", f"file://{other}?name=Other"]
    with ExitStack() as ports:
        own = {name: ports.enter_context(Port()).number for name in (*DRAINED, "gateway-2")}
        at = {name: f"http://127.0.0.1:{number}" for name, number in own.items()}
        async with (
            listening(row.history("receiver")) as ears,
            installation(row.folder, printers, CALLBACK_URL=ears.url, **SETTINGS) as server,
            processes(server) as running,
        ):
            second = {"HTTP_PORT": str(own["gateway-2"])}
            urls = [server.url, at["gateway-2"]]
            probes = {name: {"METRICS_PORT": str(own[name])} for name in DRAINED}
            for name in SERVICES:
                running.start(name, **probes.get(name, {}))
            running.start("gateway-2", **second)
            await server.ready(120)
            await ready(urls[1])
            await server.device("Batch")
            await server.device("Other")
            async with (
                client(urls, server.token, row.history("client")) as sender,
                client(urls, await application(server), row.history("batch client")) as many,
            ):
                ids = await many.batch("Batch", [f"{number}" for number in range(TASKS)], controlSn=server.sn)
                stop = asyncio.Event()
                trickling = asyncio.create_task(trickle(sender, stop))
                begun = time.monotonic()
                took = {}
                for name in DRAINED:
                    took[name] = await drain(running, name, at[name], **probes[name])
                for name, url, settings in zip(GATEWAYS, urls, ({}, second), strict=True):
                    took[name] = await drain(running, name, url, **settings)
                rolled = time.monotonic() - begun
                during = len(list(batch.glob("*.pdf")))
                stop.set()
                single = await trickling
                assert dict(await settled([sender], 300)) == {"FINISHED": single}
                await until(lambda: len(list(batch.glob("*.pdf"))) == TASKS, 300, "the batch is on paper", every=0.5)
                await until(lambda: quiet(many), 60, "its last task has its end", every=0.5)
                assert await many.call("listTasks", {"statusList": ["ERROR", "CANCELED", "PARTIAL_PRINTED"]}) == []
                await ears.all_ended(set(sender.accepted), 120)
                assert sender.errors + many.errors == 0, "a request that no gateway took"
                assert note_folder(row.history("batch"), batch) == ids, "each once, and in order"
                assert len(note_folder(row.history("other"), other)) == single
            assert set((await running.end()).values()) == {0}
    row.did(
        f"A batch of {TASKS:,} tasks, two gateways, and a client that submitted {single} more one by one, with callbacks, to "
        "whichever gateway answered. Meanwhile each of the seven processes was drained by SIGTERM and started again, one after "
        f"another, in {rolled:.0f} s."
    )
    row.check()
    row.saw(
        f"0 lost, 0 client errors: where a service was away its client was told 503 with Retry-After, or tried the other gateway "
        f"({dict(sender.repeats)}). {during:,} of the batch were on paper when the last one was back; all {TASKS:,} came once and "
        f"in order. Draining took {max(took.values()):.1f} s at most, every exit code was 0; the longest wait for an answer was "
        f"{sender.slowest:.1f} s.",
        repeats=dict(sender.repeats),
        drained={name: round(seconds, 1) for name, seconds in took.items()},
    )
