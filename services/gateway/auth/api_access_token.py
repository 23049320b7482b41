"""The static token of a client in the header `Api-Access-Token` (webprinter.md 1.2)."""

import time

from starlette.requests import Request

from libs.contracts.directory import ClientEntry, TokenEntry, client_key, token_key
from libs.contracts.ids import token_digest
from services.gateway.auth import Unidentified
from services.gateway.directory import Directory
from services.gateway.domain import Identity, speaks_for

HEADER = "api-access-token"
#: Longer than any token: hashing more would be work for nothing.
LONGEST = 512


async def identify(request: Request, directory: Directory) -> Identity | None:
    """The client whose token this is."""
    token = request.headers.get(HEADER, "").strip()
    if not token:
        return None
    identity = await _owner(token_digest(token), directory) if len(token) <= LONGEST else None
    if identity is None:
        raise Unidentified("The token in the header Api-Access-Token is unknown, revoked or expired.")
    return identity


async def _owner(digest: str, directory: Directory) -> Identity | None:
    (token,) = await directory.get(token_key(digest))
    if not isinstance(token, TokenEntry):
        return None
    (client,) = await directory.get(client_key(token.sn))
    return speaks_for(token, client if isinstance(client, ClientEntry) else None, time.time_ns() // 1_000_000)
