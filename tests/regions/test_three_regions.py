"""Three regions, of which one is away: what the two others accept for it waits, and everything else goes on."""

import pytest

from tests.integration.installation import Unavailable
from tests.regions.joined import emptied
from tests.regions.star import star
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(540)]


async def test_what_two_regions_accept_for_a_third_that_is_away_prints_once_and_in_their_order(tmp_path):
    async with star(tmp_path) as three:
        await three.start()
        eu, us, asia = three.all
        near = three.through(eu, us)
        doors = {"eu": three.through(eu, asia), "us": three.through(us, asia)}
        for name, door in doors.items():
            assert await asia.reaches(await door.submit("Paper asia", content=f"before at {name}"), "FINISHED") == "FINISHED"

        three.far.cut()
        words = {name: [f"{name} {number}" for number in range(5)] for name in doors}
        away, there = [], []
        for number in range(5):
            away += [await door.submit("Paper asia", content=words[name][number]) for name, door in doors.items()]
            there.append(await near.submit("Paper us", content=f"near {number}"))
        for door in doors.values():
            with pytest.raises(Unavailable, match="The region asia is not reached from here"):
                await door.statuses()
        await us.all_reach(there, "FINISHED")
        await three.printed(us, [f"near {number}" for number in range(5)])
        alone = await asia.submit("Paper asia", content="asia alone")
        assert await asia.reaches(alone, "FINISHED") == "FINISHED"
        assert not set(away) & set(await asia.statuses())

        three.far.heal()
        await asia.all_reach(away, "FINISHED", within=120)
        for server in (eu, us):
            await until(lambda server=server: emptied(server, "asia"), 60, "the outbox is empty")
        for name, door in doors.items():
            again = await door.submit("Paper asia", content=f"again at {name}")
            assert await asia.reaches(again, "FINISHED") == "FINISHED"
            await three.printed(asia, [f"before at {name}", "asia alone", *words[name], f"again at {name}"])
        assert len(three.paper(asia)) == 15

        await eu.kill()  # through which us and asia reach each other
        waits = await doors["us"].submit("Paper asia", content="without eu")
        alone = await us.submit("Paper us", content="us alone")
        assert await us.reaches(alone, "FINISHED") == "FINISHED"
        await eu.start()
        assert await asia.reaches(waits, "FINISHED", within=120) == "FINISHED"
        assert three.paper(asia).count("without eu") == 1
