"""One receiver over HTTP: one kept-alive connection, one attempt after another, each with one deadline for everything."""

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import certifi
import httpcore
import httpx
import structlog

from libs.runtime.pinning import Pinned
from libs.runtime.vetting import Forbidden, Guard, Unknown, Unreachable
from services.webhooks.verdict import Answer

log = structlog.get_logger()

#: Of an answer's body so much is read, for so many seconds, and only so that the connection can be used again.
BODY_LIMIT = 64 * 1024
BODY_PATIENCE = 1.0
#: So much of it is kept for the log, in bytes.
EXCERPT = 1024
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

    It is a connection of httpcore, the engine below httpx: an attempt costs half the time that it takes through a client. With a
    `guard` it connects to nothing but addresses that this one has vetted a moment before.
    """

    def __init__(self, context: ssl.SSLContext, timeout: float, guard: Guard | None = None) -> None:
        self._context = context
        self._timeout = timeout
        self._network = Pinned(guard) if guard else None
        self._address: _Address | None = None
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        """One attempt. Whatever goes wrong is an answer with status 0 and a sentence."""
        return await self._ask("POST", url, body.encode(), headers)

    async def options(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask what is allowed there; the answer has its `webhook` headers. As `post` otherwise."""
        return await self._ask("OPTIONS", url, b"", headers)

    async def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._send(method, url, body, headers)
        except TimeoutError:
            await self.close()
            return Answer(0, f"no answer within {self._timeout:g} s", _since(begun), late=True)
        except (Forbidden, Unknown, Unreachable) as error:
            await self.close()
            return Answer(0, str(error), _since(begun))
        except FAILURES as error:
            await self.close()
            return Answer(0, f"the request failed: {type(error).__name__}", _since(begun))
        took = _since(begun)
        excerpt = await _drain(response, min(BODY_PATIENCE, begun + self._timeout - time.monotonic()))
        found = _webhook(response) if method == "OPTIONS" else {}
        return Answer(response.status, "", took, excerpt, _retry_after(response), media_type=_media_type(response), webhook=found)

    async def close(self) -> None:
        """Close the connection; the next attempt makes one."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.aclose()

    async def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> httpcore.Response:
        if self._address is None or self._address.text != url:
            await self.close()
            self._address = _Address(url)
        if self._connection is None or self._connection.has_expired() or not self._connection.is_available():
            await self.close()
            self._connection = httpcore.AsyncHTTPConnection(
                self._address.url.origin, ssl_context=self._context, keepalive_expiry=IDLE, network_backend=self._network
            )
        return await self._connection.handle_async_request(self._address.request(method, body, headers))


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

    def request(self, method: str, body: bytes, headers: Mapping[str, str]) -> httpcore.Request:
        own = [(name.encode(), value.encode()) for name, value in headers.items()]
        length = (b"content-length", str(len(body)).encode())
        return httpcore.Request(method, self.url, headers=[*self._headers, *own, length], content=body)


async def _drain(response: httpcore.Response, patience: float) -> str:
    """Read the rest, within limits. The status was the answer: a body that does not end only costs the connection."""
    read, kept = 0, b""
    try:
        async with asyncio.timeout(patience):
            async for chunk in response.aiter_stream():
                read += len(chunk)
                kept += chunk[: EXCERPT - len(kept)]
                if read > BODY_LIMIT:
                    break
    except (TimeoutError, *FAILURES) as error:
        log.debug("body cut off", error=type(error).__name__)
    finally:
        await response.aclose()
    return _readable(kept)


def _readable(data: bytes) -> str:
    """Bytes as a log may show them: text, whatever they are, without what would steer a screen or a database."""
    text = data.decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)


def _retry_after(response: httpcore.Response) -> float:
    """The seconds that a receiver wants to be left alone (RFC 9110 section 10.2.3); 0: it does not say, or not readably."""
    found = _header(response, b"retry-after")
    if found.isascii() and found.isdigit():
        return float(found[:9])
    try:
        when = parsedate_to_datetime(found)
    except (ValueError, OverflowError):  # a year of eleven digits
        return 0.0
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max((when - datetime.now(UTC)).total_seconds(), 0.0)


def _media_type(response: httpcore.Response) -> str:
    return _header(response, b"content-type").partition(";")[0].strip().lower()


def _webhook(response: httpcore.Response) -> dict[str, str]:
    found = ((name.lower().decode("latin-1"), value.decode("latin-1").strip()) for name, value in response.headers)
    return {name: value for name, value in found if name.startswith("webhook-")}


def _header(response: httpcore.Response, wanted: bytes) -> str:
    return next((value for name, value in response.headers if name.lower() == wanted), b"").decode("latin-1").strip()


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
