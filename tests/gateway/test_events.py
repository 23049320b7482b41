"""Events by the stream's own numbers: from the ring, read back when it overflowed, and never another client's."""

import asyncio
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from libs.contracts.events import task_subjects
from libs.contracts.streams import TASKS
from services.gateway.events import Feeds, _Shared
from services.gateway.webprinter.actions.events import list_events
from services.gateway.webprinter.reading.fields import Fields
from tests.bus import running_bus
from tests.waiting import turns, until
from tests.webhooks.events import SN, life, news, publish

pytestmark = pytest.mark.asyncio(loop_scope="module")
ZONE = ZoneInfo("Asia/Shanghai")
NEIGHBOUR = "neighBr1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory):
    async with running_bus(tmp_path_factory.mktemp("events")) as running:
        running.bus = await running.connect("gateway")
        running.spooler = await running.connect("spooler")
        running.admin = await running.connect("admin")
        yield running


@asynccontextmanager
async def following(rig, sn, ring=3):
    async with Feeds(rig.bus, "local", ZONE, ring).open("main", sn) as feed:
        yield feed


async def tell(rig, events):
    await publish(rig.spooler, list(events))
    return (await rig.admin.js.stream_info(TASKS)).state.last_seq


async def everything(feed, seq):
    """All events after a sequence, page by page."""
    found = []
    while True:
        page = await feed.after(seq, 7)
        found += page.events
        if page.seq == seq:
            return found
        seq = page.seq


async def test_what_the_ring_forgot_is_read_back_in_order(rig):
    async with following(rig, SN) as feed:
        before = feed.seq
        last = await tell(rig, news(50))
        await until(lambda: feed.seq == last)
        assert len(feed._ring) == 3
        assert [event.seq for event in await everything(feed, before)] == list(range(before + 1, last + 1))
        assert [event.seq for event in (await feed.after(last - 2, 10)).events] == [last - 1, last]
        assert await feed.knows(before)
        assert await feed.knows(last)
        assert not await feed.knows(last + 1000)


async def test_what_this_server_does_not_understand_hides_nothing_behind_it(rig):
    async with following(rig, SN) as feed:
        before = feed.seq
        for _ in range(8):  # more than a page
            await rig.spooler.js.publish(f"task.new.local.main.{SN}.{SN}-79h86ap05on4", b"{}")
        last = await tell(rig, news(10, start=800))
        await until(lambda: feed.seq == last)
        assert [event.seq for event in await everything(feed, before)] == list(range(last - 9, last + 1))


async def test_a_feed_whose_last_user_has_left_is_not_followed():
    """Also when it was made in the very moment in which that one left."""
    followed, made = [], asyncio.get_running_loop().create_future()

    class Feed:
        async def follow(self):
            followed.append(self)

    shared = _Shared(made)
    made.set_result(Feed())
    await shared.end()
    await turns()
    assert followed == []


async def test_a_feed_that_begins_later_tells_what_was_before(rig):
    before = (await rig.admin.js.stream_info(TASKS)).state.last_seq
    last = await tell(rig, life(f"{SN}-late"))
    async with following(rig, SN) as feed:
        assert feed.seq == last
        assert await feed.knows(before)
        assert [event.body["name"] for event in await everything(feed, before)] == [
            "NewTaskEvent", *["UpdateTaskStatusEvent"] * 3, "EndTaskEvent",
        ]  # fmt: skip


async def test_the_neighbours_events_are_not_told(rig):
    async with following(rig, SN) as ours, following(rig, NEIGHBOUR) as theirs:
        before = ours.seq
        await tell(rig, news(5, sn=NEIGHBOUR))
        last = await tell(rig, news(1, start=500))
        await until(lambda: ours.seq == last)
        await until(lambda: theirs.seq == last - 1)
        assert [event.seq for event in await everything(ours, before)] == [last]
        assert {event.body["sn"] for event in await everything(theirs, 0)} == {NEIGHBOUR}
    async with Feeds(rig.bus, "local", ZONE).open("other", SN) as stranger:
        assert await everything(stranger, 0) == []


@pytest.mark.parametrize("words", [("*", SN), ("main", ">"), ("main", "a.b"), ("", SN), ("main", "x y")])
async def test_a_word_that_would_lead_to_others_is_refused(words):
    with pytest.raises(ValueError, match="one word"):
        task_subjects("local", *words)
    with pytest.raises(ValueError, match="one word"):
        task_subjects("local", "main", SN, "*")


async def test_all_channels_of_a_client_share_one_feed_and_the_last_one_ends_it(rig):
    feeds = Feeds(rig.bus, "local", ZONE)
    async with feeds.open("main", SN) as one:
        async with feeds.open("main", SN) as two:
            assert one is two
        assert len(feeds._running) == 1
    assert feeds._running == {}


async def test_the_feed_goes_on_after_the_bus_was_away(rig):
    async with following(rig, SN) as feed:
        before = feed.seq
        await tell(rig, news(2, start=600))
        await until(lambda: feed.seq == before + 2)
        await rig.server.stop()
        await rig.server.start()
        last = await tell(rig, news(2, start=602))
        await until(lambda: feed.seq == last)
        assert [event.seq for event in await everything(feed, before)] == [before + 1, before + 2, before + 3, before + 4]


class Asking:
    """What `listEvents` needs of a gateway and of an identity."""

    region = "local"
    far = False
    zone = ZONE
    tenant = "main"

    def __init__(self, bus, sn=SN):
        self.bus = bus
        self.sn = sn

    async def __call__(self, **data):
        return await list_events(self, self, Fields(data))


async def test_events_are_listed_by_page_by_task_by_name_and_by_time(rig):
    ask = Asking(rig.bus)
    begun = (await ask(limit=1000))["next"]
    await tell(rig, [*life(f"{SN}-a"), *life(f"{SN}-b")])
    first = await ask(since=begun, limit=4)
    assert [row["task"]["taskId"] for row in first["events"]] == [f"{SN}-a"] * 4
    assert first["more"]
    rest = await ask(since=first["next"])
    assert (len(rest["events"]), rest["more"]) == (6, False)
    assert list(rest["events"][-1]) == ["ips", "sn", "name", "task", "seq", "eventId", "time"]
    assert rest["events"][-1]["eventId"] == f"{SN}-b:4:end"
    assert [row["seq"] for row in (await ask(taskId=f"{SN}-b"))["events"]] == list(range(begun + 6, begun + 11))
    assert len((await ask(since=begun, events=["EndTaskEvent"]))["events"]) == 2
    assert len((await ask(since=begun, events=["EndTaskEvent", "NewTaskEvent"], limit=3))["events"]) == 3
    assert (await ask(startTime=rest["events"][-1]["time"] + 60_000))["events"] == []
    assert len((await ask(startTime=first["events"][0]["time"], limit=1000))["events"]) >= 10
    assert (await Asking(rig.bus, NEIGHBOUR)(taskId=f"{SN}-b"))["events"] == []


async def test_events_that_the_stream_forgot_are_known_to_be_gone(rig):
    async with following(rig, SN) as feed:
        before = feed.seq
        last = await tell(rig, news(10, start=700))
        await until(lambda: feed.seq == last)
        await rig.admin.js.purge_stream(TASKS, seq=last - 1)
        assert not await feed.knows(before)
        assert await feed.knows(last - 2)
        assert [event.seq for event in await everything(feed, last - 4)] == [last - 2, last - 1, last]  # the ring still has them
