"""One Chromium: a fresh context for every document, each behind a gate of its own to a network that holds nothing else."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
from playwright.async_api import Browser, BrowserContext, Error, Page

from libs.runtime.ending import end
from libs.runtime.vetting import Guard
from services.converter import watchdog
from services.converter.browserprocess import STOP, BrowserProcess
from services.converter.company import Company
from services.converter.pool import EngineDied, EngineLate, OutOfMemory
from services.converter.proxy import Gate, Visit
from services.converter.sandbox import Sandbox
from services.converter.settings import ConverterSettings

log = structlog.get_logger()

#: Pages that stand open for the next documents while the browser works: opening one takes as long as printing it.
_PREPARED = 2
#: How Chromium names the processes that run pages; each has those of one context, and ends with it.
_RENDERER = "--type=renderer"
#: Seconds of processor time after which a page is one that takes long; it goes on when the others leave something.
_PATIENCE = 1.0


@dataclass(slots=True)
class _Stand:
    """A gate, and a page behind it if one is prepared; it serves one document, then a fresh one takes its place."""

    gate: Gate
    context: BrowserContext | None = None
    page: Page | None = None
    javascript: bool = True


class _Accident:
    """The end of a renderer or a browser at work: not every call to a dead page returns, so the time is made to be over."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self.happened = False

    @contextmanager
    def awaited(self, page: Page, browser: Browser) -> Iterator[None]:
        page.on("crash", self._happen)
        browser.on("disconnected", self._happen)
        try:
            yield
        finally:
            page.remove_listener("crash", self._happen)
            browser.remove_listener("disconnected", self._happen)

    def _happen(self, _what: Page | Browser) -> None:
        if not self.happened and not self._limit.expired():
            self.happened = True
            self._limit.reschedule(asyncio.get_running_loop().time())


class Chromium:
    """A browser that prints one document per context. Start it in the main thread."""

    def __init__(self, settings: ConverterSettings, box: Sandbox, guard: Guard) -> None:
        self._settings, self._guard = settings, guard
        self._process = BrowserProcess(box, settings.chromium, settings.converter_pages)
        self._gates: list[Gate] = []
        self._free: deque[_Stand] = deque()
        self._turn = asyncio.Semaphore(0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pacing: asyncio.Task[None] | None = None
        self._heavy: set[int] = set()
        self._over = self._spoiled = False
        self.retired = False
        self.company = Company()

    @property
    def alive(self) -> bool:
        """Whether it can take another document."""
        return self._process.alive and not self.retired

    @property
    def burdened(self) -> bool:
        """Whether a page in it takes long: it still works, but another document is better off elsewhere."""
        return bool(self._heavy and self.company.inside)

    @property
    def pid(self) -> int:
        """The leader of its process group; 0 if there is none."""
        return self._process.pid

    async def start(self) -> None:
        """Start browser and gates. Raises what prevents it."""
        self._gates = [Gate(listener, self._guard) for listener in await self._process.start()]
        for gate in self._gates:
            await gate.start()
            self._free.append(_Stand(gate))
            self._turn.release()
        self._pacing = asyncio.create_task(watchdog.pace(self.pid, _RENDERER, _PATIENCE, self._working, self._heavy))

    async def close(self) -> None:
        """End the browser with everything that it started; one with a page that does not end is not asked."""
        self.retired = True
        if self._spoiled:
            self._process.kill()
        if self._pacing:
            self._pacing.cancel()
        await end(*self._tasks)
        for gate in self._gates:
            await gate.close()
        await self._process.close()

    @asynccontextmanager
    async def page(self, visit: Visit, *, javascript: bool) -> AsyncIterator[Page]:
        """A page in a context of its own that reaches the world through one gate, for at most the time of one document.

        Raises `EngineLate`, `EngineDied` or `OutOfMemory` for what happens to the browser meanwhile; it is retired then.
        """
        await self._turn.acquire()
        stand = self._choose(javascript=javascript)
        limit = asyncio.timeout(self._settings.convert_timeout)
        accident, opened = _Accident(limit), False
        try:
            async with stand.gate.open(visit), watchdog.watched(self.pid, self._settings.engine_memory, self._stop), limit:
                page = await self._opened(stand, javascript=javascript)
                opened = True
                with accident.awaited(page, self._process.browser):
                    yield page
        except TimeoutError:
            self.retired = self._spoiled = True
            # A page that did not even open has not met its document: others keep the browser busy.
            if accident.happened or not opened or not self._process.alive:
                raise (OutOfMemory if self._over else EngineDied) from None
            raise EngineLate from None
        except Error as error:
            if not self._process.alive or "crash" in error.message.lower():
                self.retired = True
            log.info("browser failed", cause=error.message.splitlines()[0].split(" at ")[0])
            raise (OutOfMemory if self._over else EngineDied) from None
        finally:
            task = asyncio.get_running_loop().create_task(self._renew(stand, javascript=javascript))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _working(self) -> bool:
        return len(self._free) < len(self._gates)

    def _choose(self, *, javascript: bool) -> _Stand:
        """A prepared stand of the right kind if there is one, else one that costs nothing to lose."""
        chosen = min(self._free, key=lambda stand: 0 if stand.page and stand.javascript == javascript else 2 if stand.page else 1)
        self._free.remove(chosen)
        return chosen

    async def _opened(self, stand: _Stand, *, javascript: bool) -> Page:
        if stand.page is None or stand.javascript != javascript:
            await self._cleared(stand)
            stand.context = await self._process.browser.new_context(
                # Without <-loopback> the browser's own loopback would pass the proxy by.
                proxy={"server": f"http://127.0.0.1:{stand.gate.port}", "bypass": "<-loopback>"},
                java_script_enabled=javascript,
                service_workers="block",
                accept_downloads=False,
                bypass_csp=True,  # our own style sheet sets the page
                locale="zh-CN",
            )
            stand.page, stand.javascript = await stand.context.new_page(), javascript
        return stand.page

    async def _renew(self, stand: _Stand, *, javascript: bool) -> None:
        """End what belongs to the last document; prepare for the next if too little stands ready."""
        try:
            await self._cleared(stand)
            if self.alive and sum(1 for other in self._free if other.page) < _PREPARED:
                with contextlib.suppress(Error, TimeoutError):
                    await asyncio.wait_for(self._opened(stand, javascript=javascript), STOP)
        finally:
            self._free.append(stand)
            self._turn.release()

    async def _cleared(self, stand: _Stand) -> None:
        context, stand.context, stand.page = stand.context, None, None
        if context is None:
            return
        try:
            # A renderer that spins is killed with its context.
            await asyncio.wait_for(context.close(), STOP)
        except TimeoutError:
            self._kill()
        except Error:
            return

    def _stop(self) -> None:
        self._over = True
        self._kill()

    def _kill(self) -> None:
        self.retired = True
        self._process.kill()
