"""What the dispatcher does with what it reads: events of tasks and devices become deliveries, many in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.events import DeviceChanged, TaskFetchable, TaskHooked
from libs.contracts.message import decode
from libs.runtime.commit import Staged
from libs.runtime.crashpoint import crashpoint
from libs.runtime.reader import Incoming
from services.webhooks.dialects import Dialect, Place
from services.webhooks.domain import Delivery, Endpoint, Event, State, deliveries, for_partners, owner
from services.webhooks.endpoints import Endpoints
from services.webhooks.graph.matching import AnyEvent, tenant_of
from services.webhooks.graph.notices import Notices
from services.webhooks.store import Store


class Handlers:
    """`take` what can be read; `give_up` what cannot. `touched` are the endpoints with new deliveries since it was emptied."""

    def __init__(
        self,
        store: Store,
        endpoints: Endpoints,
        dialects: Mapping[str, Dialect],
        place: Callable[[], Place],
        notices: Notices | None = None,
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._dialects = dialects
        self._place = place
        self._notices = notices
        self._idle = False
        self.touched: set[str] = set()

    async def take(self, kind: Any, connection: AsyncConnection, messages: Sequence[Incoming]) -> Staged:
        """Insert the deliveries of these events, each a `kind`. Raises `Undecodable` for what is none and somebody wants."""
        crashpoint("webhooks-before-insert")
        concerned = {owner(message.subject) for message in messages if not for_partners(message.subject)}
        endpoints = await self._endpoints.of(connection, {sn for _, sn in concerned}, {tenant for tenant, _ in concerned})
        listening = await self._notices.listening(connection, messages) if self._notices else set()
        # Most events are nobody's, and reading one takes as long as all the rest of it.
        wanted = {each.sn for each in endpoints if each.sn} | {each.tenant for each in endpoints if not each.sn}
        events: list[tuple[Incoming, AnyEvent | DeviceChanged]] = [
            (message, decode(kind, message.data)) for message in messages if _is_wanted(message.subject, wanted, listening)
        ]
        self._idle = not events
        if self._idle:
            return ()
        new = self._told(events, endpoints)
        if self._notices and listening:
            tasks = [(message, event) for message, event in events if not isinstance(event, DeviceChanged)]
            new += await self._notices.deliveries(connection, tasks, listening)
        added = await self._store.add(connection, new)
        self.touched |= {each.endpoint for each in added if each.state is State.WAITING}
        return ()

    async def nobody(self) -> bool:
        """Whether nothing of the last messages was for anybody, as there is nobody at all."""
        return self._idle and await self._endpoints.none()

    async def give_up(self, _connection: AsyncConnection, _message: Incoming, _cause: str) -> tuple[str, Staged]:
        """An event that cannot be read is nobody's: the dead letter that the caller writes is all that stays of it."""
        return "", ()

    def _told(self, events: Sequence[tuple[Incoming, AnyEvent | DeviceChanged]], endpoints: Sequence[Endpoint]) -> list[Delivery]:
        place = self._place()
        new: list[Delivery] = []
        for message, event in events:
            if not isinstance(event, TaskHooked | TaskFetchable):
                event_id = message.headers.get("Nats-Msg-Id", event.id)
                new += deliveries(event, event_id, message.sequence, endpoints, partial(self._body, event, place))
        return new

    def _body(self, event: Event, place: Place, endpoint: Endpoint) -> str:
        return self._dialects[endpoint.dialect].shape(event, endpoint, place)


def _is_wanted(subject: str, wanted: AbstractSet[str], listening: AbstractSet[str]) -> bool:
    """Whether an endpoint or a subscription may be for what comes by this subject."""
    return tenant_of(subject) in listening or not (for_partners(subject) or wanted.isdisjoint(owner(subject)))
