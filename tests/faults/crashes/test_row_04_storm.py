"""Any process is killed at random, again and again, while thousands of tasks are printed on printers of three kinds."""

import asyncio
import itertools
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo.printers.eve import EvePrinter
from tests.faults.rig.ears import Ears, listening
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import rows, settled
from tests.faults.rig.paper import note_bytes, note_eve, note_folder
from tests.faults.rig.sink import Sink, sinking, words
from tests.faults.rig.storm import Storm, storm
from tests.integration.installation import installation
from tests.integration.processes import NATS, SERVICES, Processes, processes
from tests.printers import eve_printer
from tests.waiting import until

#: Tasks that come with each kill.
PER_KILL = 25
#: Of so many tasks one comes alone, the others in batches.
BATCH = 12
#: A process that comes back holds its lease at once, as one whose name is its own does.
SETTINGS = {
    "CONVERTER_ENGINES": '["text"]',
    "FINISH_GRACE": "0.1",
    "SPOOLER_HOLDER": "only",
    "WEBHOOKS_HOLDER": "only",
}


@dataclass
class Town:
    """Everybody who takes part. `labels` are the tasks of the printer that says nothing, by the word on their paper."""

    running: Processes
    folders: dict[str, Path]
    eves: dict[str, EvePrinter]
    sink: Sink
    sender: Client
    ears: Ears
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def devices(self) -> list[str]:
        return [*self.folders, *self.eves, "Label"]

    def of_label(self) -> list[str]:
        """The tasks on the papers of the printer that says nothing."""
        return [self.labels[words(each).strip()] for each in self.sink.whole]


@asynccontextmanager
async def town(row) -> AsyncIterator[Town]:
    """Seven processes, two folders, two `ippeveprinter`, one device that only takes bytes, one client, one receiver."""
    async with AsyncExitStack() as stack:
        folders = {name: row.folder / name for name in ("Paper-1", "Paper-2")}
        eves = {name: await stack.enter_async_context(eve_printer(row.folder, name)) for name in ("Office-1", "Office-2")}
        sink = await stack.enter_async_context(sinking())
        ears = await stack.enter_async_context(listening(row.history("receiver")))
        printers = [f"file://{path}?name={name}" for name, path in folders.items()]
        printers += [f"{eve.uri}?name={name}" for name, eve in eves.items()] + [f"{sink.uri}?name=Label&unknown=ask"]
        server = await stack.enter_async_context(installation(row.folder, printers, CALLBACK_URL=ears.url, **SETTINGS))
        running = await stack.enter_async_context(processes(server))
        for name in SERVICES:
            running.start(name)
        await server.ready(120)
        sender = await stack.enter_async_context(client([server.url], server.token, row.history("client")))
        made = Town(running, folders, eves, sink, sender, ears)
        for name in made.devices:
            await server.device(name)
        yield made


async def load(town: Town, tasks: int, blowing: Storm) -> None:
    """So many tasks, `PER_KILL` for each kill as it comes: single ones and batches, for all printers in turn."""
    given = 0
    for turn, device in enumerate(itertools.cycle(town.devices)):
        if given >= tasks:
            return
        await until(lambda given=given: given <= PER_KILL * (blowing.kills + 1), 300, "the next kill", every=0.05)
        size = 1 if turn % 2 else min(BATCH, tasks - given)
        contents = [f"number {given + each}" for each in range(size)]
        given += size
        if size == 1:
            ids = [await town.sender.submit(device, contents[0], name=contents[0])]
        else:
            ids = await town.sender.batch(device, contents)
        if device == "Label":
            town.labels |= dict(zip(contents, ids, strict=True))


async def ask_a_person(town: Town, row) -> Counter[str]:
    """Somebody looks at the paper of each task of which nobody knows: there, or to be printed again. What was said."""
    paper = set(town.of_label())
    said: Counter[str] = Counter()
    for task, seen in (await rows(town.sender)).items():
        if seen["status"] != "PARTIAL_PRINTED":
            continue
        assert seen["reason"] == "outcome-unknown", seen
        assert seen["message"], seen
        outcome = "printed" if task in paper else "reprint"
        await town.sender.call("resolveTask", {"taskId": task, "outcome": outcome})
        row.history("person").note("resolved", task=task, outcome=outcome)
        said[outcome] += 1
    return said


@pytest.mark.row(4)
@pytest.mark.timeout(1500)
async def test_row_04_killing_any_process_at_random_leaves_every_task_on_paper_once_and_its_callbacks_complete(row):
    kills, tasks, seed = 204, 5020, secrets.randbelow(1_000_000)
    async with town(row) as there:
        begun = time.monotonic()
        async with storm(there.running, (*SERVICES, NATS), seed, row.history("storm")) as blowing:
            async with asyncio.TaskGroup() as group:
                group.create_task(load(there, tasks, blowing))
                group.create_task(blowing.blow(kills, lambda: len(there.ears.ended)))
            blown = time.monotonic() - begun
            waiting = time.monotonic()
            await settled([there.sender], 240)
            row.history("client").close()
            said = await ask_a_person(there, row)
            ends = await settled([there.sender], 120)
            calm = time.monotonic() - waiting
            await there.ears.all_ended(set(there.sender.accepted), 500)
        for folder in there.folders.values():
            note_folder(row.history("folders"), folder)
        for eve in there.eves.values():
            note_eve(row.history("eves"), eve)
        for task in there.of_label():
            note_bytes(row.history("label"), task, b"")
        dead = ", ".join(f"{name} {count}" for name, count in sorted(blowing.killed.items()))
        row.did(
            f"{blowing.kills} kill -9 in {blowing.bursts} bursts of one to three processes in {blown:.0f} s, seed {seed}: {dead}. "
            f"Each is started again at once, so that starts are killed, too; {len(blowing.ended)} starts ended by themselves with "
            "code 1 and a sentence, as the bus went away in the middle of them, and were repeated."
        )
        row.did(
            f"Meanwhile {tasks} tasks, {PER_KILL} for each kill, singly and in batches, under idempotency keys: onto two folders, "
            "two ippeveprinter and one device that only takes bytes."
        )
        assert blowing.kills >= 200
        assert len(there.sender.accepted) == tasks
        assert {code for _, code in blowing.ended} <= {1}, f"processes that ended by themselves: {blowing.ended}"
        assert set(ends) == {"FINISHED"}, ends
        row.check()
        repeats = there.sender.repeats
        row.saw(
            f"All {tasks} tasks are FINISHED, on paper once, {calm:.0f} s after the last kill; {there.ears.came} callbacks came, "
            f"each task's complete and in order. Its client asked {sum(repeats.values())} times again ({dict(repeats)}); the "
            f"longest that it took to be answered was {there.sender.slowest:.1f} s.",
            kills=blowing.kills,
            tasks=tasks,
            seed=seed,
            seconds=round(blown),
            unknown=dict(said),
        )
        row.saw(
            f"{sum(said.values())} tasks had an outcome that nobody could know, all of the device that says nothing: they showed "
            f"it with its reason and waited for a person, who found {said['printed']} on paper and had {said['reprint']} printed "
            "again."
        )
