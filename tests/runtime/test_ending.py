"""A task that is ended is over, whatever swallows its cancellation."""

import asyncio

import pytest

from libs.runtime.ending import AGAIN, end, together
from tests.waiting import Leap, turns


async def test_a_cancellation_that_is_swallowed_comes_again():
    swallowed = 0

    async def stubborn():
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    async def failing():
        raise ValueError

    async def done():
        return 1

    tasks = [asyncio.ensure_future(each()) for each in (stubborn, failing, done)]
    await turns()
    await asyncio.wait_for(end(*tasks), 5)
    assert swallowed == 3
    assert all(task.done() for task in tasks)


async def test_ending_nothing_is_done_at_once():
    ending = asyncio.create_task(end())
    await turns()
    assert ending.done()
    assert ending.exception() is None


async def test_who_is_among_those_that_it_ends_ends_after_them():
    tasks = []

    async def ending():
        await end(*tasks)
        await asyncio.Event().wait()

    tasks += [asyncio.create_task(asyncio.Event().wait()), asyncio.create_task(ending())]
    await asyncio.wait_for(asyncio.wait(tasks), 5)
    assert all(task.cancelled() for task in tasks)


def deaf(times):
    """A body that misses so many cancellations."""

    async def body():
        missed = 0
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                missed += 1
                if missed > times:
                    raise

    return body


async def failing():
    await asyncio.sleep(0)
    raise ValueError("here")


async def test_one_that_fails_ends_those_beside_it_although_they_miss_it():
    with pytest.raises(BaseExceptionGroup) as failed:
        await asyncio.wait_for(together([deaf(2), failing]), 10)
    assert failed.group_contains(ValueError)


async def test_what_runs_together_is_ended_together_although_one_misses_it():
    running = asyncio.ensure_future(together([deaf(2), deaf(0)]))
    await asyncio.sleep(0)
    await asyncio.wait_for(end(running), 10)
    assert running.cancelled()
    assert len(asyncio.all_tasks()) == 1


async def test_what_puts_something_away_has_the_time_for_it():
    put_away, clock = [], Leap()

    async def tidy():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1.5)  # the time that it takes to put away
            put_away.append(1)

    running = asyncio.ensure_future(together([tidy]))
    await turns()
    ending = asyncio.create_task(end(running, again=5.0))
    await turns()
    await clock.ahead(5 * AGAIN)
    await clock.ahead(1.0)
    await ending
    assert put_away == [1]


async def test_together_is_over_when_all_are():
    done = []

    async def body():
        done.append(1)

    await together([body, body])
    assert done == [1, 1]
