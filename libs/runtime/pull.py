"""Pulling many messages of a durable at once, for hot paths: one request, one callback, nothing made per message."""

import asyncio
import json
from collections import deque

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.errors import APIError

from libs.runtime.bus import Bus

#: Statuses after which a request is over without anything being wrong: no messages, time is over, the consumer says so.
_EMPTY, _LATE, _CONFLICT = "404", "408", "409"
#: Seconds before a consumer that refused a request is asked again: it may refuse for long.
_REFUSED = 0.1
#: Seconds that a request waits on the server. One of a cluster may lose it with its leader, every one with a stream that is deleted
#: under it, and nobody says so.
ALONE, IN_CLUSTER = 10.0, 5.0


class Puller:
    """Requests on one durable, one at a time. What comes late, for a request that was given up, comes with the next one."""

    def __init__(self, bus: Bus, stream: str, durable: str) -> None:
        self._bus = bus
        self._request = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._number = 0
        self._came: deque[Msg] = deque()
        self._wanted = 0
        self._over = ""
        self._refusal: Msg | None = None
        self._woken = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen for what comes. Raises NATS's errors."""
        self._inbox = self._bus.client.new_inbox()
        self._subscription = await self._bus.client.subscribe(f"{self._inbox}.*", cb=self._take)
        self._watching = asyncio.create_task(self._watch(), name=f"watch {self._inbox}")

    async def close(self) -> list[Msg]:
        """Listen no more; what came and was not fetched. Raises NATS's errors."""
        if self._watching:
            self._watching.cancel()
        subscription, self._subscription = self._subscription, None
        if subscription:
            await subscription.unsubscribe()
        left, self._came = list(self._came), deque()
        return left

    def interrupt(self) -> None:
        """End the fetch that is waiting now, with what it has."""
        self._woken.set()

    async def fetch(self, maximum: int, wait: float = 0.0) -> list[Msg]:
        """Up to `maximum` messages: all that are there, or else, within `wait` seconds, what comes first; empty: nothing came.

        `wait` 0: as long as is right for the server.

        It ends at once when the connection came anew: its request is lost then. Raises `APIError` when the stream refuses, and
        NATS's errors. A caller may be canceled; nothing is lost by that.
        """
        if not self._came:
            await self._ask(maximum, wait or (ALONE if self._bus.alone else IN_CLUSTER))
        if not self._came and self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            if (refusal.headers or {}).get("Status") != _CONFLICT:
                raise APIError.from_msg(refusal)
            await asyncio.sleep(_REFUSED)
        return [self._came.popleft() for _ in range(min(maximum, len(self._came)))]

    async def _ask(self, maximum: int, wait: float) -> None:
        self._number += 1
        self._wanted, self._over, self._refusal = maximum, f"{self._inbox}.{self._number}", None
        self._woken.clear()
        # With both, the server waits for the first message and then says at once when there are no more.
        request = {"batch": maximum, "expires": int(wait * 1_000_000_000), "no_wait": True}
        await self._bus.client.publish(self._request, json.dumps(request).encode(), reply=self._over)
        try:
            async with asyncio.timeout(wait + 1):  # the server's own word that nothing came is the rule
                await self._woken.wait()
        except TimeoutError:
            return

    async def _watch(self) -> None:
        while True:
            await self._bus.reconnected.wait()
            self.interrupt()

    async def _take(self, message: Msg) -> None:
        if message.reply.startswith("$JS.ACK."):
            self._came.append(message)
            if len(self._came) >= self._wanted:
                self._woken.set()
        elif message.subject == self._over:
            if (message.headers or {}).get("Status") not in (_EMPTY, _LATE):
                self._refusal = message
            self._woken.set()
        elif self._came:  # the end of a request that was given up, and that was served before the one that waits
            self._woken.set()
