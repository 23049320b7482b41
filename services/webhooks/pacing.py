"""How fast addresses are told that have not said that they want it, and those that named a limit: places in a line, one by one."""

import time
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry

from libs.contracts.metrics import LANES_HELD
from libs.runtime.metrics import counter
from services.webhooks.domain import Endpoint

MINUTE = 60.0
#: An address that does not allow us is asked again after so many seconds: who learns to answer need not wait for long.
AGAIN = 60.0

Ask = Callable[[Endpoint], Awaitable[Endpoint]]


class Rate:
    """So many places a minute, `burst` of them at once after a rest."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self._interval = MINUTE / per_minute
        self._slack = self._interval * (burst - 1)
        self._next = 0.0

    def reserve(self, now: float) -> float:
        """Take the next place, and say when it is (seconds of the same clock): a moment that has passed means now."""
        place = max(self._next, now)
        self._next = place + self._interval
        return place - self._slack

    def at_once(self, now: float) -> bool:
        """Take a place if one is free now; whether there was one."""
        if max(self._next, now) - self._slack > now:
            return False
        self.reserve(now)
        return True


class Allowance:
    """What the clients of each tenant may have told to strangers: one line for all of a tenant's endpoints that are not proven.

    `per_minute` 0: there is no limit. One line, and not one for each endpoint or name: many of them may lead to one address.
    """

    def __init__(self, per_minute: int, metrics: CollectorRegistry) -> None:
        self.per_minute = per_minute
        self._lines: dict[str, Rate] = {}
        self._held = counter(LANES_HELD, metrics)

    def line(self, tenant: str) -> Rate:
        """The line of a tenant."""
        if tenant not in self._lines:
            self._lines[tenant] = Rate(self.per_minute, self.per_minute)
        return self._lines[tenant]

    def at_once(self, tenant: str) -> bool:
        """Whether a request for a tenant may go now, out of turn; it counts."""
        return not self.per_minute or self.line(tenant).at_once(time.monotonic())

    def held(self, dialect: str) -> None:
        """A lane has to wait."""
        self._held.labels(dialect).inc()


class Gate:
    """Of one lane: it has one place at a time, so that all lanes of a tenant go by turns."""

    def __init__(self, allowance: Allowance, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance = allowance
        self._ask = ask
        self._clock = clock
        self._place: float | None = None
        self._own: tuple[int, Rate] = (0, Rate(1, 1))
        self._was_held = False
        self._ask_at = float("-inf")

    @property
    def holding(self) -> bool:
        """Whether an attempt waits for its place."""
        return self._place is not None

    async def pass_through(self, endpoint: Endpoint) -> tuple[Endpoint, float]:
        """The endpoint as it is known now, and the seconds until its next attempt may start; 0: now, and the place is used.

        An endpoint that would have to wait is first asked for its permission, in a place of its own.
        """
        while (line := self._line(endpoint)) is not None:
            now = self._clock()
            if self._place is None:
                self._place = line.reserve(now)
            if (wait := self._place - now) > 0:
                self._hold(endpoint)
                return endpoint, wait
            self._place = None
            if endpoint.proven_at or not self._was_held or now < self._ask_at:
                break
            self._ask_at = now + AGAIN
            endpoint = await self._ask(endpoint)
        else:
            self._place = None
        return endpoint, 0.0

    def _line(self, endpoint: Endpoint) -> Rate | None:
        if not endpoint.proven_at:
            return self._allowance.line(endpoint.tenant) if self._allowance.per_minute else None
        if endpoint.allowed_rate and self._own[0] != endpoint.allowed_rate:
            self._own = endpoint.allowed_rate, Rate(endpoint.allowed_rate, max(1, endpoint.allowed_rate // 60))
        return self._own[1] if endpoint.allowed_rate else None

    def _hold(self, endpoint: Endpoint) -> None:
        if not self._was_held:
            self._allowance.held(endpoint.dialect)
        self._was_held = True
