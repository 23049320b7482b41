"""What the mirror of the directory lacks, asked of the registry itself before anybody is refused for it; a flood is not."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from libs.contracts.directory import Entry
from libs.runtime.bus import Unanswered

#: Seconds for which an answer is good. The mirror has heard of a change by then, and a revocation has 5 seconds.
REMEMBERED = 1.0
#: Questions a second of one gateway, and how many may come at once: a registry answers thousands.
RATE = 50.0
BURST = 100.0

Ask = Callable[[str], Awaitable[Entry | None]]


class Latecomers:
    """Each key is asked for once in `REMEMBERED` seconds, however many want to know. Beyond `RATE` the mirror's word holds:
    then somebody floods the door with wrong tokens, and only what was made within the last second could be missed.
    """

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._asked: OrderedDict[str, tuple[float, asyncio.Future[Entry | None]]] = OrderedDict()
        self._left = BURST
        self._since = clock()

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, None: there is none, as far as may be asked. Raises the bus's `Unanswered`."""
        asking = self._asking(key, free=False)
        return await asyncio.shield(asking) if asking else None

    async def know(self, key: str, *, free: bool) -> Entry | None:
        """The same for who has no mirror to believe: what may not be asked is not known. `free`: asked beyond `RATE`, too.

        Raises `Unanswered`.
        """
        asking = self._asking(key, free=free)
        if asking is None:
            raise Unanswered("the directory is not heard, and too many ask for what it never had")
        return await asyncio.shield(asking)

    def _asking(self, key: str, *, free: bool) -> "asyncio.Future[Entry | None] | None":
        """The question for a key; None: it may not be asked."""
        now = self._clock()
        self._forget(now)
        _, asking = self._asked.get(key, (now, None))
        if asking is None:
            if not (free or self._affords(now)):
                return None
            asking = asyncio.ensure_future(self._ask(key))
            asking.add_done_callback(_looked_at)
            self._asked[key] = (now, asking)
        return asking

    def _forget(self, now: float) -> None:
        """What is old is forgotten; whoever still waits for an answer gets it."""
        while self._asked:
            key, (at, asking) = next(iter(self._asked.items()))
            if now - at < REMEMBERED or not asking.done():
                break
            del self._asked[key]

    def _affords(self, now: float) -> bool:
        self._left = min(BURST, self._left + (now - self._since) * RATE)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _looked_at(asking: "asyncio.Future[Entry | None]") -> None:
    """Whoever wanted to know may have gone: nobody is to be told of an exception that nobody has seen."""
    if not asking.cancelled():
        asking.exception()
