"""A partner's web application: it answers handshakes and remembers the notifications that came."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from libs.runtime.probes import http_server
from tests.waiting import until


@dataclass
class Partner:
    """`handshakes` counts validation requests; `came` are the change notifications, `bodies` the whole posts."""

    url: str = ""
    handshakes: int = 0
    came: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def told(self, resource: str, within: float = 60.0) -> dict[str, Any]:
        """Wait for a notification whose resource contains this."""

        def found() -> dict[str, Any]:
            return next((each for each in self.came if resource in each["resource"]), {})

        return await until(found, within, f"a notification about {resource}; there are {[each['resource'] for each in self.came]}")


@asynccontextmanager
async def partner() -> AsyncIterator[Partner]:
    """A partner on a free port of loopback."""
    here = Partner()

    async def notified(request: Request) -> Response:
        if "validationToken" in request.query_params:
            here.handshakes += 1
            return PlainTextResponse(request.query_params["validationToken"])
        body = await request.json()
        here.bodies.append(body)
        here.came += body["value"]
        return Response(status_code=202)

    async with http_server(Starlette(routes=[Route("/notified", notified, methods=["POST"])]), "127.0.0.1", 0) as port:
        here.url = f"http://127.0.0.1:{port}/notified"
        yield here
