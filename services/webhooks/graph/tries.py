"""How often an application may have strangers asked for an echo: who does not answer well has not asked to be called."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from libs.contracts.queries import Code
from libs.runtime.bus import Refused

#: Handshakes that may fail or still be open in so many seconds, for each application.
MOST, WINDOW = 30, 60.0
#: Applications that are remembered; the longest silent are forgotten first.
REMEMBERED = 10_000


class Tries:
    """Of each application, when its handshakes began that did not succeed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    @contextmanager
    def one(self, tenant: str, app: str) -> Iterator[None]:
        """A handshake; it counts unless it succeeds. Raises `Refused` when there were too many."""
        key, now = (tenant, app), self._clock()
        begun = self._begun.pop(key, [])
        begun[:] = [each for each in begun if each > now - WINDOW]
        self._begun[key] = begun
        if len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)
        if len(begun) >= MOST:
            sentence = f"{MOST} validation requests of this application had no good answer within a minute: try again in a minute."
            raise Refused(Code.BUSY, sentence)
        begun.append(now)
        yield
        with suppress(ValueError):  # it took so long that it does not count any more
            begun.remove(now)
