"""The routes of the WebAPI, and how each that knocks is let in or told why not."""

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from libs.contracts.metrics import PAGE_SESSIONS
from libs.contracts.version import VERSION
from libs.runtime.bus import NotStored, Unanswered
from libs.runtime.metrics import looked_up
from libs.runtime.traces import Tracing
from services.gateway.events import Feeds
from services.gateway.gateway import Gateway
from services.gateway.relays import Relays
from services.gateway.settings import GatewaySettings
from services.gateway.webapi.cross import SESSION_HEADER, preflight, readable
from services.gateway.webapi.doing import Doing
from services.gateway.webapi.frames import BadFrame, Frame
from services.gateway.webapi.guard import Barred, Caller, Guard
from services.gateway.webapi.pairing import Pairing
from services.gateway.webapi.polling import Polling, body_of, cursor_text
from services.gateway.webapi.replies import denial, hello
from services.gateway.webapi.session import Visitor
from services.gateway.webapi.sessions import LEFT, Full, Sessions
from services.gateway.webapi.tries import Tries
from services.gateway.webapi.upgrade import Upgrade
from services.gateway.webapi.visitors import Visitors
from services.gateway.webprinter.envelope import failed, succeeded
from services.gateway.webprinter.uploads import answer_upload

#: Also where old programs knock.
PATHS = ("/webapi", "/ws", "/")
#: Wrong codes: so many of one address, and of all, within so many seconds; of wrong tokens, as many as the other door allows.
WRONG = 10
WRONG_TOGETHER = 1000
WRONG_WITHIN = 600.0
WRONG_TOKENS_WITHIN = 60.0
#: Bytes of a body that is no call.
SMALL = 16 * 1024
BEARER = "bearer "

Handle = Callable[[Request, Caller], Awaitable[Response]]


class WebApi:
    """The door for pages."""

    def __init__(self, gateway: Gateway, settings: GatewaySettings, tracing: Tracing, metrics: CollectorRegistry) -> None:
        self._gateway = gateway
        self._settings = settings
        self.relays = Relays(gateway.bus, gateway.reservations)
        self._guard = Guard(settings.webapi_origins, settings.http_names, settings.public_url)
        self._visitors = Visitors(gateway.directory, self.relays, settings)
        self._pairing = Pairing(gateway, self.relays, self._visitors, Tries(WRONG, WRONG_TOGETHER, WRONG_WITHIN))
        self._tries = Tries(settings.token_tries, WRONG_TOGETHER, WRONG_TOKENS_WITHIN)
        feeds = Feeds(gateway.bus, gateway.region, gateway.zone)
        doing = Doing(gateway, tracing, metrics)
        self.sessions = Sessions(feeds, doing, self._visitors.standing, settings.webapi_sessions)
        self._polling = Polling(self.sessions, settings.webapi_max_message)
        looked_up(PAGE_SESSIONS, metrics, lambda: float(len(self.sessions)))

    def routes(self) -> list[BaseRoute]:
        """Where it answers; nowhere when it is switched off."""
        if not self._settings.webapi_enabled:
            return []
        upgrade = Upgrade(self._guard, self._visitors, self.sessions, self._tries, self._settings)
        handlers: dict[str, tuple[str, Handle]] = {
            "open": ("POST", self.open),
            "send": ("POST", self.send),
            "poll": ("GET", self.poll),
            "close": ("POST", self.close),
            "upload": ("POST", self.upload),
            "pair": ("POST", self.pair),
            "status": ("GET", self.status),
        }
        return [
            *(WebSocketRoute(path, upgrade.serve) for path in PATHS),
            *(self._route(f"/webapi/{name}", method, handle) for name, (method, handle) in handlers.items()),
        ]

    async def open(self, request: Request, caller: Caller) -> Response:
        """A session: a new one, or the one that is resumed."""
        if not request.headers.get(SESSION_HEADER):
            raise Barred(400, "Send the header Webapi-Session: new.")
        visitor = await self._visitor(request, caller)
        given = await body_of(request, SMALL)
        wanted = given.get("resume") if isinstance(given, dict) else None
        resume = Frame("RESUME", wanted) if isinstance(wanted, dict) else None
        session = self.sessions.same(visitor, resume.text("session")) if resume else None
        known = session is not None
        session = session or await self.sessions.open(visitor)
        said = {**hello(session, self._settings), "known": known, "reset": False}
        if resume:
            said["reset"] = not await session.resume(resume.sequence("lastSeq"))
            said["seq"] = session.cursor
        return JSONResponse({**said, "ack": cursor_text(session)})

    async def send(self, request: Request, caller: Caller) -> Response:
        """Calls."""
        return await self._polling.send(request, self._polling.session(request, caller))

    async def poll(self, request: Request, caller: Caller) -> Response:
        """Answers and events."""
        return await self._polling.poll(request, self._polling.session(request, caller))

    async def close(self, request: Request, caller: Caller) -> Response:
        """The page leaves."""
        await self.sessions.end(self._polling.session(request, caller), LEFT)
        return succeeded().response()

    async def upload(self, request: Request, caller: Caller) -> Response:
        """A file, as `/openapi/sendTmpFile` takes it."""
        session = self._polling.session(request, caller)
        answer = await answer_upload(self._gateway, session.visitor.identity, request, self._settings.max_upload)
        return answer.response()

    async def pair(self, request: Request, caller: Caller) -> Response:
        """A relay token for a code."""
        if not self._settings.webapi_relay:
            raise Barred(403, "This server relays no pages: whoever runs it sets PRINTBUS_WEBAPI_RELAY.")
        if not request.headers.get(SESSION_HEADER):
            raise Barred(400, "Send the header Webapi-Session: new.")
        return (await self._pairing.exchange(caller, await body_of(request, SMALL))).response()

    async def status(self, _request: Request, caller: Caller) -> Response:
        """What a page may know before it is let in: whether somebody is here, and what keeps it out."""
        try:
            caller.admit_local()
            message = ""
        except Barred as reason:
            message = reason.message
        said = {"success": True, "version": VERSION, "originAllowed": caller.allowed, "local": caller.local}
        return JSONResponse({**said, "relay": self._settings.webapi_relay, "message": message})

    async def _visitor(self, request: Request, caller: Caller) -> Visitor:
        shown = request.headers.get("authorization", "")
        if not shown:
            return await self._visitors.local(caller)
        if not shown.lower().startswith(BEARER):
            raise Barred(401, "Show the relay token as Authorization: Bearer.")
        return await self._visitors.shown(caller, shown[len(BEARER) :].strip(), self._tries)

    def _route(self, path: str, method: str, handle: Handle) -> Route:
        async def answer(request: Request) -> Response:
            try:
                caller = self._guard.caller(request.scope)
            except Barred as reason:
                return denial(reason)
            try:
                if request.method == "OPTIONS":
                    return preflight(request, caller, relay=self._settings.webapi_relay)
                if request.method != method:
                    return readable(failed(f"Use {method}.", 405, allow=f"{method}, OPTIONS").response(), caller.origin)
                return readable(await handle(request, caller), caller.origin)
            except ClientDisconnect:
                return Response(status_code=499)
            except (Barred, Full, BadFrame, Unanswered, NotStored) as reason:
                return readable(denial(reason), caller.origin)

        return Route(path, answer, methods=["GET", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"])
