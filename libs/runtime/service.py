"""Starting and stopping one service: its parts in order, its loops supervised, its readiness asked of each part."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

import structlog
from prometheus_client import CollectorRegistry

from libs.runtime.ending import TIDYING
from libs.runtime.ending import end as end_for_good
from libs.runtime.traces import Tracing

log = structlog.get_logger()
T = TypeVar("T")
Check = Callable[[], Awaitable[str]]

_BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)


class Service:
    """One service while it runs. `app.py` fills it; `libs.runtime.process` (or the embedded server) starts and stops it."""

    def __init__(self, name: str, tracing: Tracing, grace: float = 10.0) -> None:
        self.name = name
        self.tracing = tracing
        self.metrics = CollectorRegistry()
        self.grace = grace
        self.log = log.bind(service=name)
        self._stack = AsyncExitStack()
        self._checks: dict[str, Check] = {}
        self._faults: dict[str, str] = {}
        self._stopping = asyncio.Event()
        self._stop_by = 0.0
        self._loops: list[asyncio.Task[None]] = []

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for: take nothing new."""
        return self._stopping.is_set()

    async def enter(self, part: AbstractAsyncContextManager[T]) -> T:
        """Start a part now; it is stopped in reverse order."""
        return await self._stack.enter_async_context(part)

    def on_stop(self, callback: Callable[[], Awaitable[Any]]) -> None:
        """Call this when the service stops, in reverse order."""
        self._stack.push_async_callback(callback)

    def check(self, name: str, check: Check) -> None:
        """Add a readiness check: it returns an empty string when well, else one sentence."""
        self._checks[name] = check

    def loop(self, name: str, body: Callable[[], Awaitable[None]], stop: Callable[[], Any] | None = None) -> None:
        """Run `body` until it returns; when it raises, log it, be unready, and run it again after a pause.

        On stop, `stop` asks it to finish; without one it is canceled.
        """
        task = asyncio.create_task(self._supervise(name, body), name=f"{self.name}.{name}")
        self._loops.append(task)

        async def end() -> None:
            if stop:
                stop()
                await asyncio.wait([task], timeout=max(0.0, self._stop_by - time.monotonic()))
            await end_for_good(task, again=TIDYING)

        self._stack.push_async_callback(end)

    async def _supervise(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while not self.stopping:
            begun = time.monotonic()
            try:
                await body()
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and _asked_to_end():
                    raise
                failures = 1 if time.monotonic() - begun > 60 else failures + 1
                self._faults[name] = f"{name} failed: {type(error).__name__}"
                self.log.exception("loop failed", loop=name)
                await self._pause(_BACKOFF[min(failures, len(_BACKOFF)) - 1])
                self._faults.pop(name, None)
            else:
                return

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def problems(self) -> dict[str, str]:
        """What keeps this service from being ready: part -> sentence; empty when it is."""
        found = dict(self._faults)
        checks = dict(self._checks)  # more may come while these are asked: it is starting
        answers = await asyncio.gather(*(self._asked(check) for check in checks.values()))
        found.update({name: answer for name, answer in zip(checks, answers, strict=True) if answer})
        if self.stopping:
            found["service"] = "it is stopping"
        return found

    @staticmethod
    async def _asked(check: Check) -> str:
        try:
            return await asyncio.wait_for(check(), 5)
        except Exception as error:  # noqa: BLE001 - a check that fails is a check that says no
            return str(error) or type(error).__name__

    async def stop(self) -> None:
        """Stop the parts in reverse order: all loops together have the grace to finish, the rest of it is for what is forced."""
        self._stopping.set()
        self._stop_by = time.monotonic() + self.grace
        try:
            await asyncio.wait_for(self._stack.aclose(), self.grace + 5)
        except TimeoutError:
            self.log.error("stopped by force", after=self.grace + 5)  # noqa: TRY400 - the trace says nothing more
        for task in self._loops:
            task.cancel()
        self.log.info("service stopped")


def _asked_to_end() -> bool:
    """Whether the running task itself was canceled, and not something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
