"""Which browser a document gets, with browsers of paper."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from services.converter.browsers import Browsers
from services.converter.company import Company
from services.converter.pool import Crowded, EngineLate
from tests.waiting import turns, until

PROOF = 5.0


class Browser:
    """A browser that keeps a record of itself."""

    made: list["Browser"]
    now = 0.0

    def __init__(self) -> None:
        self.started, self.closed, self.retired, self.burdened = False, False, False, False
        self.company = Company(lambda: Browser.now)
        Browser.made.append(self)

    @property
    def alive(self) -> bool:
        return self.started and not self.closed and not self.retired

    async def start(self) -> None:
        await asyncio.sleep(0)
        self.started = True

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
async def browsers():
    Browser.made, Browser.now = [], 0.0
    made = Browsers(Browser, limit=4, recycle=100, idle=100.0, proof=PROOF)
    yield made
    await made.close()
    assert all(browser.closed for browser in Browser.made)


class Guest:
    """A document in a browser that the test holds there until it ends it, well or late."""

    def __init__(self, place):
        self._end = asyncio.get_running_loop().create_future()
        self.browser = None
        self.task = asyncio.create_task(self._stay(place))

    async def _stay(self, place):
        async with place as self.browser:
            if await self._end:
                self.browser.retired = True
                raise EngineLate

    async def ended(self, *, late):
        self._end.set_result(late)
        await asyncio.wait([self.task])
        return self.task.exception()


@asynccontextmanager
async def inside(place):
    guest = Guest(place)
    await until(lambda: guest.browser, what="it has a browser")
    yield guest


async def test_one_that_was_late_beside_another_is_not_known_to_be_slow_by_itself(browsers):
    async with inside(browsers.shared()) as hostile, inside(browsers.shared()) as good:
        assert hostile.browser is good.browser
        Browser.now = 60.0
        assert isinstance(await good.ended(late=True), Crowded)
        Browser.now += PROOF - 1
        assert isinstance(await hostile.ended(late=True), Crowded), "nor is the other, until it has had the browser for itself"
    assert good.browser.closed
    assert hostile.browser.closed


@pytest.mark.parametrize("company", [True, False])
async def test_one_that_had_its_browser_to_itself_was_late_by_its_own_doing(browsers, company):
    async with inside(browsers.shared()) as hostile:
        if company:
            async with inside(browsers.shared()) as good:
                Browser.now = 1.0
                assert await good.ended(late=False) is None
        Browser.now += PROOF
        assert isinstance(await hostile.ended(late=True), EngineLate)


async def test_one_alone_is_late_by_its_own_doing(browsers):
    async with inside(browsers.alone()) as guest:
        assert isinstance(await guest.ended(late=True), EngineLate)


async def test_others_go_to_a_fresh_browser_once_a_page_takes_long(browsers):
    async with inside(browsers.shared()) as slow:
        slow.browser.burdened = True
        async with inside(browsers.shared()) as next_one:
            assert next_one.browser is slow.browser, "nobody waits for the fresh one"
            await until(lambda: browsers.current is not slow.browser, what="a fresh one stands ready")
            async with inside(browsers.shared()) as good:
                assert good.browser is not slow.browser
                await good.ended(late=False)
            await next_one.ended(late=False)
            assert not slow.browser.closed, "what it prints is printed to its end"
            await slow.ended(late=False)
    await until(lambda: slow.browser.closed)
    assert [browser.closed for browser in Browser.made] == [True, False]


async def test_not_more_than_the_limit_work_and_not_more_than_half_of_them_alone(browsers):
    places = [browsers.alone() for _ in range(4)] + [browsers.shared() for _ in range(4)]
    guests = [Guest(place) for place in places]
    await until(lambda: sum(1 for guest in guests if guest.browser) == 4)
    await turns()
    assert [bool(guest.browser) for guest in guests] == [True, True, False, False, True, True, False, False]
    assert browsers.busy == 4, "alone or not"
    while guests:
        guest = await until(lambda: next((each for each in guests if each.browser), None), what="each has its turn")
        guests.remove(guest)
        assert await guest.ended(late=False) is None
