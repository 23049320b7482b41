"""The token of a client in the header `Authorization: Bearer` (RFC 6750), as programs in the cloud send it (webprinter.md 2.4)."""

from starlette.requests import HTTPConnection

from services.gateway.auth import Unidentified, owner_of
from services.gateway.directory import Directory
from services.gateway.domain import Identity

HEADER = "authorization"
SCHEME = "bearer"


async def identify(request: HTTPConnection, directory: Directory) -> Identity | None:
    """The client whose token this is; another scheme of the same header is not ours."""
    scheme, _, token = request.headers.get(HEADER, "").strip().partition(" ")
    if scheme.lower() != SCHEME or not token.strip():
        return None
    identity = await owner_of(token.strip(), directory)
    if identity is None:
        raise Unidentified("The token in the header Authorization is unknown, revoked or expired.")
    return identity
