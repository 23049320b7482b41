"""The lane of a subscription: independent attempts that say what the subscription says now, one at a time for each job."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from libs.contracts.subscriptions import SubscriptionView
from libs.runtime.issuing import NoKey
from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.graph.encryption import Unusable, encrypt
from services.webhooks.graph.notification import body
from services.webhooks.graph.subscriptions import LIFE, Subscriptions
from services.webhooks.independent import IndependentLane
from services.webhooks.lane import Withheld, Work

#: Seconds for which what was read of a subscription is good enough.
FRESH = 1.0


@dataclass(frozen=True, slots=True)
class Correspondence:
    """What the lanes of subscriptions share: where these stand, and the validation tokens of one (graph-print.md 4.8)."""

    subscriptions: Subscriptions
    tokens: Callable[[SubscriptionView], tuple[str, ...]]


class SubscriptionLane(IndependentLane):
    """Notifications of one subscription, or of its lifecycle."""

    def __init__(self, endpoint: Endpoint, work: Work, *, parallel: int, correspondence: Correspondence) -> None:
        super().__init__(endpoint, work, parallel=parallel)
        self._correspondence = correspondence
        self._read_at = float("-inf")
        self._known: tuple[SubscriptionView, bool] | None = None

    async def _body(self, delivery: Delivery) -> str:
        one = await self._subscription()
        secret = partial(encrypt, certificate=one.certificate or "", certificate_id=one.certificate_id or "")
        try:
            return body(delivery.body, one, secret, self._correspondence.tokens(one))
        except (Unusable, NoKey) as problem:
            raise Withheld(str(problem)) from None

    def _is_behind(self, delivery: Delivery) -> bool:
        return bool(delivery.task) and any(each.task == delivery.task for each in self._at_work.values())

    async def _subscription(self) -> SubscriptionView:
        if time.monotonic() - self._read_at > FRESH:
            self._known = await self._correspondence.subscriptions.sending(self.endpoint.id.removesuffix(LIFE))
            self._read_at = time.monotonic()
        if self._known is None:
            raise Withheld("the subscription is gone")
        one, ended = self._known
        if not self.endpoint.id.endswith(LIFE):
            if ended or one.expires <= self._clock():
                raise Withheld("the subscription has expired")
            if one.paused:
                raise Withheld("the application has lost its right and has not authorized the subscription again")
        return one
