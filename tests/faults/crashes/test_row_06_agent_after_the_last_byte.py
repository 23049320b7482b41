"""The agent is killed at each step from the first byte to its report: never is anything printed twice without a policy."""

import asyncio
from collections import Counter

import pytest

from libs.ipp.client import Client
from tests.agent.orders import task
from tests.faults.crashes.agentlife import TASKS, crash_and_recover, names, run, told
from tests.faults.crashes.agentpoints import AFTER, params
from tests.faults.crashes.devices import device
from tests.faults.rig.ears import listening
from tests.faults.rig.load import client
from tests.faults.rig.outcome import note, rows, settled
from tests.faults.rig.paper import note_bytes, note_eve
from tests.faults.rig.sink import sinking, words
from tests.integration.installation import installation
from tests.printers import eve_printer
from tests.waiting import until

TEXT = '["text"]'
#: What becomes of a task of which nobody knows; the last one is printed by the start that is not killed any more.
POLICIES = {"ask": "PARTIAL_PRINTED", "give-up": "ERROR", "reprint": "FINISHED"}
#: What is told of the second task of a device that says nothing; the others may have been on their way, too.
BLIND = {"agent-after-releasing:2": "TaskUnknown", "agent-mid-document:2": "TaskUnknown", "agent-before-released:2": "TaskUnknown"}


@pytest.mark.parametrize(("kind", "point"), params(6, AFTER))
async def test_row_06_each_task_is_on_paper_at_most_once_and_what_nobody_knows_is_told(row, kind, point):
    large = point.startswith("agent-mid-document") and kind != "socket"
    async with device(kind, row.folder) as printer:
        kinds = await crash_and_recover(row.folder, point, printer.name, printer.uri, large=large)
        paper = printer.paper()
    unknown = [task for task, each in kinds.items() if each[-1] == "TaskUnknown"]
    if kind == "socket":
        assert kinds[task(2)][-1] == BLIND.get(point, kinds[task(2)][-1])
        assert TASKS - len(unknown) <= len(paper) <= TASKS
    elif kind == "ipp" and large:
        assert set(Counter(paper).values()) == {1}
        assert set(names()) - set(paper) == {f"{each}.1" for each in unknown}
    else:
        assert paper == names()
        assert not unknown
    assert not list(row.folder.glob("paper/.*.part"))
    row.did(f"{TASKS} tasks for a printer of the kind {kind}; the agent killed itself at `{point}` and was started again.")
    row.saw(f"{len(paper)} on paper, none twice; {len(unknown)} told as unknown.")


@pytest.mark.row(6)
@pytest.mark.parametrize("point", ["agent-after-releasing:2", "agent-before-released:2", "agent-before-done:2"])
async def test_row_06_a_printer_that_forgot_its_jobs_leaves_the_outcome_unknown(row, point):
    async with eve_printer(row.folder) as eve:
        await run(row.folder, point, "Office", f"{eve.uri}?name=Office")
        async with Client(eve.uri) as ipp:

            async def idle() -> bool:
                return all("job-data-insufficient" in job.reasons for job in await ipp.get_jobs("not-completed"))

            await until(idle, 20, "the printer is idle")
        await eve.kill()
        await eve.start()
        assert await run(row.folder, "", "Office", f"{eve.uri}?name=Office") == 0
        assert told(row.folder)[task(2)][-1] == "TaskUnknown"
        assert max(Counter(each.job_name for each in eve.documents()).values()) == 1
    row.did(f"The agent killed itself at `{point}`; then the power of the printer was cut, and its job list was gone.")
    row.saw("The task's outcome was told as unknown; nothing was printed a second time.")


