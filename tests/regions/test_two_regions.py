"""Two regions: clients of one print through the gateway of the other, while it is reached and while it is not."""

import pytest

from tests.integration.collector import collecting
from tests.integration.installation import Unavailable
from tests.regions.joined import emptied, regions
from tests.waiting import until

pytestmark = pytest.mark.asyncio


async def test_a_region_that_is_away_prints_everything_once_and_in_order_when_it_is_back(tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "500")  # ms until spans are sent
    async with collecting() as collector, regions(tmp_path, OTLP_ENDPOINT=collector.url) as both:
        await both.start()
        guest = both.through(both.eu, both.us)
        near = await guest.submit("Paper us", content="near")
        assert await both.us.reaches(near, "FINISHED") == "FINISHED"
        assert (await guest.statuses())[near] == "FINISHED", "the list of a region is had through the other's door"
        assert near not in await both.eu.statuses(), "and is nobody else's"
        await until(lambda: traced(collector, near), 30, "the whole way of a task is one trace", every=0.2)

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
        await until(lambda: traced(collector, away[0]), 30, "also of one that was kept for its region", every=0.2)
        sheets = both.paper(both.us)
        assert sheets == ["near", "us alone", *(f"sheet {number}" for number in range(5)), "again"]


def traced(collector, task):
    """Whether the way of a task from one region to the paper of the other has come to the collector, as one trace."""
    traces = {span.trace for span in collector.spans if span.task == task}
    assert len(traces) <= 1, "a task is one trace, also from region to region"
    spans = [span for trace in traces for span in collector.of(trace)]
    found = {(span.service, span.region, span.name) for span in spans}
    way = {("gateway", "eu", "POST /openapi newPrintTask"), ("converter", "us", "convert"), ("agent", "us", "print document")}
    waits = {("spooler", "us", f"task {place}") for place in ("incoming", "transforming", "offered")}
    return found >= way | waits
