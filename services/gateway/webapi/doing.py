"""Executing the commands of pages, counted and traced as those of the other door."""

from typing import Any

from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry

from libs.contracts.directory import Scope
from libs.contracts.metrics import PAGE_CALLS
from libs.runtime.metrics import counter
from libs.runtime.traces import Tracing
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.pace import Pace
from services.gateway.webapi.frames import RETRY
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.execution import execute
from services.gateway.webprinter.reading.asking import Asked

#: The status of an answer that may be another one in a moment.
BUSY = 503


class Doing:
    """Does what a page asks, for whom it speaks."""

    def __init__(self, gateway: Gateway, tracing: Tracing, metrics: CollectorRegistry) -> None:
        self._gateway = gateway
        self._tracing = tracing
        self._calls = counter(PAGE_CALLS, metrics)
        self._pace = Pace("pages", metrics)

    async def __call__(self, identity: Identity, asked: Asked) -> dict[str, Any]:
        """The envelope that answers; nothing is raised. With `retry` it may be asked again soon: nothing is done twice then."""
        name = asked.command if asked.command in COMMANDS else "unknown"
        turn = self._pace.begin()
        turn.route, turn.tenant = name, identity.tenant
        with self._tracing.span(f"webapi {name}", "", SpanKind.SERVER) as span:
            answer = await execute(self._gateway, identity, asked)
            span.set_attribute("http.response.status_code", answer.status)
        self._calls.labels(name, str(answer.status)).inc()
        self._pace.took(turn, answer.status)
        return {**answer.body, RETRY: True} if answer.status == BUSY and _repeatable(asked) else answer.body


def _repeatable(asked: Asked) -> bool:
    """Whether the same may be asked again without printing twice, even if it was done after all."""
    command = COMMANDS.get(asked.command)
    return command is None or command.scope is not Scope.PRINT or bool(asked.key)
