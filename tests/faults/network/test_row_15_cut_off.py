"""C15: an agent is cut off while 500 tasks wait, 100 of which expire: what is too old is not printed, all else is, in order."""

import asyncio
import time

import pytest

from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import rows, settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.site import site
from tests.waiting import until

TASKS, LASTS, AHEAD = 500, 10.0, 50
#: Tasks for each printer whose owner chooses, and how many names these have.
LABELS, NAMES = 20, 4


@pytest.mark.row(15)
@pytest.mark.timeout(400)
async def test_row_15_what_expired_is_told_and_the_rest_is_printed_in_its_order(row, tmp_path):
    async with site(tmp_path, printers=3, PRINT_AHEAD=str(AHEAD)) as there:
        names = list(there.papers)
        async with client([there.server.url], there.server.token, row.history("client")) as sender:
            for name in names:
                await sender.submit(name, "before")
            await settled([sender], 60)
            there.cell.drop()
            cut_at = time.monotonic()
            tasks = await _submit(sender, names)
            accepted_at = time.monotonic()
            # As long as the catalogue's ten minutes are in proportion: twice what the tasks that expire may wait.
            await until(lambda: time.monotonic() > accepted_at + 2 * LASTS, 3 * LASTS, "the cut is over", every=0.2)
            assert len(list(tmp_path.glob("P*/*.pdf"))) == len(names), "nothing was printed while nobody could reach the agent"
            most = sum(await there.waiting())
            lasted = time.monotonic() - cut_at
            there.cell.heal()
            healed_at = time.monotonic()
            await until(lambda: len(list(tmp_path.glob("P*/*.pdf"))) > len(names), 60, "printing goes on", every=0.05)
            first = time.monotonic() - healed_at
            ahead, ends = 0, asyncio.create_task(settled([sender], 180))
            while not ends.done():
                ahead = max(ahead, sum(await there.waiting()))
                await asyncio.wait([ends], timeout=0.2)
            caught_up = time.monotonic() - healed_at
            expiring = {task for task, _, lasts in tasks if lasts}
            told = await rows(sender)
            assert {told[task]["status"] for task in expiring} == {"CANCELED"}
            assert {told[task]["reason"] for task in expiring} == {"expired"}
            assert {told[task]["status"] for task, _, lasts in tasks if not lasts} == {"FINISHED"}
            for name, folder in there.papers.items():
                printed = note_folder(row.history(name), folder)
                assert printed[1:] == [task for task, device, lasts in tasks if device == name and not lasts], (
                    f"the order of {name}"
                )
            row.check()
            assert max(most, ahead) <= AHEAD * len(names), "the agent is handed no more than it may have ahead"
            row.did(
                f"All packets between the agent's network namespace and the rest were dropped (nft) for {lasted:.0f} s, in the "
                f"place of the catalogue's 10 minutes. Meanwhile {TASKS} tasks for three printers were accepted in "
                f"{accepted_at - cut_at:.1f} s, every fifth to expire after {LASTS:.0f} s."
            )
            row.saw(
                f"All {len(expiring)} tasks that expired ended as CANCELED (expired) and none of them is on paper; the other "
                f"{TASKS - len(expiring)} are, once each, in the order of each printer's line. The first sheet came {first:.1f} "
                f"s after the line was back, the last end after {caught_up:.1f} s. The catch-up is paced by what the agent may "
                f"have ahead: never more than {max(most, ahead)} orders were out ({AHEAD} for each printer are allowed).",
                first=round(first, 2),
                caught_up=round(caught_up, 1),
                ahead=max(most, ahead),
            )


@pytest.mark.row(15)
@pytest.mark.timeout(400)
async def test_row_15_the_owner_chooses_what_is_printed_after_the_cut(row, tmp_path):
    policies = {"P1": "all", "P2": "newest", "P3": "ask"}
    async with (
        site(tmp_path, printers=3, resume=policies, CUT_OFF_AFTER="3", PRINT_AHEAD="5") as there,
        client([there.server.url], there.server.token, row.history("client")) as sender,
    ):
        for name in policies:
            await sender.submit(name, "before")
        await settled([sender], 60)
        there.cell.drop()
        cut_at = time.monotonic()
        await there.gone()
        gone = time.monotonic() - cut_at
        tasks = {name: await _named(sender, name) for name in policies}
        await until(lambda: time.monotonic() > cut_at + gone + 4, 10, "it has lasted long enough", every=0.2)
        there.cell.heal()

        async def on_paper():
            done = [len(list(folder.glob("*.pdf"))) for folder in there.papers.values()]
            return done[0] > LABELS and done[1] > NAMES

        await until(on_paper, 120, "what is to be printed is printed", every=0.2)

        async def held():
            told = await rows(sender)
            return all("resume it" in told[task]["message"] for task in tasks["P3"]) and told

        told = await until(held, 30, "what waits for a person says so", every=0.5)
        assert {told[task]["reason"] for task in tasks["P3"]} == {"job-release-wait"}
        assert len(list(there.papers["P3"].glob("*.pdf"))) == 1, "nothing of it is printed before somebody says so"
        assert {told[task]["status"] for task in tasks["P2"][:-NAMES]} == {"CANCELED"}
        assert all("newer one" in told[task]["message"] for task in tasks["P2"][:-NAMES])
        await sender.call("resumeDevice", {"deviceName": "P3"})
        await settled([sender], 120)
        wanted = {"P1": tasks["P1"], "P2": tasks["P2"][-NAMES:], "P3": tasks["P3"]}
        for name, folder in there.papers.items():
            assert note_folder(row.history(name), folder)[1:] == wanted[name], f"what {name} prints, in its order"
        row.check()
    row.did(
        f"Three printers of one agent, whose resume is all, newest and ask; the agent was cut off (nft). It counted as gone after "
        f"{gone:.1f} s; then {LABELS} tasks for each came, {NAMES} names by turns, and the line was healed (CUT_OFF_AFTER 3 s)."
    )
    row.saw(
        f"all: every task was printed in order. newest: the {NAMES} last, one of each name; the {LABELS - NAMES} before them were "
        "canceled with the sentence that there is a newer one. ask: nothing was printed and each said what it waits for, until "
        "resumeDevice; then all, in order."
    )


async def _named(sender: Client, device: str) -> list[str]:
    wanted = [
        {"deviceName": device, "name": f"label {number % NAMES}", "mediaFormat": "TEXT", "content": f"number {number}"}
        for number in range(LABELS)
    ]
    told = await sender.call("newPrintTaskBatch", {"tasks": wanted, "idempotencyKey": f"for {device}"})
    for each in told:
        sender.history.note("accepted", task=each["taskId"], tenant="main", device=device)
        sender.accepted.append(each["taskId"])
    return [each["taskId"] for each in told]


async def _submit(sender: Client, names: list[str]) -> list[tuple[str, str, float | None]]:
    """One batch of all tasks: (task, printer, how long it lasts or nothing) in their order."""
    wanted = [
        {"deviceName": names[number % len(names)], "mediaFormat": "TEXT", "content": f"number {number}"}
        | ({"expireAfter": LASTS} if number % 5 == 4 else {})
        for number in range(TASKS)
    ]
    told = await sender.call("newPrintTaskBatch", {"tasks": wanted, "idempotencyKey": "while it is cut off"})
    assert all(each["success"] for each in told), told
    for each, task in zip(told, wanted, strict=True):
        sender.history.note("accepted", task=each["taskId"], tenant="main", device=task["deviceName"])
        sender.accepted.append(each["taskId"])
    return [(each["taskId"], task["deviceName"], task.get("expireAfter")) for each, task in zip(told, wanted, strict=True)]
