"""Reading back what a stream still has, from a sequence on and by subject, without a consumer (JetStream's direct batches)."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.errors import Error as JetStreamError

from libs.runtime.bus import Bus, Unanswered
from libs.runtime.reader import Incoming

#: Seconds that one batch may take.
PATIENCE = 5.0
_END, _NONE = "204", "404"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The sequences of the first message that a stream still has, and of the last one that it ever took."""

    first: int
    last: int


class History:
    """What one stream still has. Its methods raise `Unanswered`."""

    def __init__(self, bus: Bus, stream: str) -> None:
        self._bus = bus
        self._stream = stream

    async def bounds(self) -> Bounds:
        """First and last sequence."""
        try:
            state = (await self._bus.js.stream_info(self._stream)).state
        except (NatsError, JetStreamError, TimeoutError) as error:
            raise Unanswered(f"the stream {self._stream} does not answer") from error
        return Bounds(int(state.first_seq), int(state.last_seq))

    async def after(self, sequence: int, subject: str, limit: int, since: datetime | None = None, most: int = 0) -> list[Incoming]:
        """Up to `limit` messages on a subject (with wildcards) after a sequence, or since a time, oldest first.

        `most` is about how many bytes they may have together, 0: as many as they have.

        The server may end a batch early: only an empty list says that there are no more.
        """
        wanted: dict[str, Any] = {"batch": limit, "next_by_subj": subject}
        if most:
            wanted["max_bytes"] = most
        if since:
            wanted["start_time"] = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        else:
            wanted["seq"] = sequence + 1
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._batch(json.dumps(wanted).encode())
        except (NatsError, TimeoutError) as error:
            raise Unanswered(f"the stream {self._stream} does not answer") from error

    async def _batch(self, wanted: bytes) -> list[Incoming]:
        client = self._bus.client
        inbox = client.new_inbox()
        found: list[Incoming] = []
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def take(message: Msg) -> None:
            status = (message.headers or {}).get("Status", "")
            if not status:
                found.append(_stored(message))
            elif not end.done():
                end.set_result(None) if status in (_END, _NONE) else end.set_exception(NoRespondersError())

        subscription = await client.subscribe(inbox, cb=take)
        try:
            await client.publish(f"$JS.API.DIRECT.GET.{self._stream}", wanted, reply=inbox)
            await end
        finally:
            await subscription.unsubscribe()
        return found


def _stored(message: Msg) -> Incoming:
    """A message as the stream tells it: where it lay is in headers."""
    headers = message.headers or {}
    at = datetime.fromisoformat(headers["Nats-Time-Stamp"][:19] + "+00:00")
    fraction = headers["Nats-Time-Stamp"][19:].strip("Z").removeprefix(".")
    milliseconds = int(at.timestamp()) * 1000 + int((fraction + "000")[:3])
    return Incoming(int(headers["Nats-Sequence"]), headers["Nats-Subject"], message.data, headers, milliseconds)
