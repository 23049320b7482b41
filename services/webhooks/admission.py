"""What an endpoint may be: where it may lead, and what it may choose. Everything else is refused in a sentence."""

import asyncio
from collections.abc import Mapping, Sequence

from libs.contracts.endpoints import DeviceFilter, EventKind
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.origin import Unfit, is_web, origin_of
from libs.runtime.vetting import Forbidden, Guard, Unknown, Unreachable
from services.webhooks.dialects import Dialect

#: Seconds for which a name is looked up, and bounds of what is stored.
LOOK_UP = 5.0
LONGEST_URL = 2048
LONGEST_NAME = 255
MOST_DEVICES = 100
BINARY = "cloudevents"


class Admission:
    """The rules of new and changed endpoints of clients."""

    def __init__(self, dialects: Mapping[str, Dialect], guard: Guard) -> None:
        self._dialects = dialects
        self._guard = guard

    async def address(self, url: str, *, trusted: bool, name: str = "url") -> None:
        """Where events may be sent: anywhere for the operator; a client's is vetted now, and again at every connection.

        `name` is that of the member in sentences. Raises `Refused`.
        """
        if len(url) > LONGEST_URL:
            raise _bad(f"{name} must have at most {LONGEST_URL} characters; it has {len(url)}.")
        if trusted and is_web(url):
            return
        try:
            origin = origin_of(url)
        except Unfit as problem:
            raise _bad(f"{name}: {problem}.") from None
        try:
            async with asyncio.timeout(LOOK_UP):
                await self._guard.addresses(origin.host, origin.port)
        except (Forbidden, Unknown) as problem:
            raise _bad(f"{name}: {problem}") from None
        except (Unreachable, TimeoutError):
            raise Refused(Code.BUSY, f"{name}: the name {origin.host} cannot be resolved now; try again in a moment.") from None

    def words(self, dialect: str, kinds: Sequence[EventKind], devices: Sequence[DeviceFilter], name: str, *, binary: bool) -> None:
        """What an endpoint chooses must have a meaning in its dialect. Raises `Refused`."""
        speaks = self._dialects.get(dialect)
        if speaks is None:
            raise _bad(f"dialect must be one of {', '.join(sorted(self._dialects))}.")
        if binary and dialect != BINARY:
            raise _bad(f"mode: only the dialect {BINARY} has a binary mode; leave it out.")
        for kind in kinds:
            if not speaks.tells(kind):
                raise _bad(f"events: the dialect {dialect} has no event for {kind}; leave it out, or choose another dialect.")
        if len(devices) > MOST_DEVICES:
            raise _bad(f"devices must name at most {MOST_DEVICES}; without any, it hears of all.")
        if len(name) > LONGEST_NAME:
            raise _bad(f"name must have at most {LONGEST_NAME} characters; it has {len(name)}.")


def _bad(sentence: str) -> Refused:
    return Refused(Code.BAD_REQUEST, sentence)
