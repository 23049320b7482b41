"""Two regions: clients of one print through the gateway of the other, while it is reached and while it is not."""

import pytest

from tests.integration.installation import Unavailable
from tests.regions.joined import emptied, regions
from tests.waiting import until

pytestmark = pytest.mark.asyncio


async def test_a_region_that_is_away_prints_everything_once_and_in_order_when_it_is_back(tmp_path):
    async with regions(tmp_path) as both:
        await both.start()
        guest = both.through(both.eu, both.us)
        near = await guest.submit("Paper us", content="near")
        assert await both.us.reaches(near, "FINISHED") == "FINISHED"
        assert (await guest.statuses())[near] == "FINISHED", "the list of a region is had through the other's door"
        assert near not in await both.eu.statuses(), "and is nobody else's"

        both.line.cut()
        away = [await guest.submit("Paper us", content=f"sheet {number}") for number in range(5)]
        with pytest.raises(Unavailable, match="The region us is not reached from here"):
            await guest.statuses()
        own = await both.eu.submit("Paper eu", content="own")
        assert await both.eu.reaches(own, "FINISHED") == "FINISHED", "a region does not need the others"
        late = await both.us.submit("Paper us", content="us alone")
        await both.us.reaches(late, "FINISHED")
        assert not set(away) & set(await both.us.statuses())

        both.line.heal()
        await both.us.all_reach(away, "FINISHED", within=90)
        await until(lambda: emptied(both.eu), 30, "the outbox is empty")
        again = await guest.submit("Paper us", content="again")
        await both.us.reaches(again, "FINISHED")
        sheets = both.paper(both.us)
        assert sheets == ["near", "us alone", *(f"sheet {number}" for number in range(5)), "again"]
