"""A site with a server of its own behind a line that swallows everything: it goes on, and so does the head office."""

import time

import pytest

from tests.faults.rig.cell import cell
from tests.integration.installation import Unavailable
from tests.regions.joined import FETCHED, emptied, regions
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(540)]
#: Seconds that the site is cut off: longer than the servers take to notice.
CUT = 45.0


async def test_a_site_prints_while_it_is_cut_off_and_has_the_head_offices_tasks_once_afterwards(tmp_path):
    with cell() as there:
        async with regions(tmp_path, ("hub", "site1"), cell=there) as both:
            hub, site = both.eu, both.us
            await both.start()
            office = both.through(hub, site)
            first = await office.submit("Paper site1", content="first")
            assert await site.reaches(first, "FINISHED") == "FINISHED"
            port = int(hub._settings["LINK_ADDRESSES"].strip('[]"').rpartition(":")[2])

            there.drop(to=port)
            ends = time.monotonic() + CUT
            sheets = [f"sheet {number}" for number in range(4)]
            tasks = [await office.submit("Paper site1", content=sheet) for sheet in sheets]
            took, answer = await office.timed(office.statuses())
            assert isinstance(answer, Unavailable), answer
            assert took < 6
            local = []

            async def worked():
                """Programs at the site print, for as long as it is cut off."""
                local.append(f"local {len(local)}")
                task = await site.submit("Paper site1", content=local[-1])
                assert await site.reaches(task, "FINISHED") == "FINISHED"
                return time.monotonic() > ends

            await until(worked, CUT + 30, "the site has worked long enough", every=3.0)
            assert not set(tasks) & set(await site.statuses())
            own = await hub.submit("Paper hub", content="hub")
            assert await hub.reaches(own, "FINISHED") == "FINISHED"

            there.heal()
            await both.printed(site, ["first", *local, *sheets], within=FETCHED)
            await until(lambda: seen(office, tasks), 30, "the head office sees what became of its tasks")
            await until(lambda: emptied(hub, "site1"), 60, "the outbox is empty")


async def seen(office, tasks):
    try:
        found = await office.statuses()
    except Unavailable:
        return False
    return all(found.get(task) == "FINISHED" for task in tasks)
