"""Whose conversion goes next: an engine's orders are shared among tenants by weight, and among a tenant's printers alike."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple, TypeVar

from libs.contracts.documents import Engine

#: Orders of an engine that may be with one converter at once, waiting ones included: about a second of its work, and enough
#: that it never waits for the spooler.
AHEAD = {Engine.TEXT: 200, Engine.RAW: 200, Engine.IMAGE: 100, Engine.PDF: 100, Engine.HTML: 32, Engine.OFFICE: 16}

#: The most of it while several flows send within so many seconds of each other: what is out is what the next one waits behind.
#: Only for what is short: with the others converters take turns themselves (ADR 0052), and slow ones would take up the places.
AMONG_OTHERS, TOGETHER = {Engine.TEXT: 24, Engine.RAW: 24}, 1.0

K = TypeVar("K")


class Flow(NamedTuple):
    """What is served in turn: a tenant's conversions for one printer."""

    tenant: str
    printer: str


class Share:
    """One engine's orders: which are out, and which flows have more that wait. It is a term's memory, told by the database.

    `ahead` orders are out at most (`among_others` while several flows send), but for tenants that have less than their part of
    them, and for printers that have none out (up to as many again): what they send is one turn away from its converter,
    however much the others have sent.
    """

    def __init__(self, ahead: int, weights: Mapping[str, int], among_others: int = 0) -> None:
        self._alone, self._among_others = ahead, among_others or ahead
        self._latest: Flow | None = None
        self._mixed_at = float("-inf")
        self._weights = weights
        self._out: dict[str, Flow] = {}
        self._of_tenant: Counter[str] = Counter()
        self._of_flow: Counter[Flow] = Counter()
        self._turns = 0
        self._last: dict[str | Flow, int] = {}
        self.waiting: set[Flow] = set()

    @property
    def _ahead(self) -> int:
        return self._among_others if time.monotonic() - self._mixed_at < TOGETHER else self._alone

    @property
    def room(self) -> int:
        """How many orders may be sent as long as nobody waits."""
        return max(self._ahead - len(self._out), 0)

    def sent(self, task: str, flow: Flow) -> None:
        """The order of a task is out; told again, it is the same one."""
        if task in self._out:
            self.ended(task)
        if flow != self._latest:
            self._latest, self._mixed_at = flow, time.monotonic() if self._latest else self._mixed_at
        self._out[task] = flow
        self._of_tenant[flow.tenant] += 1
        self._of_flow[flow] += 1

    def ended(self, task: str) -> None:
        """The order of a task is out no more, if it was."""
        flow = self._out.pop(task, None)
        if flow is None:
            return
        _lower(self._of_tenant, flow.tenant)
        _lower(self._of_flow, flow)

    def allot(self, flows: Iterable[Flow]) -> dict[Flow, int]:
        """How many orders each of these flows may send now, if it has so many.

        The tenant with the fewest orders out for its weight goes first, then its printer with the fewest; of equal ones
        the one whose last turn is the longest ago.
        """
        queues: dict[str, list[tuple[int, int, Flow]]] = {}
        for flow in flows:
            queues.setdefault(flow.tenant, []).append((self._of_flow[flow], self._last.get(flow, 0), flow))
        parts, ahead = self._parts(queues), self._ahead
        out, total = Counter(self._of_tenant), len(self._out)
        tenants = [(out[tenant] / self._weight(tenant), self._last.get(tenant, 0), tenant) for tenant in queues]
        heapify(tenants)
        for queue in queues.values():
            heapify(queue)
        given: dict[Flow, int] = {}
        while tenants:
            _, _, tenant = heappop(tenants)
            first = queues[tenant][0][0] == 0 and total < 2 * ahead
            if total >= ahead and out[tenant] >= parts[tenant] and not first:
                continue
            orders, _, flow = heappop(queues[tenant])
            given[flow] = given.get(flow, 0) + 1
            self._turns += 1
            self._last[tenant] = self._last[flow] = self._turns
            heappush(queues[tenant], (orders + 1, self._turns, flow))
            out[tenant] += 1
            total += 1
            heappush(tenants, (out[tenant] / self._weight(tenant), self._turns, tenant))
        return given

    def empty(self, flow: Flow) -> None:
        """Nothing of a flow waits any more."""
        self.waiting.discard(flow)
        self._last.pop(flow, None)

    def _parts(self, waiting: Iterable[str]) -> dict[str, float]:
        """What each tenant may have out whatever the others have, in orders."""
        active = {*waiting, *self._of_tenant}
        whole, ahead = sum(map(self._weight, active)), self._ahead
        return {tenant: max(ahead * self._weight(tenant) / whole, 1.0) for tenant in active}

    def _weight(self, tenant: str) -> int:
        return self._weights.get(tenant, 1)


def _lower(counter: Counter[K], key: K) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


class Shares:
    """The shares of all engines. `converters` is how many converter processes a region has; weights are 1 unless given."""

    def __init__(self, weights: Mapping[str, int] | None = None, converters: int = 1) -> None:
        self.engines = {
            engine: Share(ahead * converters, weights or {}, AMONG_OTHERS.get(engine, ahead) * converters)
            for engine, ahead in AHEAD.items()
        }

    def begin(self, ordered: Iterable[tuple[str, str, Flow]], waiting: Iterable[tuple[str, Flow]]) -> None:
        """What the database knows: the task, engine and flow of each order that is out; engine and flow of what waits."""
        for task, engine, flow in ordered:
            self.engines[Engine(engine)].sent(task, flow)
        for engine, flow in waiting:
            self.engines[Engine(engine)].waiting.add(flow)
