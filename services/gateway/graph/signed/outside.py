"""Addresses that this door hands out beside `/v1.0`: whoever has one may use it, errors and headers are the door's."""

from abc import ABC, abstractmethod

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from libs.runtime.bus import NotStored, Refused, Unanswered
from services.gateway.gateway import Gateway
from services.gateway.graph.http import cors, replies
from services.gateway.graph.http.request import Asked
from services.gateway.graph.problem import Problem, not_allowed, refused, unanswered
from services.gateway.receiving import drop_rest

log = structlog.get_logger()


class Outside(ABC):
    """One such address. A subclass says in `allow` with which methods, and in `answer` what."""

    allow = "GET, OPTIONS"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """Raises `Problem`, `Refused`, `Unanswered`, `NotStored`, and starlette's `ClientDisconnect`."""

    async def serve(self, request: Request) -> Response:
        """The answer to one request; every error in the one form that all have."""
        asked = Asked(request.method, "", "", request.headers, "", request=request)
        response = await self._answered(request, asked)
        response.headers["request-id"] = asked.id
        response.headers["client-request-id"] = asked.client_id or asked.id
        response.headers.setdefault("Cache-Control", "no-store")
        cors.readable(response.headers)
        return response

    async def _answered(self, request: Request, asked: Asked) -> Response:
        if request.method == "OPTIONS":
            return cors.preflight(self.allow)
        methods = self.allow.replace("GET", "GET HEAD").replace(",", "").split()
        if request.method in methods:
            problem: Response | Problem = await self._tried(request, asked)
        else:
            problem = not_allowed(f"There is something at this address, but not with {request.method}.", self.allow)
        if isinstance(problem, Response):
            return problem
        try:
            await drop_rest(request)
        except ClientDisconnect:
            log.info("client left", request=asked.id)
        return replies.failure(problem, asked)

    async def _tried(self, request: Request, asked: Asked) -> Response | Problem:
        try:
            return await self.answer(request)
        except Problem as problem:
            return problem
        except Refused as reason:
            return refused(reason)
        except (Unanswered, NotStored):
            return unanswered(self._gateway.region if self._gateway.far else "")
        except ClientDisconnect:
            return Problem(400, "invalidRequest", "The body ended too early.")
        except Exception:
            log.exception("request failed", request=asked.id, method=request.method)
            return Problem(500, "generalException", f"Something went wrong here; the log has it under the request id {asked.id}.")
