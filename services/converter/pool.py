"""A pool of engines: started when needed, lent to one document at a time, replaced when worn or broken, asleep when idle."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

import structlog

from services.converter import watchdog
from services.converter.domain import Failure, Rejected
from services.converter.turns import Turns

log = structlog.get_logger()


class EngineDied(Exception):
    """An engine ended in the middle of its work; whose fault it was is not known."""


class OutOfMemory(EngineDied):
    """An engine was killed because it took more memory than it may."""


class Crowded(EngineDied):
    """A document took longer than it may beside others in the same engine; which of them took the time is not known."""


class EngineLate(Exception):
    """A document took longer than it may; its engine was killed."""


class NoEngine(Exception):
    """An engine does not start: no document's fault."""


class PooledEngine(Protocol):
    """One engine process (or group of processes)."""

    @property
    def alive(self) -> bool:
        """Whether it can take another document."""

    @property
    def pid(self) -> int:
        """The leader of its process group; 0 before it is started."""

    async def start(self) -> None:
        """Start it; raises when it does not come up."""

    async def close(self) -> None:
        """Kill it and remove what it left."""


E = TypeVar("E", bound=PooledEngine)
T = TypeVar("T")


class Pool(Generic[E]):
    """At most `limit` engines at work, besides those whose documents take long (`Turns`); `spare` more stand ready.

    A spare one makes that a killed one is not missed. Whoever needs an engine gets the next one that is free: the one that is
    started for it, or one whose document is done before that. While a document seems to take long one more is made ready; its
    engine is made to give way to others.
    `recycle`: documents after which an engine is replaced. `idle`: seconds without work after which all are stopped.
    `patience`: seconds after which a document takes long; `courtesy`: those after which it does if another one waits.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], E],
        *,
        limit: int,
        spare: int,
        recycle: int,
        idle: float,
        patience: float,
        courtesy: float | None = None,
    ) -> None:
        self._name, self._make = name, make
        self._limit, self._spare, self._recycle, self._idle = limit, spare, recycle, idle
        self._hint = (patience if courtesy is None else courtesy) / 4
        self._turns = Turns(limit, patience, courtesy)
        self._ready: list[E] = []
        self._wanting: deque[asyncio.Future[E]] = deque()
        self._uses: dict[int, int] = {}
        self._busy: dict[int, E] = {}
        self._starting = 0
        self._proving = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._last = time.monotonic()
        self._sleeper: asyncio.Task[None] | None = None
        self._closed = False
        self.discarded = 0

    @property
    def limit(self) -> int:
        """How many documents it is meant for at once."""
        return self._limit

    @property
    def busy(self) -> int:
        """Engines at work."""
        return len(self._busy)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[E]:
        """An engine for one document, in order of asking. It comes back as it is; one that is not alive is thrown away."""
        async with self._turns.one(begun=False) as turn:
            engine = await self._take()  # that one had to be started is no document's fault
            turn.step = lambda: self._slow_down(engine)
            self._turns.begin(turn)
            hint = asyncio.get_running_loop().call_later(self._hint, self._replenish, 1)
            try:
                yield engine
            finally:
                hint.cancel()
                self._last = time.monotonic()
                self._busy.pop(id(engine), None)
                self._give_back(engine, worn=turn.aside)

    async def ready(self) -> None:
        """Prove that an engine can start. Spare ones are started with the first document, not beside everything else."""
        async with self._proving:
            if self._busy or any(engine.alive for engine in self._ready):
                return
            if self._closed:
                raise self._stopped()
            self._sleeper = self._sleeper or asyncio.create_task(self._sleep())
            self._last = time.monotonic()
            self._starting += 1
            try:
                engine = await self._started()
            except Exception as error:
                self._disappoint(error)
                raise
            finally:
                self._starting -= 1
            await self._arrive(engine)

    async def close(self) -> None:
        """Stop all engines for good, also those at work."""
        self._closed = True
        if self._sleeper:
            self._sleeper.cancel()
        while self._wanting:
            self._disappoint(self._stopped())
        await asyncio.gather(*(engine.close() for engine in self._busy.values()))
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stop_ready()

    async def _take(self) -> E:
        if self._closed:
            raise self._stopped()
        self._sleeper = self._sleeper or asyncio.create_task(self._sleep())
        while self._ready:
            engine = self._ready.pop()
            if engine.alive:
                break
            self._discard(engine)
        else:
            engine = await self._next()
        self._busy[id(engine)] = engine
        self._uses[id(engine)] = self._uses.get(id(engine), 0) + 1
        self._replenish()
        return engine

    async def _next(self) -> E:
        """The next engine that is free."""
        place: asyncio.Future[E] = asyncio.get_running_loop().create_future()
        self._wanting.append(place)
        self._replenish()
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and not place.exception():
                self._hand(place.result())
            raise

    def _hand(self, engine: E, *, first: bool = True) -> None:
        """An engine to whoever waits for one, or to the others that are ready. `first`: it is warm, and the next to be taken."""
        while self._wanting:
            if not (place := self._wanting.popleft()).done():
                place.set_result(engine)
                return
        self._ready.insert(len(self._ready) if first else 0, engine)

    def _disappoint(self, error: Exception) -> bool:
        """Whether anybody waits for an engine, who meets this error."""
        while self._wanting:
            if not (place := self._wanting.popleft()).done():
                place.set_exception(error)
                return True
        return False

    def _stopped(self) -> NoEngine:
        return NoEngine(f"The engine {self._name} was stopped.")

    def _slow_down(self, engine: E) -> None:
        log.info("document takes long, others go before it", engine=self._name)
        watchdog.give_way(engine.pid, others_first=True)
        self._replenish()

    def _give_back(self, engine: E, *, worn: bool) -> None:
        if worn and engine.alive:
            worn = not watchdog.give_way(engine.pid, others_first=False)
        if self._closed or worn or not engine.alive or self._uses[id(engine)] >= self._recycle:
            self._discard(engine)
            self._replenish()
        else:
            self._hand(engine)

    def _discard(self, engine: E) -> None:
        self.discarded += 1
        self._uses.pop(id(engine), None)
        self._background(engine.close())

    def _replenish(self, more: int = 0) -> None:
        """Start what is missing: an engine for everyone at work or waiting, and `spare` (or `more`) others.

        Whose documents have stepped aside may end with them, and are replaced before they are missed.
        """
        wanted = min(len(self._busy) + len(self._wanting), self._turns.places) + max(self._spare, more)
        if aside := self._turns.aside:
            wanted = max(wanted, self._limit + aside)
        while not self._closed and len(self._busy) + len(self._ready) + self._starting < wanted:
            self._starting += 1
            self._background(self._start_spare())

    async def _start_spare(self) -> None:
        try:
            engine = await self._started()
        except Exception as error:  # noqa: BLE001 - the document that needs an engine meets it
            if not self._disappoint(error):
                log.warning("spare engine did not start", engine=self._name, error=str(error))
            return
        finally:
            self._starting -= 1
        await self._arrive(engine)

    async def _arrive(self, engine: E) -> None:
        """One that was started joins the others."""
        if self._closed:
            await engine.close()
        else:
            self._hand(engine, first=False)

    async def _started(self) -> E:
        engine = self._make()
        began = time.monotonic()
        try:
            await engine.start()
        except BaseException as error:
            self._background(engine.close())
            if isinstance(error, (EngineDied, TimeoutError, OSError)):
                raise NoEngine(f"The engine {self._name} did not start.") from error
            raise
        log.debug("engine started", engine=self._name, seconds=round(time.monotonic() - began, 3))
        return engine

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sleep(self) -> None:
        """Look when there may have been no work for long enough, until there is no engine; the next one brings another look."""
        while True:
            await asyncio.sleep(max(self._last + self._idle - time.monotonic(), min(self._idle / 4, 30)))
            if not (self._busy or self._ready or self._starting or self._wanting):
                self._sleeper = None
                return
            if not self._busy and self._ready and time.monotonic() - self._last > self._idle:
                log.info("engines asleep", engine=self._name)
                await self._stop_ready()

    async def _stop_ready(self) -> None:
        engines, self._ready = self._ready, []
        await asyncio.gather(*(engine.close() for engine in engines))


async def twice(
    work: Callable[[], Coroutine[object, object, T]], again: Callable[[], Coroutine[object, object, T]] | None = None
) -> T:
    """The result of `work`; if its engine died, of one more try (`again`, if that differs) with a fresh engine.

    Raises `Rejected` for a document that killed both, or that took too long.
    """
    try:
        try:
            return await work()
        except EngineDied:
            log.warning("engine died or was too busy, trying once more")
            with contextlib.suppress(OutOfMemory):
                return await (again or work)()
            raise OutOfMemory from None
    except EngineLate:
        raise Rejected(Failure.TIMEOUT, "The document takes too long to convert; make it smaller or simpler.") from None
    except OutOfMemory:
        raise Rejected(Failure.MEMORY, "The document needs too much memory to convert; make it smaller or simpler.") from None
    except EngineDied:
        raise Rejected(
            Failure.CRASH, "The program that converts such documents crashed on this one, twice; save it anew, or as PDF."
        ) from None
