"""Which browser takes a document: one for all, replaced when worn, broken or burdened, and one alone after an accident."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from playwright.async_api import Error

from services.converter.chromium import Chromium
from services.converter.pool import Crowded, EngineLate, NoEngine

log = structlog.get_logger()


class Browsers:
    """At most `limit` documents at a time, of which at most half are each in a browser of its own.

    `recycle`: documents after which the browser is replaced. `idle`: seconds to sleep. `proof`: a document that was late is known
    to be so by its own doing if it was the only one in its browser for so many seconds.
    """

    def __init__(self, make: Callable[[], Chromium], *, limit: int, recycle: int, idle: float, proof: float) -> None:
        self._make, self._recycle, self._idle, self._proof = make, recycle, idle, proof
        self._turn = asyncio.Semaphore(limit)
        self.limit = limit
        self.busy = 0
        self.discarded = 0
        self._starting = asyncio.Lock()
        self._alone = asyncio.Semaphore(max(1, limit // 2))
        self._current: Chromium | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._last = time.monotonic()
        self._sleeper: asyncio.Task[None] | None = None

    @property
    def current(self) -> Chromium | None:
        """The browser that new documents go to."""
        return self._current

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[Chromium]:
        """The common browser, for one document. Raises `Crowded` for `EngineLate` if others may have taken the time."""
        async with self._turn:
            browser = await self._running()
            try:
                with self._counted(), browser.company.one():
                    try:
                        yield browser
                    except EngineLate:
                        if browser.company.quiet < self._proof:
                            raise Crowded from None
                        raise
            finally:
                self._last = time.monotonic()
                self._let_go(browser)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Chromium]:
        """A browser for one document alone: what goes wrong now is that document's own doing."""
        async with self._alone, self._turn:
            browser = await self._started()
            try:
                with self._counted():
                    yield browser
            finally:
                await browser.close()

    async def ready(self) -> None:
        """Prove that a browser can start."""
        await self._running()

    async def close(self) -> None:
        """Stop all browsers for good, also those at work."""
        self._closed = True
        if self._sleeper:
            self._sleeper.cancel()
        await self._put_to_sleep()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """A document at work."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    async def _running(self) -> Chromium:
        self._sleeper = self._sleeper or asyncio.create_task(self._sleep())
        if self._current and self._current.alive:
            if self._current.burdened:
                self._background(self._replace(self._current))
            return self._current
        async with self._starting:
            if self._current is None or not self._current.alive:
                worn, self._current = self._current, None
                if worn is not None:
                    worn.retired = True
                    self.discarded += 1
                    self._let_go(worn)
                self._current = await self._started()
            return self._current

    async def _started(self) -> Chromium:
        if self._closed:
            raise NoEngine("Chromium was stopped.")
        browser = self._make()
        began = time.monotonic()
        try:
            await browser.start()
        except BaseException as error:
            self._background(browser.close())
            if isinstance(error, (Error, OSError, TimeoutError)):
                raise NoEngine(f"Chromium did not start: {str(error).splitlines()[0]}") from error
            raise
        log.debug("engine started", engine="chromium", seconds=round(time.monotonic() - began, 3))
        return browser

    def _let_go(self, browser: Chromium) -> None:
        if browser is self._current and (browser.company.uses >= self._recycle or not browser.alive) and not browser.retired:
            self._background(self._replace(browser))
        if browser.retired and browser.company.inside == 0:
            if browser is self._current:
                self._current = None
                self._background(self._replace(None))
            self._background(browser.close())

    async def _replace(self, worn: Chromium | None) -> None:
        """Start the next browser while the worn one still serves."""
        if self._starting.locked() or self._closed:
            return
        async with self._starting:
            if self._current is not worn:
                return
            try:
                self._current = await self._started()
            except NoEngine as error:
                log.warning("browser was not replaced", error=str(error))
                return
        if worn is not None:
            worn.retired = True
            self.discarded += 1
            self._let_go(worn)

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sleep(self) -> None:
        """Look when there may have been no work for long enough, until there is no browser; the next one brings another look."""
        while True:
            await asyncio.sleep(max(self._last + self._idle - time.monotonic(), min(self._idle / 4, 30)))
            if self._current is None and not self._starting.locked():
                self._sleeper = None
                return
            if self._current and not self._current.company.inside and time.monotonic() - self._last > self._idle:
                log.info("engines asleep", engine="chromium")
                await self._put_to_sleep()

    async def _put_to_sleep(self) -> None:
        async with self._starting:
            browser, self._current = self._current, None
        if browser is not None:
            browser.retired = True
            await browser.close()
