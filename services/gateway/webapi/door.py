"""The routes of the WebAPI, and how each that knocks is let in or told why not."""

from typing import Any

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from libs.contracts.version import VERSION
from libs.runtime.bus import Unanswered
from libs.runtime.service import Service
from libs.runtime.traces import Tracing
from services.gateway.domain import Identity
from services.gateway.events import Feeds
from services.gateway.gateway import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.webapi import frames
from services.gateway.webapi.calls import IN_FLIGHT
from services.gateway.webapi.guard import Barred, Guard
from services.gateway.webapi.session import AT_ONCE, Ending, Session
from services.gateway.webapi.sessions import Full, Sessions
from services.gateway.webapi.visitors import Visitors
from services.gateway.webapi.websocket import Channel
from services.gateway.webprinter.asking import Asked
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.envelope import failed
from services.gateway.webprinter.execution import execute

#: Also where old programs knock.
PATHS = ("/webapi", "/ws", "/")
BUSY = "The server cannot tell at the moment whether you may come in: try again in a few seconds."


class WebApi:
    """The door for pages."""

    def __init__(self, guard: Guard, visitors: Visitors, sessions: Sessions, settings: GatewaySettings) -> None:
        self._guard = guard
        self._visitors = visitors
        self.sessions = sessions
        self._settings = settings

    @classmethod
    def of(cls, service: Service, gateway: Gateway, settings: GatewaySettings) -> "WebApi":
        """The door of one gateway."""
        guard = Guard(settings.webapi_origins, settings.http_names, settings.public_url)
        visitors = Visitors(gateway.directory, settings)
        commands = Counter(
            "gateway_webapi_calls", "Calls of pages by command and status", ["command", "status"], registry=service.metrics
        )
        do = Doing(gateway, service.tracing, commands)
        feeds = Feeds(gateway.bus, gateway.region, gateway.zone)
        sessions = Sessions(feeds, do, visitors.standing, settings.webapi_sessions)
        Gauge("gateway_webapi_sessions", "Sessions of pages", registry=service.metrics).set_function(lambda: float(len(sessions)))
        return cls(guard, visitors, sessions, settings)

    def routes(self) -> list[BaseRoute]:
        """Where it answers."""
        return [WebSocketRoute(path, self.socket) for path in PATHS]

    async def socket(self, socket: WebSocket) -> None:
        """One WebSocket from its upgrade to its end."""
        try:
            session = await self.sessions.open(await self._visitors.local(self._guard.caller(socket.scope)))
        except (Barred, Full, Unanswered) as reason:
            await socket.send_denial_response(denial(reason))
            return
        try:
            await socket.accept(frames.PROTOCOL if frames.PROTOCOL in socket.scope["subprotocols"] else None)
            await Channel(socket, self.sessions, self.hello).serve(session)
        except BaseException:
            await self.sessions.end(session, Ending(1011, "The line broke before it was one."))
            raise

    def hello(self, session: Session) -> dict[str, Any]:
        """The first message of a line."""
        return {
            "command": "HELLO",
            "sn": session.visitor.identity.sn,
            "version": VERSION,
            "session": session.id,
            "seq": session.cursor,
            "limits": {"message": self._settings.webapi_max_message, "requests": IN_FLIGHT, "poll": AT_ONCE},
            "pingInterval": int(frames.PING_AFTER * 1000),
            "idle": int(frames.DEAD_AFTER * 1000),
        }


def denial(reason: Exception) -> Response:
    """Why nobody is let in, as HTTP has it."""
    if isinstance(reason, Barred):
        return failed(reason.message, reason.status).response()
    if isinstance(reason, Full):
        return failed(str(reason), 429, retry_after="30").response()
    return failed(BUSY, 503, retry_after="5").response()


class Doing:
    """Executes commands for sessions, counted and traced as those of the other door."""

    def __init__(self, gateway: Gateway, tracing: Tracing, commands: Counter) -> None:
        self._gateway = gateway
        self._tracing = tracing
        self._commands = commands

    async def __call__(self, identity: Identity, asked: Asked) -> dict[str, Any]:
        """The envelope that answers."""
        name = asked.command if asked.command in COMMANDS else "unknown"
        with self._tracing.span(f"webapi {name}", "", SpanKind.SERVER) as span:
            answer = await execute(self._gateway, identity, asked)
            span.set_attribute("http.response.status_code", answer.status)
        self._commands.labels(name, str(answer.status)).inc()
        return answer.body
