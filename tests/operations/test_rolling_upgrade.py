"""docs/operations.md where services are upgraded one after the other: two versions at once, under load, and nobody notices."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from demo.printers.port import Port
from tests.faults.rig.checker import violations
from tests.faults.rig.ears import Ears, listening
from tests.faults.rig.history import History, read
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.rolling import ready, trickle
from tests.integration.installation import ROOT, Installation, installation
from tests.integration.processes import SERVICES, Processes, processes
from tests.operations.versions import check_out, made

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(560)]

#: The version before the one that made this: three migrations, and fields of messages, ago.
MARK = "services/registry/migrations/0009_partial.py"
#: Tasks of a batch, of which one goes in before each service is replaced.
TASKS = 50
SETTINGS = {"CONVERTER_ENGINES": '["text"]', "SHUTDOWN_GRACE": "10"}
#: The page wants agents to be last, and nothing else.
ORDERS = {"inside first": ("registry", "spooler", "converter", "webhooks", "gateway")}
ORDERS["doors first"] = ORDERS["inside first"][::-1]


@dataclass
class Rolling:
    """Services of two versions, each with an address of its own at which it says whether it is well; `doors` are the gateways."""

    server: Installation
    running: Processes
    stack: AsyncExitStack
    doors: list[str] = field(default_factory=list)

    async def start(self, name: str) -> None:
        """One process, of the version that is at hand, until it is well."""
        port = self.stack.enter_context(Port()).number
        url = f"http://127.0.0.1:{port}"
        if name == "gateway":
            self.running.start(name)
            url = self.server.url
        else:
            self.running.start(name, **{"HTTP_PORT" if name == "gateway-2" else "METRICS_PORT": str(port)})
        await ready(url)
        if name.startswith("gateway"):
            self.doors.append(url)

    async def stop(self, name: str) -> None:
        """As systemd or Kubernetes do it."""
        self.running.signal(name, signal.SIGTERM)
        assert await self.running.ended(name, 40) == 0, f"{name}\n{self.server.tail()}"

    async def replace(self, service: str) -> None:
        """As the page says it: the second one before the first is stopped; of an agent there is never a second one."""
        if service == "agent":
            await self.stop(service)
            await self.start(service)
            return
        await self.start(f"{service}-2")
        await self.stop(service)

    async def verb(self, word: str) -> None:
        """Something that an operator says, with the version that is at hand."""
        process = self.server.run("services", word, NATS_URL=self.running.url)
        assert await asyncio.to_thread(process.wait, 60) == 0, self.server.tail()


@asynccontextmanager
async def earlier(folder, database, ears: Ears) -> AsyncIterator[Rolling]:
    """All services of the earlier version, each a process."""
    printers = [f"file://{folder / name}?name={name}" for name in ("Batch", "Other")]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            installation(folder, printers, CALLBACK_URL=ears.url, DATABASE_URL=database, **SETTINGS)
        )
        server.root = check_out(folder / "opt", f"{made(MARK)}^")
        running = await stack.enter_async_context(processes(server))
        rolling = Rolling(server, running, stack)
        await rolling.verb("migrate")
        await asyncio.gather(*map(rolling.start, SERVICES))
        for name in ("Batch", "Other"):
            await server.device(name)
        yield rolling


async def ask(reader: Client, stop: asyncio.Event) -> int:
    """Somebody who looks at the list again and again."""
    count = 0
    while not stop.is_set():
        await reader.call("listTasks", {"limit": 10})
        count += 1
        await asyncio.sleep(0.2)  # the rate at which somebody looks
    return count


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_services_of_two_versions_work_together_until_all_are_of_the_later_one(tmp_path, postgres_url, order):
    histories = tmp_path / "histories"
    histories.mkdir()

    def history(actor: str) -> History:
        return History(histories / f"{actor}.jsonl", actor)

    async with listening(history("receiver")) as ears, earlier(tmp_path, postgres_url, ears) as rolling:
        server, stop = rolling.server, asyncio.Event()
        async with client(rolling.doors, server.token, history("client")) as sender:
            ids = await sender.batch("Batch", [f"earlier {number}" for number in range(TASKS)])
            at_work = asyncio.gather(trickle(sender, stop, 0.15), ask(sender, stop))
            server.root = ROOT
            await rolling.verb("migrate")
            await rolling.verb("provision")
            for service in (*order, "agent"):
                ids += await sender.batch("Batch", [f"{service} {number}" for number in range(TASKS)])
                await rolling.replace(service)
            stop.set()
            single, _ = await at_work
            assert dict(await settled([sender], 180)) == {"FINISHED": single + len(ids)}
            await ears.all_ended(set(sender.accepted), 240)
            assert sender.errors == 0, "a request that no gateway took"
            assert note_folder(history("batch"), tmp_path / "Batch") == ids, "each once, and in order"
            assert len(note_folder(history("other"), tmp_path / "Other")) == single
        assert set((await rolling.running.end()).values()) == {0}
    assert violations(read(histories)) == []
