"""What a far region costs: one round trip while it is reached, and one short wait when the line falls silent."""

from statistics import median

import pytest

from tests.integration.installation import Unavailable
from tests.regions.joined import FETCHED, SOON, emptied, regions
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(420)]

#: Seconds that a far region is away, there and back.
ROUND_TRIP = 0.3
#: Tasks that are timed each way.
TIMES = 9


async def test_a_silent_line_is_named_once_and_then_at_once_and_a_delayed_one_costs_one_round_trip(tmp_path):
    async with regions(tmp_path) as both:
        await both.start()
        guest = both.through(both.eu, both.us)
        near, sheets = await timed(both.through(both.us, both.us), "near")
        by, more = await timed(guest, "by")
        both.line.delay = ROUND_TRIP / 2
        far, most = await timed(guest, "far")
        both.line.delay = 0.0
        sheets += more + most
        added = (far - by) / ROUND_TRIP
        assert 0.9 <= added < 2, f"{added:.2f} round trips: {near:.3f} s near, {by:.3f} s far, {far:.3f} s with the delay"
        await both.printed(both.us, sheets)

        both.line.silence()  # nothing is broken, as far as anybody can see
        first, answer = await guest.timed(guest.statuses())
        assert isinstance(answer, Unavailable), answer
        assert "The region us is not reached from here" in str(answer)
        assert first < 6
        for asked in (guest.statuses(), guest.call("getTask", taskId="x"), guest.statuses()):
            took, answer = await guest.timed(asked)
            assert isinstance(answer, Unavailable), answer
            assert took < SOON, "found out once, not by each"
        waits = [f"waits {number}" for number in range(4)]
        for sheet in waits:
            took, answer = await guest.timed(guest.submit("Paper us", content=sheet))
            assert isinstance(answer, str), answer
            assert took < SOON, "it is known to be away"
        own = await both.eu.submit("Paper eu", content="own")
        assert await both.eu.reaches(own, "FINISHED") == "FINISHED"

        both.heal()
        await until(lambda: lists(guest), 30, "questions are answered again")
        await both.printed(both.us, [*sheets, *waits], within=FETCHED)
        await until(lambda: emptied(both.eu), 60, "the outbox is empty")


async def timed(guest, word):
    """Seconds that a task takes to be accepted, usually; and what was to be printed."""
    words = [f"{word} {number}" for number in range(TIMES)]
    times = []
    for each in words:
        took, answer = await guest.timed(guest.submit("Paper us", content=each))
        assert isinstance(answer, str), answer
        times.append(took)
    return median(times), words


async def lists(guest):
    try:
        return await guest.statuses() is not None
    except Unavailable:
        return False
