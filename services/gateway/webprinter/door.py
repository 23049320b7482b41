"""`POST /openapi`: who asks, what for, and every way in which that can go wrong as one status and one envelope."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Counter
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from libs.contracts.queries import Code
from libs.runtime import traces
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.traces import Tracing
from services.gateway.auth import Scheme, Unidentified, identify
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.receiving import TooLarge, receive
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.envelope import Malformed, Rejected, busy, failed, succeeded
from services.gateway.webprinter.fields import Fields, shown

log = structlog.get_logger()

ALLOW = "POST, OPTIONS"
_BOM = b"\xef\xbb\xbf"
#: Bodies of more bytes than this are parsed in a thread.
LARGE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and its data."""

    command: str
    data: Any


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
            return failed("The OpenAPI is switched off on this server.", 404)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ALLOW})
        if request.method != "POST":
            return failed("Send commands with POST.", 405, allow=ALLOW)
        try:
            identity = await identify(request, self._gateway.directory, self._schemes)
            asked = await _parsed(await receive(request, self._max_body))
        except (Unidentified, TooLarge, Malformed, Unanswered) as reason:
            return self._unheard(reason)
        return await self._heard(request, identity, asked)

    def _unheard(self, reason: Exception) -> Response:
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
            response = await self._done(identity, asked)
            span.set_attribute("http.response.status_code", response.status_code)
        self._commands.labels(name, str(response.status_code)).inc()
        return response

    async def _done(self, identity: Identity, asked: Asked) -> Response:
        try:
            return succeeded(await self._execute(identity, asked))
        except Rejected as reason:
            return failed(str(reason))
        except Refused as refusal:
            return _refused(refusal)
        except NotStored as error:
            log.warning("command not done", command=asked.command, cause=str(error))
            return busy("The server cannot do this at the moment, and nothing was done: try again in a few seconds.")
        except Unanswered as error:
            log.warning("command not confirmed", command=asked.command, cause=str(error))
            return busy(
                "The server did not confirm this in time, and it may still be done: see with listTasks before you try again."
            )
        except Exception:
            log.exception("command failed", command=asked.command)
            return failed("The server has a fault; its log says which one.", 500)

    async def _execute(self, identity: Identity, asked: Asked) -> Any:
        command = COMMANDS.get(asked.command)
        if command is None:
            raise Rejected(f"There is no command {shown(asked.command)}; write one of {', '.join(COMMANDS)}.")
        if asked.data is not None and not isinstance(asked.data, dict):
            raise Rejected(f"data must be an object; it is {shown(asked.data)}.")
        return await command(self._gateway, identity, Fields(asked.data or {}))


def _refused(refusal: Refused) -> Response:
    if refusal.code is Code.FAULT:
        return failed("The server has a fault; its log says which one.", 500)
    if refusal.code is Code.BUSY:
        return busy(refusal.message)
    return failed(refusal.message)


async def _parsed(body: bytes) -> Asked:
    return await asyncio.to_thread(parse, body) if len(body) > LARGE else parse(body)


def parse(body: bytes) -> Asked:
    """The command in a body: JSON in UTF-8, with or without a byte order mark. Raises `Malformed`."""
    try:
        given = from_json(body.removeprefix(_BOM), allow_inf_nan=False)
    except ValueError:
        raise Malformed('The body is not JSON in UTF-8: send {"command": "...", "data": {...}}.') from None
    if not isinstance(given, dict):
        raise Malformed('The body must be a JSON object: send {"command": "...", "data": {...}}.')
    command = _member(given, "command")
    if not isinstance(command, str) or not command.strip():
        raise Malformed('The key "command" is missing: write the name of a command as a text.')
    return Asked(command.strip(), _member(given, "data"))


def _member(given: dict[str, Any], name: str) -> Any:
    """A member by its name in any case (webprinter.md 1.7, row 28)."""
    if name in given:
        return given[name]
    return next((value for key, value in given.items() if key.lower() == name), None)
