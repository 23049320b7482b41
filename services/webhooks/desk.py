"""What may be done with endpoints: for a client with its own, for the operator with all."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from libs.contracts.endpoints import DeviceFilter, EventKind
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.webhooks.admission import Admission
from services.webhooks.clock import now_ms
from services.webhooks.dialects import Dialect, Place
from services.webhooks.domain import Delivery, Endpoint, State, Trial
from services.webhooks.endpoints import PROOF, Endpoints
from services.webhooks.history import History, Wanted
from services.webhooks.own import ID
from services.webhooks.signing import make_secret

log = structlog.get_logger()

#: Seconds between two looks for what came of a test.
LOOK = 0.05
#: The dialect of the queues of subscriptions.
SUBSCRIBED = "graph"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks: a client of a tenant (`sn` empty: the tenant as a whole). `operator`: all is his, and he may lead it anywhere."""

    tenant: str
    sn: str
    operator: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many endpoints a client may have, and for how many seconds two secrets sign."""

    endpoints: int
    overlap: float


class Desk:
    """Endpoints and their deliveries. Everything raises `Refused` with a sentence for what is not to be done."""

    def __init__(
        self,
        endpoints: Endpoints,
        history: History,
        admission: Admission,
        *,
        dialects: Mapping[str, Dialect],
        place: Callable[[], Place],
        bounds: Bounds,
    ) -> None:
        self.endpoints = endpoints
        self.history = history
        self._admission = admission
        self._dialects = dialects
        self._place = place
        self._bounds = bounds

    async def add(
        self,
        owner: Owner,
        url: str,
        *,
        name: str = "",
        dialect: str = "standard",
        binary: bool = False,
        kinds: tuple[EventKind, ...] = (),
        devices: tuple[DeviceFilter, ...] = (),
        endpoint_id: str = "",
    ) -> Endpoint:
        """A new endpoint with a new secret; given an id, it takes the place of the one that has it."""
        self._admission.words(dialect, kinds, devices, name, binary=binary)
        await self._admission.address(url, trusted=owner.operator)
        now = now_ms()
        new = Endpoint(
            endpoint_id or f"ep-{secrets.token_hex(8)}",
            owner.sn,
            url,
            dialect,
            make_secret(),
            tenant=owner.tenant,
            name=name,
            binary=binary,
            kinds=kinds,
            devices=devices,
            trusted=owner.operator,
            created_at=now,
            changed_at=now,
        )
        if endpoint_id:
            await self.endpoints.put(new)
        elif not await self.endpoints.add(new, self._bounds.endpoints):
            most = self._bounds.endpoints
            raise Refused(Code.CONFLICT, f"There are {most} endpoints already, the most that are allowed: remove one.")
        log.info("endpoint added", endpoint=new.id, tenant=new.tenant, client=new.sn, dialect=dialect)
        return new

    async def find(self, owner: Owner, endpoint_id: str) -> Endpoint:
        """An endpoint that is the owner's; somebody else's is as little there as one that is not there at all."""
        found = await self.endpoints.get(endpoint_id)
        if found is None or not (owner.operator or (found.tenant, found.sn) == (owner.tenant, owner.sn)):
            raise Refused(Code.NOT_FOUND, f"There is no endpoint {endpoint_id[:64]!r}; listEndpoints names them.")
        return found

    async def change(self, owner: Owner, endpoint_id: str, changes: Mapping[str, Any], *, enabled: bool | None = None) -> Endpoint:
        """Give fields new values; switched on again, it begins anew, and what it missed can be replayed."""
        found = _free(await self.find(owner, endpoint_id))
        values = dict(changes)
        self._admission.words(
            found.dialect,
            values.get("kinds", found.kinds),
            values.get("devices", found.devices),
            values.get("name", found.name),
            binary=values.get("binary", found.binary),
        )
        if "url" in values and values["url"] != found.url:
            await self._admission.address(values["url"], trusted=owner.operator)
            values |= {"trusted": owner.operator, **PROOF}
        if enabled is True and found.disabled_at:
            values |= {"disabled_at": 0, "reason": "", "failing_since": 0}
        if enabled is False and not found.disabled_at:
            values |= {"disabled_at": now_ms(), "reason": f"switched off by {'the operator' if owner.operator else 'its owner'}"}
        return await self._changed(found, values)

    async def switch(self, found: Endpoint, reason: str, *, enabled: bool) -> Endpoint:
        """Switch it on again to begin anew, or off for this reason."""
        off = {"disabled_at": now_ms(), "reason": reason}
        return await self._changed(found, {"disabled_at": 0, "reason": "", "failing_since": 0} if enabled else off)

    async def rotate(self, owner: Owner, endpoint_id: str) -> Endpoint:
        """A new secret; the old one signs beside it for a while."""
        found = _free(await self.find(owner, endpoint_id))
        until = now_ms() + int(self._bounds.overlap * 1000)
        return await self._changed(found, {"secret": make_secret(), "old_secret": found.secret, "old_until": until})

    async def remove(self, owner: Owner, endpoint_id: str) -> Endpoint:
        """Tell it nothing any more; returns what it was."""
        found = await self.find(owner, endpoint_id)
        found = found if owner.operator and found.dialect == SUBSCRIBED else _free(found)
        await self.endpoints.remove(found.id, now_ms())
        log.info("endpoint removed", endpoint=found.id, tenant=found.tenant, client=found.sn)
        return found

    async def replay(self, owner: Owner, wanted: Wanted) -> int:
        """Have deliveries told again: one by its id, or all that ended of those that are wanted."""
        found = _on(await self.find(owner, wanted.endpoint))
        count = await self.history.replay(wanted)
        if count or not wanted.event:
            return count
        if await self.history.deliveries(Wanted(found.id, event=wanted.event), 1):
            raise Refused(Code.CONFLICT, "This delivery still waits for its next attempt: there is nothing to replay yet.")
        raise Refused(Code.NOT_FOUND, f"There is no delivery {wanted.event[:64]!r} of this endpoint; listDeliveries names them.")

    async def trial(self, owner: Owner, endpoint_id: str) -> Delivery:
        """Enqueue an event that says that it is a test."""
        found = _on(_tested(await self.find(owner, endpoint_id)))
        event = Trial(f"test:{secrets.token_hex(8)}", found.tenant, found.sn, now_ms())
        body = self._dialects[found.dialect].shape(event, found, self._place())
        made = Delivery(found.id, event.id, 0, event.kind, "", body, "", event.at)
        await self.history.enqueue(made)
        return made

    async def tried(self, made: Delivery, patience: float) -> Delivery:
        """A delivery after its first attempt, or as it stands after so many seconds."""
        deadline = time.monotonic() + patience
        while True:
            found = await self.history.deliveries(Wanted(made.endpoint, event=made.event), 1)
            now = found[0] if found else made
            if now.attempts or now.state is not State.WAITING or time.monotonic() > deadline:
                return now
            await asyncio.sleep(LOOK)

    async def _changed(self, found: Endpoint, values: Mapping[str, Any]) -> Endpoint:
        changed = await self.endpoints.change(found.id, values, now_ms())
        if changed is None:
            raise Refused(Code.NOT_FOUND, "This endpoint was removed just now.")
        log.info("endpoint changed", endpoint=found.id, fields=sorted(values))
        return changed


def _free(found: Endpoint) -> Endpoint:
    if found.dialect == SUBSCRIBED:
        raise Refused(Code.CONFLICT, "This is a subscription: its application changes it at /subscriptions; you may remove it.")
    if found.id == ID:
        raise Refused(Code.CONFLICT, "This endpoint is described by the setting PRINTBUS_CALLBACK_URL: change it there.")
    return found


def _tested(found: Endpoint) -> Endpoint:
    if found.dialect == SUBSCRIBED:
        raise Refused(Code.CONFLICT, "This is a subscription: its address was tested when it was made, and is at every change.")
    return found


def _on(found: Endpoint) -> Endpoint:
    if found.disabled_at:
        raise Refused(Code.CONFLICT, "This endpoint is switched off: switch it on first (updateEndpoint with enabled: true).")
    return found
