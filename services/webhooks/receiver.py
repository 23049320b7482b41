"""One receiver over HTTP: one kept-alive connection, one attempt after another, each with one deadline for everything."""

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping

import certifi
import httpx
import structlog

from services.webhooks.domain import Answer

log = structlog.get_logger()

#: Of an answer's body so much is read, for so many seconds, and only so that the connection can be used again.
BODY_LIMIT = 64 * 1024
BODY_PATIENCE = 1.0
#: Seconds that an idle connection is kept: less than the 5 s after which common servers close theirs.
IDLE = 4.0


def trusted() -> ssl.SSLContext:
    """Certificates of the system, and those of certifi where the system has none; made once and shared, it is slow to make."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class Receiver:
    """Posts to one endpoint through httpx's transport: no redirects, no cookies, no proxies from the environment.

    The client above the transport would add those, and half as much time again.
    """

    def __init__(self, context: ssl.SSLContext, timeout: float) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE)
        self._transport = httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False)
        self._timeout = timeout
        self._address = _Address("")

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        """One attempt. Whatever goes wrong is an answer with status 0 and a sentence."""
        begun = time.monotonic()
        try:
            if self._address.text != url:
                self._address = _Address(url)
            async with asyncio.timeout(self._timeout):
                response = await self._transport.handle_async_request(self._address.request(body, headers))
        except TimeoutError:
            return _answer(0, f"no answer within {self._timeout:g} s", begun)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return _answer(0, f"the request failed: {type(error).__name__}", begun)
        answer = _answer(response.status_code, "", begun)
        await _drain(response, min(BODY_PATIENCE, begun + self._timeout - time.monotonic()))
        return answer

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.aclose()


class _Address:
    """An address, taken apart once: a name and password in it become basic authentication."""

    def __init__(self, text: str) -> None:
        self.text = text
        url = httpx.URL(text)
        self._url = url.copy_with(username=None, password=None)
        self._headers = {"user-agent": "printbus-webhooks", "accept": "*/*"}
        if url.userinfo:
            pair = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
            self._headers["authorization"] = f"Basic {pair}"

    def request(self, body: str, headers: Mapping[str, str]) -> httpx.Request:
        return httpx.Request("POST", self._url, content=body.encode(), headers={**self._headers, **headers})


async def _drain(response: httpx.Response, patience: float) -> None:
    """Read the rest, within limits. The status was the answer: a body that does not end only costs the connection."""
    read = 0
    try:
        async with asyncio.timeout(patience):
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read > BODY_LIMIT:
                    return
    except (TimeoutError, httpx.HTTPError) as error:
        log.debug("body cut off", error=type(error).__name__)
    finally:
        await response.aclose()


def _answer(status: int, error: str, begun: float) -> Answer:
    return Answer(status, error, int((time.monotonic() - begun) * 1000))
