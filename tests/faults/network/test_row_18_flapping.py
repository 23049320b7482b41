"""C18: a line that is there for two seconds and gone for two, and a clock that is an hour off and leaps back."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from libs.runtime.bus import Bus, connect
from tests.bus import running_bus
from tests.faults.rig.faketime import FakeClock
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import rows, settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.relay import relaying
from tests.faults.rig.site import Site, site
from tests.waiting import until

CLIENTS, AWAY, CYCLES = 40, 8.0, 3


@pytest.mark.row(18)
@pytest.mark.timeout(300)
async def test_row_18_flaps_and_leaps_of_the_clock_change_nothing(row, tmp_path):
    clock = FakeClock(tmp_path / "clock")
    async with (
        site(tmp_path, environment=clock.environment) as there,
        client([there.server.url], there.server.token, row.history("client")) as sender,
    ):
        await sender.submit("P1", "before")
        await settled([sender], 60)

        clock.set("+1h")
        early = [await sender.submit("P1", f"good for a minute {number}", expireAfter=60) for number in range(5)]
        assert set(await settled([sender], 60)) == {"FINISHED"}, "what has a minute left is not expired"
        assert await asyncio.to_thread(clock.off) > 3500, "the clock is ahead by an hour"

        clock.set("-1h")
        there.cell.drop()
        late = [await sender.submit("P1", f"good for two seconds {number}", expireAfter=2) for number in range(5)]
        over = time.monotonic() + 3
        await until(lambda: time.monotonic() > over, 10, "their time is over")
        there.cell.heal()
        await settled([sender], 60)
        told = await rows(sender)
        assert {told[task]["reason"] for task in late} == {"expired"}, "an hour is not given to what is over"
        assert {told[task]["status"] for task in early} == {"FINISHED"}

        came = len(there.line.came)
        flapped = await _flap(there, sender, clock)
        assert Counter(await settled([sender], 90)) == {"FINISHED": len(sender.accepted) - len(late), "CANCELED": len(late)}
        printed = note_folder(row.history("P1"), there.papers["P1"])
        assert printed == [task for task in sender.accepted if task not in late], "once each, and in order"
        row.check()
        calls = len(there.line.came) - came
    row.did(
        "The agent ran in a network namespace under libfaketime. Its clock was set an hour ahead, then two hours back while "
        f"tasks that were to expire waited for it. Then its line was gone for 2 s and there for 2 s, {CYCLES} times by dropped "
        f"packets and {CYCLES} times by broken connections, its clock leaping by two hours each time."
    )
    row.saw(
        f"{len(early)} tasks that had a minute left were printed by the agent that was an hour ahead; {len(late)} that were over "
        "were told as expired by the one that was an hour behind, for it goes by the spooler's clock and counts on by one that "
        f"nobody can set. {flapped} tasks were submitted while the line flapped; all are on paper once, in order, over {calls} "
        "new connections.",
        calls=calls,
        sheets=len(printed),
    )


@pytest.mark.row(18)
@pytest.mark.timeout(120)
async def test_row_18_those_who_lose_their_line_together_do_not_come_back_together(row, tmp_path):
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(running_bus(tmp_path))
        relay = await stack.enter_async_context(relaying(int(rig.url.rsplit(":", 1)[1])))
        url, key = f"nats://127.0.0.1:{relay.port}", rig.keys.path("gateway.creds")
        buses: list[Bus] = []
        for _ in range(CLIENTS):
            bus = await connect(url, "gateway", key)
            stack.push_async_callback(bus.close)
            buses.append(bus)
        before = len(relay.came)
        relay.cut()
        cut_at = time.monotonic()
        await until(lambda: time.monotonic() - cut_at > AWAY, 3 * AWAY, "the line is away", every=0.2)
        tries = len(relay.came) - before
        relay.heal()
        healed = time.monotonic()
        await until(lambda: all(bus.connected for bus in buses), 30, "all are back", every=0.05)
        back = [at - healed for at in relay.came if at > healed]
    crowd = max(Counter(int(at / 0.1) for at in back).values())
    assert tries / CLIENTS / AWAY < 2, "no storm while it is away"
    assert crowd < CLIENTS / 2, "they do not come back in one moment"
    row.did(f"{CLIENTS} clients lost their line to the bus in one moment, which turned everybody away for {AWAY:.0f} s.")
    row.saw(
        f"They called {tries / CLIENTS:.1f} times each meanwhile ({tries / CLIENTS / AWAY:.1f} per second, at most every 2 s in "
        f"the end, and never by the same beat), and were back within {max(back):.1f} s: at most {crowd} of them in the same "
        "tenth of a second.",
        tries=tries,
        crowd=crowd,
        back=round(max(back), 2),
    )


async def _flap(there: Site, sender: Client, clock: FakeClock) -> int:
    """Two seconds with a line and two without, again and again, while tasks are submitted; how many."""
    stop = asyncio.Event()

    async def offer() -> int:
        number = 0
        while not stop.is_set():
            await sender.submit("P1", f"while it flaps {number}")
            number += 1
            await asyncio.sleep(0.25)  # the rate at which tasks come
        return number

    async with asyncio.TaskGroup() as group:
        offering = group.create_task(offer())
        for number in range(2 * CYCLES):
            clock.set("+1h" if number % 2 else "-1h")
            (there.cell.drop if number < CYCLES else there.line.cut)()
            await asyncio.sleep(2)  # the pace of the flapping line
            there.cell.heal()
            there.line.heal()
            await asyncio.sleep(2)  # the pace of the flapping line
        stop.set()
    return offering.result()
