"""Regions as they are run: a cluster of three servers each, one of which dies while the line does."""

import asyncio

import pytest

from libs.contracts.streams import outbox
from tests.regions.joined import FETCHED, emptied, regions
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(540)]


async def test_two_clusters_lose_a_server_and_the_line_and_nothing_else(tmp_path):
    async with regions(tmp_path, servers=3) as both:
        await both.start()
        eu, us = both.buses
        guest = both.through(both.eu, both.us)
        near = await guest.submit("Paper us", content="near")
        assert await both.us.reaches(near, "FINISHED") == "FINISHED"

        both.cut()
        sheets = [f"sheet {number}" for number in range(6)]
        for sheet in sheets[:3]:
            await guest.submit("Paper us", content=sheet)
        admin = await eu.admin()
        leader = await eu.leader(admin, outbox("us"))
        await admin.close()
        await asyncio.gather(eu.kill(leader), us.kill(0))
        for sheet in sheets[3:]:
            await accepted(guest, sheet)
        both.heal()
        await both.printed(both.us, ["near", *sheets], within=FETCHED)
        eu.start(leader)
        us.start(0)
        await until(lambda: emptied(both.eu), 60, "the outbox is empty")
        again = await guest.submit("Paper us", content="again")
        assert await both.us.reaches(again, "FINISHED") == "FINISHED"


async def accepted(guest, sheet):
    """Under a key, as a careful program does: an election takes a few seconds."""
    task = {"deviceName": "Paper us", "mediaFormat": "TEXT", "content": sheet}

    async def submitted():
        answer = await guest.timed(guest.call("newPrintTask", task=task, idempotencyKey=sheet))
        return isinstance(answer[1], dict)

    await until(submitted, 60, f"{sheet} is accepted", every=0.5)
