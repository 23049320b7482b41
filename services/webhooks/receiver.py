"""One receiver over HTTP: one kept-alive connection, one attempt after another, each with one deadline for everything."""

import asyncio
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
    """Posts to one endpoint. No redirects, no cookies, no proxies from the environment."""

    def __init__(self, context: ssl.SSLContext, timeout: float) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE)
        self._timeout = timeout
        self._client = httpx.AsyncClient(
            verify=context,
            limits=limits,
            timeout=None,  # noqa: S113 - one deadline for the whole attempt stands around it
            trust_env=False,
            headers={"user-agent": "printbus-webhooks"},
        )

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        """One attempt. Whatever goes wrong is an answer with status 0 and a sentence."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                request = self._client.build_request("POST", url, content=body.encode(), headers=headers)
                response = await self._client.send(request, stream=True)
        except TimeoutError:
            return _answer(0, f"no answer within {self._timeout:g} s", begun)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return _answer(0, f"the request failed: {type(error).__name__}", begun)
        answer = _answer(response.status_code, "", begun)
        self._client.cookies.clear()
        await _drain(response, min(BODY_PATIENCE, begun + self._timeout - time.monotonic()))
        return answer

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


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
