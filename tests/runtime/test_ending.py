"""A task that is ended is over, whatever swallows its cancellation."""

import asyncio

from libs.runtime.ending import end


async def test_a_cancellation_that_is_swallowed_comes_again():
    swallowed = 0

    async def stubborn():
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    async def failing():
        raise ValueError

    async def done():
        return 1

    tasks = [asyncio.ensure_future(each()) for each in (stubborn, failing, done)]
    await asyncio.wait(tasks, timeout=0.05)
    await asyncio.wait_for(end(*tasks), 5)
    assert swallowed == 3
    assert all(task.done() for task in tasks)


async def test_ending_nothing_is_done_at_once():
    await end()
