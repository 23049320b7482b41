"""A limit for wrong tokens: who shows too many of them from one address has to wait (webprinter.md 4.3)."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from starlette.requests import HTTPConnection

from services.gateway.auth import Scheme, Throttled, Unidentified
from services.gateway.directory import Directory
from services.gateway.domain import Identity

K = TypeVar("K")
V = TypeVar("V")

#: Seconds over which wrong tokens are counted.
WINDOW = 60.0
#: Seconds to wait for who shows more credentials at the same time than it may show wrong ones.
MOMENT = 1.0
#: Addresses and good credentials that are remembered; the longest unused are forgotten first.
MOST = 10_000
#: Headers that credentials travel in.
HEADERS = ("api-access-token", "authorization")


class Tally:
    """Wrong tries by address within `WINDOW`, and what was right before, as hashes of this process only: no token is kept."""

    def __init__(self, tries: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._good: OrderedDict[int, None] = OrderedDict()
        self._open: dict[str, Counter[int]] = {}

    def wait(self, peer: str) -> float:
        """Seconds until this address (see `line_of`) may try again."""
        count, since = self._wrong.get(peer, (0, 0.0))
        return max(0.0, since + WINDOW - self._clock()) if count >= self._tries else 0.0

    @contextmanager
    def trying(self, peer: str, shown: int) -> Iterator[None]:
        """While it is looked up what has this hash: what is not answered yet counts as wrong, the same one shown often as one.

        Raises `Throttled`.
        """
        open_ = self._open.setdefault(peer, Counter())
        count, since = self._wrong.get(peer, (0, 0.0))
        wrong = count if self._clock() - since < WINDOW else 0
        if open_ and shown not in open_ and wrong + len(open_) >= self._tries:
            raise Throttled(MOMENT)
        open_[shown] += 1
        try:
            yield
        finally:
            open_[shown] -= 1
            if not open_[shown]:
                del open_[shown]
            if not open_:
                self._open.pop(peer, None)

    def wrong(self, peer: str) -> None:
        """One more wrong try of this address."""
        now = self._clock()
        count, since = self._wrong.get(peer, (0, now))
        _remember(self._wrong, peer, (count + 1, since) if now - since < WINDOW else (1, now))

    def right(self, shown: int) -> None:
        """What has this hash is good."""
        _remember(self._good, shown, None)

    def knows(self, shown: int) -> bool:
        """Whether it was good before."""
        return shown in self._good


class Throttle:
    """A scheme around all others. Whoever was let in before is let in again, also from an address that has to wait:
    behind a proxy, many clients share one.
    """

    def __init__(self, schemes: Sequence[Scheme], tries: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._schemes = schemes
        self._tally = Tally(tries, clock)

    async def identify(self, request: HTTPConnection, directory: Directory) -> Identity | None:
        """Who asks, by the first scheme that knows. Raises `Throttled` without a look at the credential."""
        peer = _peer(request)
        shown = hash((peer, *(request.headers.get(name) for name in HEADERS)))
        if self._tally.knows(shown) or not any(name in request.headers for name in HEADERS):
            return await self._known(request, directory, peer, shown)
        if (wait := self._tally.wait(peer)) > 0:
            raise Throttled(wait)
        with self._tally.trying(peer, shown):
            return await self._known(request, directory, peer, shown)

    async def _known(self, request: HTTPConnection, directory: Directory, peer: str, shown: int) -> Identity | None:
        for scheme in self._schemes:
            try:
                identity = await scheme.identify(request, directory)
            except Unidentified:
                self._tally.wrong(peer)
                raise
            if identity:
                self._tally.right(shown)
                return identity
        return None


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > MOST:
        memory.popitem(last=False)


def _peer(request: HTTPConnection) -> str:
    return line_of(request.client.host if request.client else "")


@lru_cache(maxsize=1024)
def line_of(host: str) -> str:
    """Whose tries are counted together: an address, or the network of 64 bits that one IPv6 line has."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(int(address) >> 64) if isinstance(address, IPv6Address) and not address.ipv4_mapped else host
