"""Validation tokens: JWTs that prove to a receiver who sent a notification (graph-print.md 4.8)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from libs.contracts.ids import tenant_guid
from libs.contracts.subscriptions import SubscriptionView

#: Seconds for which a token is good: made anew at every attempt.
LIFE = 3600


class Signer(Protocol):
    """What signs: the built-in issuer's key, which its discovery document publishes."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT with these claims."""


@dataclass(frozen=True, slots=True)
class ValidationTokens:
    """Signs in the name of the change-notification publisher. `issuer` is what `iss` says for a subscription."""

    signer: Callable[[], Signer | None]
    issuer: Callable[[SubscriptionView], str]
    publisher: str

    def __call__(self, one: SubscriptionView) -> tuple[str, ...]:
        """The token of this subscription's application; none unless it wants resource data or named an audience."""
        signer = self.signer() if one.data or one.token_audience else None
        return (signer.sign(self._claims(one)),) if signer else ()

    def _claims(self, one: SubscriptionView) -> dict[str, Any]:
        now = int(time.time())
        return {
            "aud": one.token_audience or one.app,
            "iss": self.issuer(one),
            "azp": self.publisher,
            "appid": self.publisher,
            "tid": tenant_guid(one.tenant),
            "iat": now,
            "nbf": now - 60,
            "exp": now + LIFE,
        }
