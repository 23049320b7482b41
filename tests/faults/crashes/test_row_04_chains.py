"""kill -9 at any step, then a start that is killed at the next one: every accepted task is on paper once."""

import timeit

import httpx
import pytest

from libs.runtime.crashpoint import arm, crashpoint
from tests.faults.crashes.points import CHAINS, SHORT
from tests.faults.rig.ears import listening
from tests.faults.rig.load import client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import Installation, installation
from tests.waiting import until

#: Tasks that are tried between two kills; the last one is too large to ride in a message.
TASKS = 8
LARGE = "a line of text\n" * 1000


async def submit(server: Installation, point: str) -> int:
    """Submit under keys until the server dies of it; how many were answered."""
    for number in range(TASKS):
        key, content = f"{point} {number}", LARGE if number == TASKS - 1 else f"number {number}"
        task = {"deviceName": "Paper", "mediaFormat": "TEXT", "content": content, "name": key}
        try:
            envelope = await server.post("newPrintTask", {"task": task, "idempotencyKey": key})
        except (httpx.HTTPError, AssertionError, FileNotFoundError):
            return number  # it died, before it had a token even: this one was not accepted, though it may be there
        if not envelope["success"]:
            return number  # the start was killed so early that the printer is not known yet
    return TASKS


@pytest.mark.parametrize(
    "points",
    [pytest.param(chain, id=" ".join(chain), marks=pytest.mark.row(4, short=chain is SHORT)) for chain in CHAINS],
)
@pytest.mark.timeout(300)
async def test_row_04_kills_at_any_step_one_after_the_other_neither_lose_nor_repeat(row, points):
    paper, answered = row.folder / "paper", 0
    async with (
        listening(row.history("receiver")) as ears,
        installation(row.folder, [f"file://{paper}?name=Paper"], CALLBACK_URL=ears.url, CONVERTER_ENGINES='["text"]') as server,
    ):
        for point in points:
            await server.start(ready=False, CRASHPOINT=point)
            await until(server.lives_or_died, 60, f"it can be asked, or was killed at {point}")
            answered += await submit(server, point)
            await server.died()
        await server.start()
        assert answered, "each start died of what the one before had left, and nothing new was accepted"
        tasks = list(await server.statuses())
        assert len(tasks) >= answered
        async with client([server.url], server.token, row.history("client")) as sender:
            for task in tasks:
                row.history("client").note("accepted", task=task, tenant="main", device="Paper")
            sender.accepted += tasks
            assert dict(await settled([sender])) == {"FINISHED": len(tasks)}, server.tail()
        await ears.all_ended(set(tasks))
        assert sorted(note_folder(row.history("paper"), paper)) == sorted(tasks)
        assert await server.stop() == 0
    row.did(f"A server killed itself {len(points)} times, each start at the next point: {', '.join(points)}; tasks came each time.")
    row.check()
    row.saw(
        f"{answered} submissions were answered; {len(tasks)} tasks were there, each FINISHED and on paper once.", tasks=len(tasks)
    )


@pytest.mark.row(4)
def test_row_04_a_point_that_is_not_armed_costs_next_to_nothing(row):
    arm("")
    calls = 200_000
    each = min(timeit.repeat(lambda: crashpoint("commit-after-saved"), number=calls, repeat=5)) / calls
    assert each < 2e-6
    row.did(f"PRINTBUS_CRASHPOINT unset: {calls:,} passes of a point, five times.")
    row.saw(
        f"A point that is not armed costs {each * 1e9:.0f} ns, the loop around it included: one comparison.", ns=round(each * 1e9)
    )
