"""Who may knock at the WebAPI: the exact Host, a known Origin, a page's own fetch, a peer on this machine (webprinter.md 4.3)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.domain import is_origin

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
#: What a proxy adds, whole names and how they begin: somebody else stands behind the peer, whatever these say.
FORWARDED = ("forwarded", "x-real-ip", "via", "cdn-loop", "cf-connecting-ip", "true-client-ip", "x-client-ip")
FORWARDING = ("x-forwarded", "x-original", "x-envoy")
#: No browser speaks an older HTTP; proxies that tell nothing else about themselves do.
HTTP = ("1.1", "2", "3")


class Barred(Exception):
    """Not let in: an HTTP status, and one sentence that says what to change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Caller:
    """A page that knocks: its origin, whether that is allowed here, whether the peer is on this machine, and its address.

    `own`: it is this server's own page.
    """

    origin: str
    allowed: bool
    local: bool
    peer: str
    own: bool = False

    def admit_local(self) -> None:
        """Let it speak for this server's own client. Raises `Barred`."""
        if not self.local:
            raise Barred(
                403,
                "The WebAPI answers pages on this very machine; from elsewhere show a relay token or pair by a code "
                "(newRelayToken, newPairing), or use /openapi.",
            )
        if not self.allowed:
            raise Barred(
                403,
                f"Pages of {shown_origin(self.origin)} are not allowed here: whoever runs this server adds the origin to "
                "PRINTBUS_WEBAPI_ORIGINS, a JSON list.",
            )


class Guard:
    """Looks at every request and every upgrade before anything else does."""

    def __init__(self, origins: Sequence[str], names: Sequence[str], public_url: str) -> None:
        self._origins = frozenset(origins)
        self._names = tuple(name.lower() for name in names)
        parts = urlsplit(public_url.lower())
        self._public = parts.netloc
        self._page = f"{parts.scheme}://{parts.netloc}"

    def caller(self, scope: Scope) -> Caller:
        """Who knocks. Raises `Barred` for a wrong Host, for no Origin, and for what is not a page's own fetch."""
        headers = Headers(scope=scope)
        self._check_host(scope, headers)
        _check_fetch(scope, headers)
        host = _only(headers, "host").lower()
        here = f"{_scheme(scope)}://{host}"
        own = self._page if host == self._public else here
        origin = _only(headers, "origin").lower()
        if "origin" not in headers and headers.get("sec-fetch-site") == "same-origin":
            origin = own  # browsers leave it out of a GET to the page's own server, and say instead that it is one
        if not is_origin(origin):
            raise Barred(403, "The header Origin is missing or opaque: the WebAPI is for pages of http and https addresses.")
        ours = origin in (own, here)
        return Caller(origin, ours or origin in self._origins, _is_local(scope, headers), _peer(scope), ours)

    def _check_host(self, scope: Scope, headers: Headers) -> None:
        host = _only(headers, "host").lower()
        if not host or host not in self._hosts(scope):
            raise Barred(
                421,
                "This server does not go by the name in Host: use 127.0.0.1 or localhost with its port, or add the name to "
                "PRINTBUS_HTTP_NAMES, a JSON list.",
            )

    def _hosts(self, scope: Scope) -> set[str]:
        """Everything that Host may be on this listener."""
        address, port = scope.get("server") or ("", 0)
        ended = f":{port}"
        found = {f"{name}{ended}" for name in (*LOOPBACK, *self._names, literal(address))}
        found |= {*self._names, self._public} - {""}  # on the default port, perhaps behind a proxy
        if port == DEFAULT_PORTS[scope["scheme"]]:
            found |= {each.removesuffix(ended) for each in found}
        return found


def shown_origin(origin: str) -> str:
    """An origin as a sentence may show it."""
    return origin if origin.isprintable() else "this origin"


def _check_fetch(scope: Scope, headers: Headers) -> None:
    """Where the browser tells what kind of request it is, it must be a page's own fetch or socket, never a link or an image."""
    destination, mode = headers.get("sec-fetch-dest", ""), headers.get("sec-fetch-mode", "")
    socket = scope["type"] == "websocket"
    if destination not in ("", "empty", *(("websocket",) if socket else ())):
        raise Barred(403, "The WebAPI is called by a page's script, not as a document, an image or a frame.")
    if mode not in ("", "cors", "same-origin", *(("websocket",) if socket else ())):
        raise Barred(403, "The WebAPI is called by a page's script with CORS.")
    if headers.get("sec-fetch-site", "") == "none":
        raise Barred(403, "The WebAPI is called by a page's script, not by the address bar.")


def _is_local(scope: Scope, headers: Headers) -> bool:
    """Whether the peer is on this machine and speaks for itself: what a proxy says can take that away, never give it."""
    if scope.get("http_version", "1.1") not in HTTP:
        return False
    if any(name in FORWARDED or name.startswith(FORWARDING) for name in headers):
        return False
    try:
        address = ipaddress.ip_address(_peer(scope))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("", 0))[0])


def _scheme(scope: Scope) -> str:
    return {"ws": "http", "wss": "https"}.get(scope["scheme"], str(scope["scheme"]))


def _only(headers: Headers, name: str) -> str:
    """The value of a header that may be there once; twice is as good as not at all."""
    found = headers.getlist(name)
    return found[0].strip() if len(found) == 1 else ""


def literal(address: str) -> str:
    """An address of this machine as Host and addresses have it; no name that somebody else may point at us."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return LOOPBACK[0]
    return f"[{found}]" if found.version == 6 else str(found)
