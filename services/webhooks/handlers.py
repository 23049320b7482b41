"""What the dispatcher does with what it reads: events of tasks and devices become deliveries, many in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.events import DeviceChanged
from libs.contracts.message import decode
from libs.runtime.commit import Staged
from libs.runtime.crashpoint import crashpoint
from libs.runtime.reader import Incoming
from services.webhooks.dialects import Dialect, Place
from services.webhooks.domain import Delivery, Endpoint, Event, OfTask, State, deliveries, for_partners, owner
from services.webhooks.endpoints import Endpoints
from services.webhooks.store import Store


class Handlers:
    """`take` what can be read; `give_up` what cannot. `touched` are the endpoints with new deliveries since it was emptied."""

    def __init__(self, store: Store, endpoints: Endpoints, dialects: Mapping[str, Dialect], place: Callable[[], Place]) -> None:
        self._store = store
        self._endpoints = endpoints
        self._dialects = dialects
        self._place = place
        self.touched: set[str] = set()

    async def take(self, kind: Any, connection: AsyncConnection, messages: Sequence[Incoming]) -> Staged:
        """Insert the deliveries of these events, each a `kind`. Raises `Undecodable` for what is none and somebody wants."""
        crashpoint("webhooks-before-insert")
        messages = [message for message in messages if not for_partners(message.subject)]
        concerned = {owner(message.subject) for message in messages}
        endpoints = await self._endpoints.of(connection, {sn for _, sn in concerned}, {tenant for tenant, _ in concerned})
        # Most events are nobody's, and reading one takes as long as all the rest of it.
        wanted = {each.sn for each in endpoints if each.sn} | {each.tenant for each in endpoints if not each.sn}
        events: list[tuple[Incoming, OfTask | DeviceChanged]] = [
            (message, decode(kind, message.data)) for message in messages if not wanted.isdisjoint(owner(message.subject))
        ]
        if not events:
            return ()
        place = self._place()
        new: list[Delivery] = []
        for message, event in events:
            event_id = message.headers.get("Nats-Msg-Id", event.id)
            new += deliveries(event, event_id, message.sequence, endpoints, partial(self._body, event, place))
        added = await self._store.add(connection, new)
        self.touched |= {each.endpoint for each in added if each.state is State.WAITING}
        return ()

    async def give_up(self, _connection: AsyncConnection, _message: Incoming, _cause: str) -> tuple[str, Staged]:
        """An event that cannot be read is nobody's: the dead letter that the caller writes is all that stays of it."""
        return "", ()

    def _body(self, event: Event, place: Place, endpoint: Endpoint) -> str:
        return self._dialects[endpoint.dialect].shape(event, endpoint, place)
