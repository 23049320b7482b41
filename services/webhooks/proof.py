"""Proof that a receiver wants to be told: the handshake of the CloudEvents specification "HTTP 1.1 Web Hooks", section 4."""

from collections.abc import Callable
from dataclasses import replace

import structlog
from prometheus_client import CollectorRegistry

from libs.contracts.metrics import HANDSHAKES
from libs.runtime.metrics import counter
from services.webhooks.clock import now_ms
from services.webhooks.domain import Endpoint
from services.webhooks.endpoints import Endpoints
from services.webhooks.pacing import Allowance
from services.webhooks.receiver import Receiver
from services.webhooks.verdict import Answer

log = structlog.get_logger()

#: No rate that a receiver names is kept beyond this: it is as good as none.
_MOST = 1_000_000_000
ANY = "*"


class Denied(Exception):
    """The receiver does not allow it; the sentence says what its answer lacks."""


def permission(answer: Answer, origin: str) -> int:
    """The requests a minute that an answer to OPTIONS allows `origin`, 0: as many as there are. Raises `Denied`."""
    if not 200 <= answer.status < 300:
        raise Denied(answer.error or f"It answered OPTIONS with {answer.status}.")
    allowed = answer.webhook.get("webhook-allowed-origin", "")
    if not allowed:
        raise Denied("Its answer to OPTIONS has no WebHook-Allowed-Origin.")
    if ANY not in (listed := [each.strip().lower() for each in allowed.split(",")]) and origin.lower() not in listed:
        raise Denied(f"Its WebHook-Allowed-Origin is neither {origin} nor *.")
    rate = answer.webhook.get("webhook-allowed-rate", ANY)
    if rate == ANY:
        return 0
    if not (rate.isascii() and rate.isdigit() and int(rate[:10])):
        raise Denied("Its WebHook-Allowed-Rate is neither a number of requests a minute nor *.")
    return min(int(rate[:10]), _MOST)


class Prover:
    """Asks receivers, and keeps what they say."""

    def __init__(self, endpoints: Endpoints, origin: str, metrics: CollectorRegistry) -> None:
        self._endpoints = endpoints
        self._origin = origin
        self._asked = counter(HANDSHAKES, metrics)

    async def try_out(self, endpoint: Endpoint, receivers: Callable[[], Receiver], allowance: Allowance) -> None:
        """Ask an endpoint that its owner tests, unless that is known already or too much was told to strangers just now."""
        if not (endpoint.trusted or endpoint.proven_at) and allowance.at_once(endpoint.tenant):
            await self.ask(endpoint, receivers)

    async def ask(self, endpoint: Endpoint, receivers: Callable[[], Receiver]) -> Endpoint:
        """The endpoint with what came of asking it."""
        receiver = receivers()
        try:
            answer = await receiver.options(endpoint.url, {"webhook-request-origin": self._origin})
        finally:
            await receiver.close()
        try:
            rate = permission(answer, self._origin)
        except Denied as why:
            self._asked.labels("denied").inc()
            log.info("endpoint does not allow us", endpoint=endpoint.id, why=str(why))
            return await self._keep(replace(endpoint, unproven=str(why)))
        self._asked.labels("allowed").inc()
        log.info("endpoint allows us", endpoint=endpoint.id, rate=rate)
        return await self._keep(replace(endpoint, proven_at=now_ms(), allowed_rate=rate, unproven=""))

    async def _keep(self, endpoint: Endpoint) -> Endpoint:
        await self._endpoints.prove(endpoint)
        return endpoint