@pytest.mark.row(6)
@pytest.mark.timeout(180)
async def test_row_06_a_printer_that_remembers_is_asked_and_the_task_ends_as_finished(row):
    async with (
        eve_printer(row.folder) as printer,
        listening(row.history("receiver")) as ears,
        installation(row.folder, [f"{printer.uri}?name=Office"], CALLBACK_URL=ears.url, CONVERTER_ENGINES=TEXT) as server,
    ):
        await server.start(CRASHPOINT="agent-before-released")
        await server.device("Office")
        async with client([server.url], server.token, row.history("client")) as sender:
            kept = await sender.submit("Office", "once")
            await server.died()
            await server.start(CRASHPOINT="agent-before-released:2")  # the first passing is the recovery of this one
            await server.reaches(kept, "FINISHED")
            assert [each.job_name for each in printer.documents()] == [f"{kept}.1"]
            forgotten = await sender.submit("Office", "forgotten")
            await server.died()
            await printer.kill()
            await printer.start()
            await server.start()
            await server.reaches(forgotten, "PARTIAL_PRINTED")
            seen = (await rows(sender))[forgotten]
            assert (seen["reason"], bool(seen["message"])) == ("outcome-unknown", True)
            outcome = "printed" if len(printer.documents()) == 2 else "reprint"
            await sender.call("resolveTask", {"taskId": forgotten, "outcome": outcome})
            row.history("person").note("resolved", task=forgotten, outcome=outcome)
            assert dict(await settled([sender])) == {"FINISHED": 2}
            await ears.all_ended({kept, forgotten})
            assert set(note_eve(row.history("paper"), printer)) == {kept, forgotten}
    row.did(
        "A whole server with an ippeveprinter; twice the agent killed itself after the last byte. The first time the printer kept "
        "its job list, the second time its power was cut as well."
    )
    row.check()
    row.saw(
        "The printer that remembered was asked for the job by its name: FINISHED, once. The one that forgot left the task as "
        f"PARTIAL_PRINTED / outcome-unknown with a sentence, until a person looked and said `{outcome}`."
    )


@pytest.mark.row(6)
@pytest.mark.timeout(240)
async def test_row_06_the_policy_of_a_printer_that_says_nothing_decides(row):
    async with sinking() as sink, listening(row.history("receiver")) as ears:
        printers = [f"{sink.uri}?name={policy}&unknown={policy}" for policy in POLICIES]
        given = {"CALLBACK_URL": ears.url, "CONVERTER_ENGINES": TEXT, "FINISH_GRACE": "0.1"}
        async with installation(row.folder, printers, **given) as server:
            tasks: dict[str, str] = {}
            for policy in POLICIES:
                await server.start(CRASHPOINT="agent-after-releasing")
                await server.device(policy)
                async with client([server.url], server.token, row.history(f"client of {policy}")) as sender:
                    tasks[policy] = await sender.submit(policy, f"a label for who says {policy}")
                await server.died()
                assert not sink.whole
            await server.start()
            await asyncio.gather(*(server.reaches(tasks[policy], status) for policy, status in POLICIES.items()))
            ended = {tasks["give-up"], tasks["reprint"]}
            await ears.all_ended(ended)
            row.history("policy").note("resolved", task=tasks["reprint"], outcome="reprint")
            async with client([server.url], server.token, row.history("client")) as sender:
                sender.accepted += [tasks[policy] for policy in POLICIES]
                found = await rows(sender)
                assert {found[each]["reason"] for each in (tasks["ask"], tasks["give-up"])} == {"outcome-unknown"}
                assert all(found[each]["message"] for each in (tasks["ask"], tasks["give-up"]))
                await sender.call("resolveTask", {"taskId": tasks["ask"], "outcome": "reprint"})
                row.history("person").note("resolved", task=tasks["ask"], outcome="reprint")
                await server.reaches(tasks["ask"], "FINISHED")
                for seen in (await rows(sender)).values():
                    note(sender, seen)
            await ears.all_ended(set(tasks.values()))
            papers = [words(each).strip() for each in sink.whole]
            for paper in papers:
                note_bytes(row.history("paper"), tasks[paper.removeprefix("a label for who says ")], b"")
            assert sorted(papers) == ["a label for who says ask", "a label for who says reprint"]
    row.did("A device that only takes bytes, under three policies; the agent killed itself past the point of no return each time.")
    row.check()
    row.saw(
        "`ask` showed PARTIAL_PRINTED / outcome-unknown and was printed when a person said so; `give-up` ended as ERROR with that "
        "reason; `reprint` was printed by itself. Nothing was printed that nobody had asked for."
    )
