"""Validation tokens: JWTs that prove to a receiver who sent a notification (graph-print.md 4.8)."""

import time
from dataclasses import dataclass
from typing import Any

from libs.contracts.ids import tenant_guid
from libs.contracts.subscriptions import SubscriptionView
from libs.runtime.issuing import Issuer

#: Seconds for which a token is good: made anew at every attempt.
LIFE = 3600


@dataclass(frozen=True, slots=True)
class ValidationTokens:
    """Signs in the name of the change-notification publisher, with the key that the built-in issuer publishes."""

    issuer: Issuer
    publisher: str

    def __call__(self, one: SubscriptionView) -> tuple[str, ...]:
        """The token of this subscription's application; none unless it wants resource data or named an audience.

        Raises `NoKey`.
        """
        return (self.issuer.sign(self._claims(one)),) if one.data or one.token_audience else ()

    def _claims(self, one: SubscriptionView) -> dict[str, Any]:
        now = int(time.time())
        tid = one.tenant_id or tenant_guid(one.tenant)
        return {
            "aud": one.token_audience or one.app,
            "iss": f"{one.base.rpartition('/')[0]}/{tid}/v2.0",
            "azp": self.publisher,
            "appid": self.publisher,
            "tid": tid,
            "iat": now,
            "nbf": now - 60,
            "exp": now + LIFE,
        }
