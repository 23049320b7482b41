"""What applications may do with their subscriptions: make, renew, remove, look at what they were told, have it told again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import structlog

from libs.contracts.queries import Code
from libs.contracts.subscriptions import LONGEST, SubscriptionView
from libs.runtime.bus import Refused
from libs.runtime.crashpoint import crashpoint
from services.webhooks.admission import Admission
from services.webhooks.clock import now_ms
from services.webhooks.graph.encryption import Unusable, certificate_of
from services.webhooks.graph.handshake import validate
from services.webhooks.graph.lifecycle import Lifecycle
from services.webhooks.graph.subscriptions import Subscriptions
from services.webhooks.graph.tries import Tries
from services.webhooks.history import History, Wanted
from services.webhooks.receiver import Receiver

log = structlog.get_logger()

#: Clocks of two machines may differ by so much (ms).
SLACK = 60_000


@dataclass(frozen=True, slots=True)
class Terms:
    """How many subscriptions an application may have, how long (seconds) an address may take, and what else is allowed."""

    limit: int
    patience: float
    http: bool = False
    rich: bool = False


class SubscriptionDesk:
    """Subscriptions of applications. Everything raises `Refused` with a sentence for what is not to be done."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        lifecycle: Lifecycle,
        history: History,
        admission: Admission,
        *,
        receivers: Callable[[], Receiver],
        terms: Terms,
    ) -> None:
        self.subscriptions = subscriptions
        self.history = history
        self._lifecycle = lifecycle
        self._admission = admission
        self._receivers = receivers
        self._terms = terms
        self._tries = Tries()

    async def add(self, new: SubscriptionView) -> SubscriptionView:
        """A new subscription, once its addresses have shown that they want it. Nothing is held while they are asked."""
        self._check(new.expires, new.certificate if new.data else None, rich=bool(new.data))
        if await self.subscriptions.count(new.tenant, new.app) >= self._terms.limit:
            raise self._full()
        addresses = [("notificationUrl", new.url)]
        addresses += [("lifecycleNotificationUrl", new.lifecycle_url)] if new.lifecycle_url else []
        with self._tries.one(new.tenant, new.app):
            await self._validate(addresses)
        crashpoint("webhooks-after-handshake")
        if not await self.subscriptions.add(new, self._terms.limit):
            raise self._full()
        crashpoint("webhooks-after-subscribed")
        log.info("subscription added", subscription=new.id, tenant=new.tenant, topic=str(new.topic))
        return new

    async def find(self, tenant: str, app: str, subscription_id: str) -> SubscriptionView:
        """One that is this application's; another's is as little there as one that has expired."""
        found = await self.subscriptions.get(tenant, app, subscription_id, now_ms())
        if found is None:
            raise _absent(subscription_id)
        return found

    async def change(self, tenant: str, app: str, subscription_id: str, changes: Mapping[str, Any]) -> SubscriptionView:
        """New values; another address needs the handshake. It says as well that the application still may."""
        found = await self.find(tenant, app, subscription_id)
        changed = replace(found, **changes, paused=False)
        self._check(changed.expires if "expires" in changes else None, changes.get("certificate"), rich=False)
        if changed.url != found.url:
            with self._tries.one(tenant, app):
                await self._validate([("notificationUrl", changed.url)])
        if not await self.subscriptions.change(found.id, changes):  # it came to its end while its new address was asked
            raise _absent(found.id)
        crashpoint("webhooks-after-renewed")
        log.info("subscription changed", subscription=found.id, fields=sorted(changes))
        return changed

    async def remove(self, tenant: str, app: str, subscription_id: str) -> SubscriptionView:
        """Tell it nothing any more."""
        found = await self.find(tenant, app, subscription_id)
        await self._lifecycle.remove(found, now_ms())
        log.info("subscription removed", subscription=found.id, tenant=found.tenant)
        return found

    async def replay(self, tenant: str, app: str, wanted: Wanted) -> int:
        """Have notifications told again: one, or all that ended of those that are wanted."""
        found = await self.find(tenant, app, wanted.endpoint)
        count = await self.history.replay(wanted)
        if count or not wanted.event:
            return count
        if await self.history.deliveries(Wanted(found.id, event=wanted.event), 1):
            raise Refused(Code.CONFLICT, "This notification still waits for its next attempt: there is nothing to replay yet.")
        raise Refused(Code.NOT_FOUND, f"There is no notification {wanted.event[:64]!r} of this subscription.")

    async def _validate(self, addresses: list[tuple[str, str]]) -> None:
        for member, url in addresses:
            if not self._terms.http and urlsplit(url).scheme.lower() != "https":
                raise _bad(f"{member} must begin with https://.")
            await self._admission.address(url, trusted=False, name=member)
        await validate(addresses, self._receivers, self._terms.patience)

    def _check(self, expires: int | None, certificate: str | None, *, rich: bool) -> None:
        now = now_ms()
        if expires is not None and not now < expires <= now + LONGEST + SLACK:
            raise _bad(f"expirationDateTime must be in the future and at most {LONGEST // 60_000} minutes ahead.")
        if rich and not self._terms.rich:
            raise _bad(
                "includeResourceData is not available for print resources; leave it out and get the resource by its address. "
                "An administrator can switch it on with PRINTBUS_GRAPH_RICH_NOTIFICATIONS."
            )
        if rich or certificate is not None:
            try:
                certificate_of(certificate or "")
            except Unusable as problem:
                raise _bad(f"{problem}.") from None

    def _full(self) -> Refused:
        limit = self._terms.limit
        return Refused(Code.FORBIDDEN, f"The application has {limit} subscriptions, the most that are allowed: remove one.")


def _absent(subscription_id: str) -> Refused:
    return Refused(Code.NOT_FOUND, f"There is no subscription {subscription_id[:64]!r}, or it has expired.")


def _bad(sentence: str) -> Refused:
    return Refused(Code.BAD_REQUEST, sentence)
