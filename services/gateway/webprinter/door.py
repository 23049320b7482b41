"""`POST /openapi`: who asks, what for, and every way in which that can go wrong as one status and one envelope."""

import re
from collections.abc import Sequence
from dataclasses import replace

from opentelemetry.trace import SpanKind
from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from libs.runtime import traces
from libs.runtime.bus import Unanswered
from libs.runtime.traces import Tracing
from services.gateway.auth import Scheme, Unidentified, identify
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.receiving import TooLarge, receive
from services.gateway.webprinter.asking import Asked, asked_in
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.envelope import Answer, Malformed, busy, failed
from services.gateway.webprinter.execution import execute

ALLOW = "POST, OPTIONS"
#: Quoted or not: the draft of the HTTP working group has a quoted text there.
KEY_HEADER = "idempotency-key"
_CHARSET = re.compile(r";\s*charset=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)


class Door:
    """The ASGI application behind `/openapi`."""

    def __init__(
        self, gateway: Gateway, schemes: Sequence[Scheme], tracing: Tracing, commands: Counter, *, enabled: bool, max_body: int
    ) -> None:
        self._gateway = gateway
        self._schemes = schemes
        self._tracing = tracing
        self._commands = commands
        self._enabled = enabled
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if not self._enabled:
            return failed("The OpenAPI is switched off on this server.", 404).response()
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ALLOW})
        if request.method != "POST":
            return failed("Send commands with POST.", 405, allow=ALLOW).response()
        try:
            identity = await identify(request, self._gateway.directory, self._schemes)
            asked = await asked_in(await receive(request, self._max_body), _charset(request))
            asked = replace(asked, key=request.headers.get(KEY_HEADER, "").strip(' "'))
        except (Unidentified, TooLarge, Malformed, Unanswered) as reason:
            return self._unheard(reason).response()
        return await self._heard(request, identity, asked)

    def _unheard(self, reason: Exception) -> Answer:
        if isinstance(reason, Unidentified):
            return failed(str(reason), 401)
        if isinstance(reason, TooLarge):
            # What is left of the body is not worth waiting for.
            return failed(f"The body is larger than the {self._max_body} bytes that are allowed.", 413, connection="close")
        if isinstance(reason, Malformed):
            return failed(str(reason), 400)
        return busy("Nobody can tell at the moment whether the token is valid: try again in a few seconds.")

    async def _heard(self, request: Request, identity: Identity, asked: Asked) -> Response:
        name = asked.command if asked.command in COMMANDS else "unknown"
        with self._tracing.span(f"POST /openapi {name}", traces.of(request.headers), SpanKind.SERVER) as span:
            answer = await execute(self._gateway, identity, asked)
            span.set_attribute("http.response.status_code", answer.status)
        self._commands.labels(name, str(answer.status)).inc()
        return answer.response()


def _charset(request: Request) -> str:
    """What the sender calls the encoding of its body; empty: it does not say."""
    found = _CHARSET.search(request.headers.get("content-type", ""))
    return found[1] if found else ""
