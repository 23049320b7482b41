"""Everybody who takes part in a storm: processes, printers of three kinds, a client that never stops, a receiver."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo.printers.eve import EvePrinter
from tests.faults.rig.ears import Ears, listening
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import rows
from tests.faults.rig.paper import note_bytes, note_eve, note_folder
from tests.faults.rig.row import Row
from tests.faults.rig.sink import Sink, sinking, words
from tests.integration.installation import Installation, installation
from tests.integration.processes import SERVICES, Processes, processes
from tests.printers import eve_printer
from tests.waiting import until

#: The first word of every document.
CANARY = "wolpertinger"
#: The policies of the devices that say nothing, each of which is named after its own.
POLICIES = ("ask", "reprint", "give-up")
#: Of so many tasks one comes alone, the others in batches.
BATCH = 12
#: A process that comes back holds its lease at once, as one whose name is its own does.
SETTINGS = {
    "CONVERTER_ENGINES": '["text"]',
    "FINISH_GRACE": "0.2",
    "SPOOLER_HOLDER": "only",
    "WEBHOOKS_HOLDER": "only",
}


@dataclass
class Town:
    """`tasks` are those of the devices that say nothing, by the words on their paper; `given` counts all."""

    server: Installation
    running: Processes
    folders: dict[str, Path]
    eves: dict[str, EvePrinter]
    sinks: dict[str, Sink]
    sender: Client
    ears: Ears
    tasks: dict[str, str] = field(default_factory=dict)
    given: int = 0

    async def submit(self, device: str, size: int) -> list[str]:
        """So many tasks: one alone, or a batch. Their ids."""
        contents = [f"{CANARY} {self.given + each}" for each in range(size)]
        self.given += size
        if size == 1:
            ids = [await self.sender.submit(device, contents[0], name="a task by itself")]
        else:
            ids = await self.sender.batch(device, contents)
        if device in self.sinks:
            self.tasks |= dict(zip(contents, ids, strict=True))
        return ids

    async def load(self, tasks: int, more: "Counter[str] | None" = None, each: int = 0) -> None:
        """So many tasks for all printers in turn; with `more`, so many for `each` of what it counts, as it counts them."""
        devices, first = itertools.cycle((*self.folders, *self.eves, *self.sinks)), self.given
        for turn, device in enumerate(devices):
            done = self.given - first
            if done >= tasks:
                return
            if more is not None:
                await until(lambda done=done: done <= each * (more.total() + 1), 300, "the next kill", every=0.05)
            await self.submit(device, 1 if turn % 2 else min(BATCH, tasks - done))

    def papers(self) -> int:
        """How much lies on the paper of folders and of the devices that say nothing."""
        return sum(sum(1 for _ in folder.glob("*.pdf")) for folder in self.folders.values()) + sum(
            len(sink.came) for sink in self.sinks.values()
        )

    def on_sinks(self, policy: str) -> Counter[str]:
        """The tasks on the papers of a device that says nothing."""
        return Counter(self.tasks[words(paper).strip()] for paper in self.sinks[policy].whole)

    def note_paper(self, row: Row) -> None:
        """What lies on the paper of all printers, for the histories."""
        for name, folder in self.folders.items():
            note_folder(row.history(name), folder)
        for name, eve in self.eves.items():
            note_eve(row.history(name), eve)
        for policy in self.sinks:
            for task in self.on_sinks(policy).elements():
                note_bytes(row.history(policy), task, b"")

    async def note_skipped(self, row: Row) -> int:
        """What the dispatcher lists as skipped; how many. The receiver was never away: a hundred would be too many."""
        found = await self.sender.call("listDeliveries", {"endpointId": "callback", "state": "SKIPPED", "limit": 100})
        assert not found["more"], found
        for each in found["deliveries"]:
            row.history("dispatcher").note("skipped", endpoint="/callback", id=each["deliveryId"])
        return len(found["deliveries"])

    def note_canaries(self, row: Row) -> None:
        """Whether the log of all processes has a word of a document, or the client's token."""
        log = self.server.log.read_text(errors="replace")
        for what, word in (("the words of a document", CANARY), ("the token", self.server.token)):
            if word in log:
                row.history("log").note("canary", where=f"the log: {what}")


async def ask_a_person(town: Town, row: Row) -> Counter[str]:
    """Somebody looks at the paper of each task of which nobody knows: there, or to be printed again. What was said."""
    paper = town.on_sinks("ask")
    said: Counter[str] = Counter()
    for task, seen in (await rows(town.sender)).items():
        if seen["status"] != "PARTIAL_PRINTED":
            continue
        assert seen["deviceName"] == "ask", seen
        assert seen["reason"] == "outcome-unknown", seen
        assert seen["message"], seen
        outcome = "printed" if task in paper else "reprint"
        await town.sender.call("resolveTask", {"taskId": task, "outcome": outcome})
        row.history("person").note("resolved", task=task, outcome=outcome)
        said[outcome] += 1
    return said


async def note_policies(town: Town, row: Row) -> Counter[str]:
    """What became of tasks by their printers' policies, as the door shows it; how often each policy decided."""
    decided: Counter[str] = Counter()
    for task, seen in (await rows(town.sender)).items():
        if seen["deviceName"] == "reprint":
            for _ in range(seen["attempt"] - 1):
                row.history("policy").note("resolved", task=task, outcome="reprint")
                decided["reprint"] += 1
        elif seen["status"] == "ERROR":
            assert (seen["deviceName"], seen["reason"]) == ("give-up", "outcome-unknown"), seen
            assert seen["message"], seen
            decided["give-up"] += 1
    return decided


@asynccontextmanager
async def town(row: Row) -> AsyncIterator[Town]:
    """Seven processes, two folders, two `ippeveprinter`, a device that only takes bytes for each policy, a client, a receiver."""
    async with AsyncExitStack() as stack:
        folders = {name: row.folder / name for name in ("Paper-1", "Paper-2")}
        eves = {name: await stack.enter_async_context(eve_printer(row.folder, name)) for name in ("Office-1", "Office-2")}
        sinks = {policy: await stack.enter_async_context(sinking()) for policy in POLICIES}
        ears = await stack.enter_async_context(listening(row.history("receiver")))
        printers = [f"file://{path}?name={name}" for name, path in folders.items()]
        printers += [f"{eve.uri}?name={name}" for name, eve in eves.items()]
        printers += [f"{sink.uri}?name={policy}&unknown={policy}" for policy, sink in sinks.items()]
        server = await stack.enter_async_context(installation(row.folder, printers, CALLBACK_URL=ears.url, **SETTINGS))
        running = await stack.enter_async_context(processes(server))
        for name in SERVICES:
            running.start(name)
        await server.ready(120)
        sender = await stack.enter_async_context(client([server.url], server.token, row.history("client")))
        for name in (*folders, *eves, *sinks):
            await server.device(name)
        yield Town(server, running, folders, eves, sinks, sender, ears)
