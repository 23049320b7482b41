"""C15: an agent is cut off while 500 tasks wait, 100 of which expire: what is too old is not printed, all else is, in order."""

import asyncio
import time
from typing import Any

import pytest

from tests.faults.rig.checker import ENDS
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import rows, settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.site import site
from tests.waiting import until

TASKS, LASTS, AHEAD = 500, 10.0, 50
#: Tasks for each printer whose owner chooses, and how many names these have.
LABELS, NAMES = 20, 4
#: Seconds of the long cut, from which on one counts, that tasks last whose time passes in it, and that those last that outlive it.
MINUTES, COUNTS, SOON, LONG = 180.0, 60.0, 40.0, 900.0
#: A task, its printer, how long it lasts or nothing.
Wanted = tuple[str, str, float | None]


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
            tasks = await _submit(sender, names, "while it is cut off", TASKS, (LASTS,))
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


@pytest.mark.row(15)
@pytest.mark.timeout(600)
async def test_row_15_a_cut_of_minutes_is_told_while_it_lasts_and_made_up_for_afterwards(row, tmp_path):
    policies = {"P3": "newest", "P4": "ask"}
    async with (
        site(tmp_path, printers=4, resume=policies, CUT_OFF_AFTER=str(COUNTS), PRINT_AHEAD=str(AHEAD)) as there,
        client([there.server.url], there.server.token, row.history("client")) as sender,
    ):
        for name in there.papers:
            await sender.submit(name, "before")
        await settled([sender], 60)
        there.cell.drop()
        cut_at = time.monotonic()
        early = await _submit(sender, ["P1", "P2"], "as it is cut off", TASKS // 2, (SOON,))
        await there.gone()
        chosen = {name: await _named(sender, name) for name in policies}
        await _passes(cut_at + MINUTES / 2)
        ends = await _ends(sender, early)
        expired = {task for task, _, lasts in early if lasts}
        assert any(ends[task]["reason"] == "expired" for task in expired), "a client need not wait for the line to hear of it"
        late = await _submit(sender, ["P1", "P2"], "in the middle of it", TASKS // 2, (SOON, LONG))
        await _passes(cut_at + MINUTES - 5)
        expired |= {task for task, _, lasts in late if lasts == SOON}
        ends = await _ends(sender, early + late)
        at_agent = [task for task in expired if ends[task]["reason"] != "expired"]
        assert len(at_agent) <= 2 * AHEAD, "only what the agent may have in its hands is not known to be over"
        assert all("waits for the agent" in ends[task]["message"] for task in at_agent)
        assert len(list(tmp_path.glob("P*/*.pdf"))) == len(there.papers), "nothing was printed while nobody could reach the agent"
        await _passes(cut_at + MINUTES)
        there.cell.heal()
        healed_at = time.monotonic()
        await until(lambda: len(list(tmp_path.glob("P*/*.pdf"))) > len(there.papers), 60, "printing goes on", every=0.05)
        first = time.monotonic() - healed_at
        held = set(chosen["P4"])

        async def over():
            found = await rows(sender)
            open_ = {task for task, row_ in found.items() if row_["status"] not in ENDS}
            return found if open_ == held else None

        found = await until(over, 180, "all but what a person is asked about has its end", every=0.5)
        caught_up = time.monotonic() - healed_at
        assert all("resume it" in found[task]["message"] for task in held)
        assert {found[task]["reason"] for task in expired} == {"expired"}
        await sender.call("resumeDevice", {"deviceName": "P4"})
        await settled([sender], 120)
        wanted = {name: [task for task, at, lasts in early + late if at == name and lasts != SOON] for name in ("P1", "P2")}
        wanted |= {"P3": chosen["P3"][-NAMES:], "P4": chosen["P4"]}
        for name, folder in there.papers.items():
            assert note_folder(row.history(name), folder)[1:] == wanted[name], f"what {name} prints, in its order"
        row.check()
    row.did(
        f"The agent of four printers was cut off (nft) for {MINUTES:.0f} s. {TASKS // 2} tasks for two of them came at once and "
        f"{TASKS // 2} half-way; {len(expired)} of them lasted {SOON:.0f} s, {len(expired) // 3} {LONG:.0f} s. For a printer of "
        f"the kind newest and one of the kind ask came {LABELS} each, {NAMES} names by turns (CUT_OFF_AFTER {COUNTS:.0f} s)."
    )
    row.saw(
        f"While it lasted {len(expired) - len(at_agent)} of those whose time passed ended as CANCELED (expired); {len(at_agent)} "
        f"were on their way to the agent, said that they wait for it, and ended so when it was back. The first sheet came "
        f"{first:.1f} s after the line, all ends after {caught_up:.1f} s. Nothing that expired is on paper, all else is, once and "
        "in its printer's order, those that last longer than the cut too; of newest the "
        f"{NAMES} last, of ask all, once somebody resumed it.",
        first_after_minutes=round(first, 2),
        caught_up_after_minutes=round(caught_up, 1),
    )


async def _passes(moment: float) -> None:
    """Wait for a moment of the cut (monotonic)."""
    await until(lambda: time.monotonic() > moment, MINUTES, "so much of the cut is over", every=0.5)


async def _ends(sender: Client, tasks: list[Wanted]) -> dict[str, Any]:
    """What clients see of these now."""
    found = await rows(sender)
    return {task: found[task] for task, _, _ in tasks}


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


async def _submit(sender: Client, names: list[str], key: str, count: int, lasting: tuple[float, ...]) -> list[Wanted]:
    """One batch of so many tasks, every fifth of which lasts as long as one of `lasting` says, by turns; in their order."""
    wanted = [
        {"deviceName": names[number % len(names)], "mediaFormat": "TEXT", "content": f"number {number}"}
        | ({"expireAfter": lasting[number // 5 % len(lasting)]} if number % 5 == 4 else {})
        for number in range(count)
    ]
    told = await sender.call("newPrintTaskBatch", {"tasks": wanted, "idempotencyKey": key})
    assert all(each["success"] for each in told), told
    for each, task in zip(told, wanted, strict=True):
        sender.history.note("accepted", task=each["taskId"], tenant="main", device=task["deviceName"])
        sender.accepted.append(each["taskId"])
    return [(each["taskId"], task["deviceName"], task.get("expireAfter")) for each, task in zip(told, wanted, strict=True)]
