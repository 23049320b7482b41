"""`/v1.0` and `/beta`: who asks, what for, and every way in which it can go wrong as one status and one form of error."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Protocol

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from libs.runtime import traces
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.traces import Tracing
from services.gateway.gateway import Gateway
from services.gateway.graph.call import Answer, Call, Collection, Plain, Reply, Route
from services.gateway.graph.http import batch, cors, replies
from services.gateway.graph.http.address import Address
from services.gateway.graph.http.batch import Batch
from services.gateway.graph.http.bodies import object_of
from services.gateway.graph.http.etags import etag_of, names
from services.gateway.graph.http.path import Found
from services.gateway.graph.http.quota import Quota
from services.gateway.graph.http.request import Asked
from services.gateway.graph.http.routing import Routing, allowed, nowhere, route_of
from services.gateway.graph.model import asking
from services.gateway.graph.model.spelling import spelled
from services.gateway.graph.odata.paging import token_of
from services.gateway.graph.odata.query import LARGEST as LARGEST_PAGE
from services.gateway.graph.odata.query import Query, query_of
from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem, bad, refused, unanswered
from services.gateway.graph.rights.matrix import rule
from services.gateway.pace import Pace
from services.gateway.receiving import TooLarge, drop_rest, receive
from services.gateway.settings import GatewaySettings

log = structlog.get_logger()

_ADDRESS = re.compile(r"/+(v1\.0|beta)(?:/(.*))?", re.IGNORECASE | re.DOTALL)
#: Pages of a list that are walked through to count it, where nobody has its number.
COUNTED = 50
#: Entities whose filtering and sorting takes longer than anybody else should wait for.
MANY = 500
#: The largest body that is read whole, in bytes; documents are uploaded.
LARGEST = 4 * 1024 * 1024


class Identifying(Protocol):
    """Who asks."""

    async def principal(self, headers: Mapping[str, str], address: str) -> Principal:
        """Whom the token in these headers (names in small letters) speaks for. Raises `Problem` 401."""
        ...


def routes_of(modules: Iterable[ModuleType]) -> list[Route]:
    """The tables of these modules, one after the other."""
    return [route for module in modules for route in module.ROUTES]


class Door(BaseRoute):
    """One address with everything below it, in either version."""

    def __init__(
        self,
        gateway: Gateway,
        bearers: Identifying,
        routes: Iterable[Route],
        settings: GatewaySettings,
        *,
        tracing: Tracing,
        requests: Counter,
        pace: Pace,
    ) -> None:
        self._routing = Routing([Batch(self.serve).route, *routes])
        self._gateway = gateway
        self._bearers = bearers
        self._address = Address(settings.public_url, settings.http_names)
        self._quota = Quota(settings.graph_requests_per_minute)
        self._strict = settings.graph_strict
        self._max_body = min(settings.max_body, LARGEST)
        self._tracing = tracing
        self._requests = requests
        self._pace = pace

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is one of ours, however many slashes it begins with."""
        ours = scope["type"] == "http" and _ADDRESS.fullmatch(scope["path"]) is not None
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request over HTTP."""
        request = Request(scope, receive)
        asked = self._asked(request)
        try:
            response = self._options(asked) if request.method == "OPTIONS" else await self.serve(asked)
            if response.status_code >= 400:
                await drop_rest(request)
        except ClientDisconnect:
            return
        response.headers["request-id"] = asked.id
        response.headers["client-request-id"] = asked.client_id or asked.id
        cors.readable(response.headers)
        self._pace.took(asked.turn, response.status_code)
        await response(scope, receive, send)

    async def serve(self, asked: Asked, who: Principal | None = None) -> Response:
        """The answer to a request, alone or in a batch (then `who` asks). Raises starlette's `ClientDisconnect`."""
        found, counting = self._routing.find(asked)
        route = found.routes.get(asked.method) if found else None
        label = route.path if route else "unknown"
        if route:
            asked.turn.route = f"{asked.method} {label}"
        with self._tracing.span(f"{asked.method} /graph/{label}", traces.of(asked.headers), SpanKind.SERVER) as span:
            response = await self._answered(asked, found, who, counting=counting)
            span.set_attribute("http.response.status_code", response.status_code)
        self._requests.labels(asked.method if route else "", label, str(response.status_code)).inc()
        response.headers["OData-Version"] = "4.0"
        return response

    async def _answered(self, asked: Asked, found: Found | None, who: Principal | None, *, counting: bool) -> Response:
        try:
            return await self._do(asked, found, who, counting=counting)
        except Problem as problem:
            return replies.failure(problem, asked)
        except Refused as reason:
            return replies.failure(refused(reason), asked)
        except (Unanswered, NotStored):
            return replies.failure(unanswered(self._gateway.region if self._gateway.far else ""), asked)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("request failed", request=asked.id, method=asked.method)
            text = f"Something went wrong here; the log has it under the request id {asked.id}."
            return replies.failure(Problem(500, "generalException", text), asked)

    async def _do(self, asked: Asked, found: Found | None, who: Principal | None, *, counting: bool) -> Response:
        route = route_of(asked, found)
        who = who or await self._bearers.principal(asked.headers, asked.address)
        asked.turn.tenant = who.tenant
        self._quota.take(who)
        if route.path != batch.PATH:
            self._admit(who, route)
        elif asked.request is None:
            raise Problem(400, "invalidRequest", "A batch cannot be part of a batch: send its requests in one of their own.")
        query = query_of(asked.query)
        if not asked.beta and asked.method == "GET":
            asking.check(query, route.path)
        query = replace(query, skiptoken=token_of(query.skiptoken)) if query.skiptoken else query
        query = replace(query, count=True) if counting else query  # a handler that knows the number tells it
        call = await self._call(asked, route, found.ids(route) if found else {}, who, query)
        await self._check(call, found)
        answer = await route.handler(call)
        if counting:
            return replies.plain(await _counted(route, call, answer))
        if isinstance(answer, Collection) and not answer.applied and len(answer.items) > MANY:
            return await asyncio.to_thread(_response, answer, asked, query)  # the others are answered meanwhile
        return _response(answer, asked, query)

    def _admit(self, who: Principal, route: Route) -> None:
        rule(route.method, route.rule or route.path).admit(who, strict=self._strict)

    async def _call(self, asked: Asked, route: Route, ids: Mapping[str, str], who: Principal, query: Query) -> Call:
        raw, request = asked.raw, asked.request
        if request and not route.stream:
            try:
                raw = bytes(await receive(request, self._max_body))
            except TooLarge:
                text = f"The body is larger than the {self._max_body} bytes that are allowed."
                raise Problem(413, "requestEntityTooLarge", text) from None
        elif route.stream and request is None:
            raise Problem(400, "notSupported", f"{route.method} /{route.path} cannot be part of a batch: send it alone.")
        takes = route.method != "GET" and not route.stream
        body = spelled(object_of(raw, asked.headers.get("content-type", ""), route.accepts)) if takes else {}
        return Call(
            self._gateway, who, asked.method, asked.base, ids, query, asked.headers, body, raw,
            request=request, beta=asked.beta, strict=self._strict,
        )  # fmt: skip

    async def _check(self, call: Call, found: Found | None) -> None:
        """If-Match: what is to be changed must be as the caller has seen it."""
        condition = call.headers.get("if-match", "*").strip()
        reading = found.routes.get("GET") if found else None
        if call.method == "GET" or condition == "*" or found is None or reading is None:
            return
        seen = await reading.handler(replace(call, method="GET", query=Query(), body={}, ids=found.ids(reading)))
        if isinstance(seen, Reply) and not names(condition, etag_of(seen)):
            raise Problem(412, "resourceModified", "It was changed meanwhile: read it again, and then say what to change.")

    def _asked(self, request: Request) -> Asked:
        scope = request.scope
        raw = scope.get("raw_path")
        path = raw.decode("latin-1").partition("?")[0] if raw else scope["path"]
        parts = _ADDRESS.fullmatch(path) or _ADDRESS.fullmatch(scope["path"])
        version, below = (parts[1].lower(), parts[2] or "") if parts else ("v1.0", "")
        return Asked(
            "GET" if request.method == "HEAD" else request.method,
            below,
            scope["query_string"].decode("latin-1"),
            request.headers,
            f"{self._address.of(scope)}/{version}",
            version == "beta",
            request=request,
            address=request.client.host if request.client else "",
        )

    def _options(self, asked: Asked) -> Response:
        found, _ = self._routing.find(asked)
        return cors.preflight(allowed(found)) if found else replies.failure(nowhere(asked), asked)


def _response(answer: Answer, asked: Asked, query: Query) -> Response:
    match answer:
        case Reply():
            return replies.entity(answer, asked, query)
        case Collection():
            return replies.collection(answer, asked, query)
        case Plain():
            return replies.plain(answer)


async def _counted(route: Route, call: Call, answer: Answer) -> Plain:
    """How many there are, page by page where the handler has no number. Raises `Problem` where that would take too many."""
    total = 0
    for _ in range(COUNTED):
        if not isinstance(answer, Collection):
            raise Problem(404, "ResourceNotFound", "What is at this address is no list, and cannot be counted.")
        count = await asyncio.to_thread(replies.counted, answer, call.query)
        if count is not None:
            return Plain(str(count).encode())
        total += len(answer.items)
        if not answer.skiptoken:
            return Plain(str(total).encode())
        rest = replace(call.query, skip=0, top=LARGEST_PAGE, count=False, skiptoken=answer.skiptoken)
        answer = await route.handler(replace(call, query=rest))
    raise bad(f"There are more than {total}, too many to be looked at one by one: write a narrower $filter.", "$filter")
