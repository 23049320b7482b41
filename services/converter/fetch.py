"""The guarded fetcher: downloads a document from an address that somebody else has chosen."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from libs.contracts.documents import SealedRequest
from libs.runtime.pinning import PinnedTransport
from libs.runtime.vetting import Forbidden, Guard, Unknown, Unreachable
from services.converter.domain import Failure, Rejected

_REDIRECTS, _TIMEOUT = 5, 30.0
_DEFAULT = {"accept": "*/*", "user-agent": "Printbus", "accept-encoding": "identity"}
#: Headers that concern a connection and not a document, and those that we must set ourselves.
_OURS = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "expect",
    "accept-encoding",
}


def own_headers(request: SealedRequest) -> list[tuple[str, str]]:
    """The client's headers that may be sent: none that steers the connection, none that would break a head."""
    return [
        (name, value)
        for name, value in request.headers
        if name.lower() not in _OURS and name.isascii() and name.replace("-", "").replace("_", "").isalnum() and _clean(value)
    ]


def _clean(value: str) -> bool:
    return not any(character in value for character in "\r\n\0")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address (RFC 6454). Raises `Rejected` for one that is not http or https."""
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}[parts.scheme.lower()]
        port, host = parts.port or usual, parts.hostname
    except (ValueError, KeyError):
        host = None
    if not host:
        raise Rejected(
            Failure.UNREACHABLE, "The document's address cannot be used; write one that begins with http:// or https://."
        )
    return parts.scheme.lower(), host.lower().rstrip("."), port


class Fetcher:
    """Downloads over http and https, from vetted addresses, up to a size and a time."""

    def __init__(self, guard: Guard, max_bytes: int) -> None:
        self._guard, self._max = guard, max_bytes
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, request: SealedRequest, path: Path) -> Path:
        """Download to `path`. Raises `Rejected` for what will never work, `Unreachable` for what may work later."""
        url, first = request.url, origin(request.url)
        for _ in range(_REDIRECTS + 1):
            host = origin(url)[1]
            headers = own_headers(request) if origin(url) == first else []
            try:
                async with asyncio.timeout(_TIMEOUT):
                    onward = await self._get(url, headers, path)
            except (Forbidden, Unknown) as error:
                raise Rejected(Failure.UNREACHABLE, f"The document cannot be fetched: {error}") from None
            except (TimeoutError, httpx.TransportError) as error:
                raise _failed(host, error) from None
            if onward is None:
                return path
            try:
                url = urljoin(url, onward)
            except ValueError:
                raise _astray(host) from None
        raise Rejected(
            Failure.UNREACHABLE, f"The document at {first[1]} cannot be fetched: it is redirected more than {_REDIRECTS} times."
        )

    async def close(self) -> None:
        """Close what is kept open."""
        if self._client:
            await self._client.aclose()

    async def _opened(self) -> httpx.AsyncClient:
        """Made with the first document, in a thread: all certificates are read for it."""
        async with self._opening:
            if self._client is None:
                transport = await asyncio.to_thread(PinnedTransport, self._guard)
                self._client = httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, trust_env=False)
            return self._client

    async def _get(self, url: str, headers: Sequence[tuple[str, str]], path: Path) -> str | None:
        """One request. The address to go on to, or None when the document is in `path`."""
        client = await self._opened()
        sent = httpx.Headers(_DEFAULT)
        sent.update(httpx.Headers(list(headers)))
        try:
            asked = client.build_request("GET", url, headers=sent)
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise Rejected(Failure.UNREACHABLE, "The document's address is not a valid one; check how it is written.") from None
        try:
            answer = await client.send(asked, stream=True, follow_redirects=False)
        except (httpx.InvalidURL, UnicodeError, ValueError):  # httpx looks at where a redirect leads, even if it is not to follow
            raise _astray(origin(url)[1]) from None
        try:
            client.cookies.clear()
            if answer.has_redirect_location:
                return answer.headers["location"]
            _check_status(answer.status_code, origin(url)[1])
            await self._save(answer, path)
        finally:
            await answer.aclose()
        return None

    async def _save(self, answer: httpx.Response, path: Path) -> None:
        size = 0
        with path.open("wb") as file:
            async for piece in answer.aiter_bytes():
                size += len(piece)
                if size > self._max:
                    sentence = f"The document is larger than {self._max / 1e6:g} MB, the most that can be printed here."
                    raise Rejected(Failure.TOO_LARGE, sentence)
                file.write(piece)
        if size == 0:
            raise Rejected(Failure.EMPTY, "The document is empty: its address answers without any content.")


def _check_status(status: int, host: str) -> None:
    if status >= 500 or status in (408, 425, 429):
        raise Unreachable(f"{host} answers with the status {status}.")
    if status in (401, 403):
        raise Rejected(
            Failure.UNREACHABLE,
            f"The document cannot be fetched: {host} refuses it (status {status}); send the headers that it asks for.",
        )
    if status != 200:
        raise Rejected(Failure.UNREACHABLE, f"The document cannot be fetched: {host} answers with the status {status}.")


def _astray(host: str) -> Rejected:
    return Rejected(Failure.UNREACHABLE, f"The document cannot be fetched: {host} redirects to what is no address of the web.")


def _failed(host: str, error: Exception) -> Exception:
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
        return Rejected(Failure.UNREACHABLE, f"The document cannot be fetched: the certificate of {host} is not valid.")
    if isinstance(error, httpx.RemoteProtocolError) and "location header" in str(error):
        return _astray(host)
    if isinstance(error, httpx.UnsupportedProtocol):
        return Rejected(
            Failure.UNREACHABLE, "The document's address cannot be used; write one that begins with http:// or https://."
        )
    return Unreachable(f"{host} does not answer, or not to the end.")
