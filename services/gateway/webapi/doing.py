"""Executing the commands of pages, counted and traced as those of the other door."""

from typing import Any

from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry, Counter

from libs.runtime.traces import Tracing
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.asking import Asked
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.execution import execute


class Doing:
    """Does what a page asks, for whom it speaks."""

    def __init__(self, gateway: Gateway, tracing: Tracing, metrics: CollectorRegistry) -> None:
        self._gateway = gateway
        self._tracing = tracing
        self._calls = Counter(
            "gateway_webapi_calls", "Calls of pages by command and status", ["command", "status"], registry=metrics
        )

    async def __call__(self, identity: Identity, asked: Asked) -> dict[str, Any]:
        """The envelope that answers; nothing is raised."""
        name = asked.command if asked.command in COMMANDS else "unknown"
        with self._tracing.span(f"webapi {name}", "", SpanKind.SERVER) as span:
            answer = await execute(self._gateway, identity, asked)
            span.set_attribute("http.response.status_code", answer.status)
        self._calls.labels(name, str(answer.status)).inc()
        return answer.body
