"""The second listener: the same application over TLS, its certificate made by this machine's authority and renewed in time."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from libs.runtime.authority import Authority, Leaf

log = structlog.get_logger()

#: Seconds between two looks whether the certificate is still good.
LOOK = 3600.0


class Certificate:
    """The certificate of the HTTPS listener; `names` beside localhost, ports behind them do not count."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._authority = Authority(folder)
        self._names = tuple(name.partition(":")[0] for name in names)
        self._loaded = b""
        self._current = _tls()

    async def context(self) -> ssl.SSLContext:
        """TLS that shows each new connection the certificate of now. Raises `OSError` when the folder of keys cannot be written."""
        await asyncio.to_thread(self._load)
        context = self._current

        def choose(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            connection.context = self._current

        context.sni_callback = choose  # called whether the client names a host or not
        return context

    async def renew(self) -> None:
        """Look now and then whether it ends soon; new connections get the new one. A body for `Service.loop`."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                await asyncio.to_thread(self._load)
            except OSError as error:  # the one that is loaded is good until it ends
                log.warning("certificate not renewed, tried again later", cause=str(error))

    def _load(self) -> None:
        """A new context for a new certificate: one that is changed in use shows half of each to who connects meanwhile."""
        leaf: Leaf = self._authority.leaf(self._names)
        found = leaf.certificate.read_bytes()
        if found != self._loaded:
            context = _tls()
            context.load_cert_chain(leaf.certificate, leaf.key)
            self._current, self._loaded = context, found


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def certificate_route(folder: Path) -> Route:
    """`GET /webprinter-ca.pem`: the authority's certificate, for whoever is to trust it."""
    path = folder / "ca.pem"

    async def serve(_request: Request) -> Response:
        if not path.is_file():
            return PlainTextResponse("This server has no certificate of its own: PRINTBUS_HTTPS_PORT switches HTTPS on.", 404)
        content = await asyncio.to_thread(path.read_bytes)
        disposition = {"Content-Disposition": 'attachment; filename="webprinter-ca.pem"', "Cache-Control": "no-cache"}
        return Response(content, media_type="application/x-pem-file", headers=disposition)

    return Route("/webprinter-ca.pem", serve)
