"""Web sites of other origins, whose pages load webprinter.js from a gateway as a shop's would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from libs.runtime.authority import Leaf
from tests.sdk.scripted import serving


@asynccontextmanager
async def site(gateway: str, port: int = 0, *, leaf: Leaf | None = None) -> AsyncIterator[int]:
    """A site on a port of loopback, with TLS if there is a certificate; gives the port."""
    policy = f"default-src 'none'; script-src {gateway}; connect-src http://127.0.0.1:* ws://127.0.0.1:* https: wss:"

    def page(_request: Request) -> Response:
        html = f'<!doctype html><meta charset="utf-8"><title>shop</title><script src="{gateway}/webprinter.js"></script>'
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async with serving(Starlette(routes=[Route("/", page)]), port, leaf=leaf) as bound:
        yield bound
