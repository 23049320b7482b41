"""One receiver over HTTP: one kept-alive connection, one attempt after another, each with one deadline for everything."""

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping

import certifi
import httpcore
import httpx
import structlog

from services.webhooks.domain import Answer

log = structlog.get_logger()

#: Of an answer's body so much is read, for so many seconds, and only so that the connection can be used again.
BODY_LIMIT = 64 * 1024
BODY_PATIENCE = 1.0
#: Seconds that an idle connection is kept: less than the 5 s after which common servers close theirs.
IDLE = 4.0

#: What an attempt may end with beside an answer; an address that cannot be one is a `ValueError` or an `InvalidURL`.
FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    httpx.InvalidURL,
    OSError,
    ValueError,
)


def trusted() -> ssl.SSLContext:
    """Certificates of the system, and those of certifi where the system has none; made once and shared, it is slow to make."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class Receiver:
    """Posts to one endpoint. No redirects, no cookies, no proxies from the environment: what would add them is not there.

    It is a connection of httpcore, the engine below httpx: an attempt costs half the time that it takes through a client.
    """

    def __init__(self, context: ssl.SSLContext, timeout: float) -> None:
        self._context = context
        self._timeout = timeout
        self._address: _Address | None = None
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        """One attempt. Whatever goes wrong is an answer with status 0 and a sentence."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._send(url, body.encode(), headers)
        except TimeoutError:
            await self.close()
            return _answer(0, f"no answer within {self._timeout:g} s", begun)
        except FAILURES as error:
            await self.close()
            return _answer(0, f"the request failed: {type(error).__name__}", begun)
        answer = _answer(response.status, "", begun)
        await _drain(response, min(BODY_PATIENCE, begun + self._timeout - time.monotonic()))
        return answer

    async def close(self) -> None:
        """Close the connection; the next attempt makes one."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.aclose()

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpcore.Response:
        if self._address is None or self._address.text != url:
            await self.close()
            self._address = _Address(url)
        if self._connection is None or self._connection.has_expired() or not self._connection.is_available():
            await self.close()
            self._connection = httpcore.AsyncHTTPConnection(
                self._address.url.origin, ssl_context=self._context, keepalive_expiry=IDLE
            )
        return await self._connection.handle_async_request(self._address.request(body, headers))


class _Address:
    """An address, taken apart once: a name and password in it become basic authentication."""

    def __init__(self, text: str) -> None:
        self.text = text
        url = httpx.URL(text)
        self.url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        self._headers = [(b"host", url.netloc), (b"user-agent", b"printbus-webhooks"), (b"accept", b"*/*")]
        if url.userinfo:
            pair = base64.b64encode(f"{url.username}:{url.password}".encode())
            self._headers.append((b"authorization", b"Basic " + pair))

    def request(self, body: bytes, headers: Mapping[str, str]) -> httpcore.Request:
        own = [(name.encode(), value.encode()) for name, value in headers.items()]
        length = (b"content-length", str(len(body)).encode())
        return httpcore.Request("POST", self.url, headers=[*self._headers, *own, length], content=body)


async def _drain(response: httpcore.Response, patience: float) -> None:
    """Read the rest, within limits. The status was the answer: a body that does not end only costs the connection."""
    read = 0
    try:
        async with asyncio.timeout(patience):
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > BODY_LIMIT:
                    return
    except (TimeoutError, *FAILURES) as error:
        log.debug("body cut off", error=type(error).__name__)
    finally:
        await response.aclose()


def _answer(status: int, error: str, begun: float) -> Answer:
    return Answer(status, error, int((time.monotonic() - begun) * 1000))
