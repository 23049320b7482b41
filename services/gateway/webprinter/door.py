"""`/openapi` and `/openapi/sendTmpFile`: who asks, what for, and every way in which it can go wrong as one status and envelope."""

import re
from abc import ABC, abstractmethod
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
from services.gateway.auth import Scheme, Throttled, Unidentified, identify
from services.gateway.directory import Directory
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.pace import UNKNOWN, Pace, Turn
from services.gateway.receiving import TooLarge, drop_rest, receive
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.envelope import Answer, Malformed, busy, failed
from services.gateway.webprinter.execution import execute
from services.gateway.webprinter.reading.asking import Asked, asked_in
from services.gateway.webprinter.uploads import UPLOAD_COMMAND, answer_upload

ALLOW = "POST, OPTIONS"
#: Quoted or not: the draft of the HTTP working group has a quoted text there.
KEY_HEADER = "idempotency-key"
_CHARSET = re.compile(r";\s*charset=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)


#: What is not there below `/openapi`.
NOWHERE = failed("There is nothing at this address: send commands to /openapi and files to /openapi/sendTmpFile.", 404)


class Guard:
    """Who may come in: the same for every address below `/openapi`."""

    def __init__(self, directory: Directory, schemes: Sequence[Scheme], *, enabled: bool) -> None:
        self._directory = directory
        self._schemes = schemes
        self._enabled = enabled

    async def admit(self, request: Request) -> Identity | Response:
        """Who asks, or the answer that ends it here."""
        if not self._enabled:
            return failed("The OpenAPI is switched off on this server.", 404).response()
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ALLOW})
        if request.method != "POST":
            return failed("Send this with POST, the only method that this address knows.", 405, allow=ALLOW).response()
        try:
            return await identify(request, self._directory, self._schemes)
        except (Unidentified, Unanswered) as reason:
            return self._unknown(reason).response()

    def _unknown(self, reason: Exception) -> Answer:
        if isinstance(reason, Throttled):
            return failed(str(reason), 429, retry_after=str(reason.retry_after))
        if isinstance(reason, Unidentified):
            return failed(str(reason), 401)
        return busy("Nobody can tell at the moment whether the token is valid: try again in a few seconds.")


class _Guarded(ABC):
    """An ASGI application behind the guard."""

    def __init__(self, gateway: Gateway, guard: Guard, tracing: Tracing, commands: Counter, pace: Pace) -> None:
        self._gateway = gateway
        self._guard = guard
        self._tracing = tracing
        self._commands = commands
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, turn = Request(scope, receive), self._pace.begin()
        try:
            admitted = await self._guard.admit(request)
            if not isinstance(admitted, Response):
                turn.tenant = admitted.tenant
                admitted = (_coded(request) or await self._answer(request, admitted, turn)).response()
        except ClientDisconnect:
            return
        self._pace.took(turn, admitted.status_code)
        await admitted(scope, receive, send)

    @abstractmethod
    async def _answer(self, request: Request, identity: Identity, turn: Turn) -> Answer:
        """What this door does for whom it let in. Raises starlette's `ClientDisconnect`."""


class Door(_Guarded):
    """`POST /openapi`: one command."""

    def __init__(self, gateway: Gateway, guard: Guard, tracing: Tracing, commands: Counter, pace: Pace, *, max_body: int) -> None:
        super().__init__(gateway, guard, tracing, commands, pace)
        self._max_body = max_body

    async def _answer(self, request: Request, identity: Identity, turn: Turn) -> Answer:
        try:
            asked = await asked_in(await receive(request, self._max_body), _charset(request))
        except TooLarge:
            await drop_rest(request)
            # Else the line stays open: what is left is dropped as it comes, for most programs read no answer before all is sent.
            return failed(f"The body is larger than the {self._max_body} bytes that are allowed.", 413)
        except Malformed as reason:
            return failed(str(reason), 400)
        turn.route = asked.command if asked.command in COMMANDS else UNKNOWN
        return await self._heard(request, identity, replace(asked, key=request.headers.get(KEY_HEADER, "").strip(' "')))

    async def _heard(self, request: Request, identity: Identity, asked: Asked) -> Answer:
        name = asked.command if asked.command in COMMANDS else "unknown"
        with self._tracing.span(f"POST /openapi {name}", traces.of(request.headers), SpanKind.SERVER) as span:
            answer = await execute(self._gateway, identity, asked)
            span.set_attribute("http.response.status_code", answer.status)
        self._commands.labels(name, str(answer.status)).inc()
        return answer


class UploadDoor(_Guarded):
    """`POST /openapi/sendTmpFile`: one file."""

    def __init__(self, gateway: Gateway, guard: Guard, tracing: Tracing, commands: Counter, pace: Pace, *, max_upload: int) -> None:
        super().__init__(gateway, guard, tracing, commands, pace)
        self._max_upload = max_upload

    async def _answer(self, request: Request, identity: Identity, turn: Turn) -> Answer:
        turn.route = UPLOAD_COMMAND
        with self._tracing.span(f"POST /openapi/{UPLOAD_COMMAND}", traces.of(request.headers), SpanKind.SERVER) as span:
            answer = await answer_upload(self._gateway, identity, request, self._max_upload)
            span.set_attribute("http.response.status_code", answer.status)
        self._commands.labels(UPLOAD_COMMAND, str(answer.status)).inc()
        return answer


def _coded(request: Request) -> Answer | None:
    """The refusal of a body that is compressed (RFC 9110 section 15.5.16): it would have to be unpacked before it is known."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return None
    sentence = "The header Content-Encoding says that the body is compressed, which is not understood here: send it as it is."
    return failed(sentence, 415, accept_encoding="identity")


def _charset(request: Request) -> str:
    """What the sender calls the encoding of its body; empty: it does not say."""
    found = _CHARSET.search(request.headers.get("content-type", ""))
    return found[1] if found else ""
