"""Pages of other origins may use this door: it asks for a token and takes no cookie (graph-print.md 5.3)."""

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

METHODS = "GET, POST, PATCH, PUT, DELETE, OPTIONS"
#: What pages may send, and what they may read of an answer.
HEADERS = (
    "Authorization, Content-Type, Content-Length, Content-Range, Range, client-request-id, return-client-request-id, SdkVersion, "
    "FeatureFlag, ConsistencyLevel, Prefer, If-Match, If-None-Match, Retry-Attempt"
)
EXPOSED = (
    "Operation-Location, Location, Retry-After, request-id, client-request-id, Content-Range, Content-Disposition, ETag, "
    "OData-Version, WWW-Authenticate"
)
#: Seconds that a browser may remember the answer.
REMEMBERED = "3600"


def readable(headers: MutableHeaders) -> None:
    """Let pages read an answer with these headers."""
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = EXPOSED


def preflight(allow: str = METHODS) -> Response:
    """What a browser hears that asks whether a page may send; `allow` are the methods that there are."""
    return Response(
        status_code=204,
        headers={
            "Allow": allow,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": HEADERS,
            "Access-Control-Max-Age": REMEMBERED,
        },
    )
