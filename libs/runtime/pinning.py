"""Connections to vetted addresses only: a name is resolved once, and what was vetted is what is connected to."""

from collections.abc import Iterable

import httpcore
import httpx
from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from libs.runtime.vetting import Guard

#: Seconds after which the next address of a name is tried, where there is one: what swallows everything may be one network of two.
HURRY = 2.0


class Pinned(AsyncNetworkBackend):
    """The network as a guarded client has it. TLS still asks for a certificate of the name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner: AsyncNetworkBackend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore has it so
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """The first vetted address of `host` that answers. Raises the guard's exceptions and httpcore's."""
        *first, last = await self._guard.addresses(host, port)
        for address in first:
            try:
                return await self._inner.connect_tcp(address, port, min(timeout or HURRY, HURRY), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """As httpcore wants it."""
        await self._inner.sleep(seconds)


class PinnedTransport(httpx.AsyncHTTPTransport):
    """httpx on such a network. Connections are kept by name: who proved to be one name at an address is not asked for another."""

    def __init__(self, guard: Guard) -> None:  # in the place of the original's, which makes a pool on any network
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=Pinned(guard),
        )
