"""Requests from one origin to another as browsers ask for them: preflights, and the headers that let a page read an answer."""

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.webapi.guard import Barred, Caller

#: What a page sends its session in; no form and no link can, so that the browser always asks first.
SESSION_HEADER = "webapi-session"
METHODS = "GET, POST"
HEADERS = "Webapi-Session, Content-Type, Authorization"
#: Seconds for which a browser remembers a preflight.
REMEMBERED = "600"
#: Requests into a more private network: asked for by the name that the browser's version knows it by.
PRIVATE = {
    "access-control-request-private-network": "access-control-allow-private-network",
    "access-control-request-local-network": "access-control-allow-local-network",
}


def preflight(request: Request, caller: Caller, *, relay: bool) -> Response:
    """The answer to a preflight: an allowed origin may send, any origin that could show a relay token may ask. Raises `Barred`.

    Permission to reach into this network is given to allowed origins only.
    """
    if not caller.allowed and not relay:
        raise Barred(403, "This origin is not allowed here.")
    headers = {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": HEADERS,
        "access-control-max-age": REMEMBERED,
    }
    if caller.allowed:
        headers |= {ours: "true" for theirs, ours in PRIVATE.items() if request.headers.get(theirs, "").lower() == "true"}
    return readable(Response(status_code=204, headers=headers), caller.origin)


def readable(response: Response, origin: str) -> Response:
    """An answer that pages of this one origin may read."""
    response.headers["access-control-allow-origin"] = origin
    response.headers["access-control-expose-headers"] = "Retry-After"
    response.headers["vary"] = "Origin"
    response.headers["cache-control"] = "no-store"
    return response
