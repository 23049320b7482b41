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
                f"have ahead: never more than {max(most, ahead)} orders were out ({AHEAD} for each printer are allowed). There "
                "is no choice of what is resumed (`ask`, `newest`, `all`): everything that has not expired is printed.",
                first=round(first, 2),
                caught_up=round(caught_up, 1),
                ahead=max(most, ahead),
            )


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
