"""A region is lost with its gateways: clients of the other go on, and what was accepted for these comes when it is back."""

import pytest

from tests.regions.joined import emptied, regions
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(420)]


async def test_what_a_lost_region_accepted_for_another_comes_when_it_is_back_and_nobody_else_notices(tmp_path):
    async with regions(tmp_path) as both:
        await both.start()
        guest = both.through(both.eu, both.us)
        both.cut()
        sheets = [f"sheet {number}" for number in range(5)]
        tasks = [await guest.submit("Paper us", content=sheet) for sheet in sheets]
        await both.eu.kill()  # with its bus, its gateway and the outbox
        both.heal()
        alone = [await both.us.submit("Paper us", content=f"alone {number}") for number in range(3)]
        await both.us.all_reach(alone, "FINISHED")
        assert not set(tasks) & set(await both.us.statuses())

        await both.eu.start()
        await both.us.all_reach(tasks, "FINISHED", within=120)
        await both.printed(both.us, ["alone 0", "alone 1", "alone 2", *sheets])
        await until(lambda: emptied(both.eu), 30, "the outbox is empty")
        again = await guest.submit("Paper us", content="again")
        assert await both.us.reaches(again, "FINISHED") == "FINISHED"
