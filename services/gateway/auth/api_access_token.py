"""The static token of a client in the header `Api-Access-Token` (webprinter.md 1.2)."""

from starlette.requests import HTTPConnection

from services.gateway.auth import Unidentified, owner_of
from services.gateway.directory import Directory
from services.gateway.domain import Identity

HEADER = "api-access-token"


async def identify(request: HTTPConnection, directory: Directory) -> Identity | None:
    """The client whose token this is."""
    token = request.headers.get(HEADER, "").strip()
    if not token:
        return None
    identity = await owner_of(token, directory)
    if identity is None:
        raise Unidentified("The token in the header Api-Access-Token is unknown, revoked or expired.")
    return identity
