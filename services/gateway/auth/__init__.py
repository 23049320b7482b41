"""Authentication schemes, one file each: who is it that asks?

A scheme is a module with `async def identify(request, directory) -> Identity | None`. None means: this is not a credential
of my kind, ask the next scheme. `Unidentified` means: it is of my kind, and it is bad; nobody else is asked. The schemes are
found by their files when the gateway starts.
"""

import math
import time
from collections.abc import Iterable
from typing import Protocol

from starlette.requests import HTTPConnection

from libs.contracts.directory import ClientEntry, TokenEntry, client_key, token_key
from libs.contracts.ids import token_digest
from services.gateway.directory import Directory
from services.gateway.domain import Identity, speaks_for

#: Longer than any token: hashing more would be work for nothing.
LONGEST = 512


class Unidentified(Exception):
    """The credential is missing or bad: one sentence for whoever sent it, without the credential."""


class Throttled(Unidentified):
    """Too many bad credentials came from there: nothing is looked at for `retry_after` seconds."""

    def __init__(self, wait: float) -> None:
        self.retry_after = max(1, math.ceil(wait))
        super().__init__(f"Too many wrong tokens came from your address: try again in {self.retry_after} seconds.")


class Scheme(Protocol):
    """One way to say who one is."""

    async def identify(self, request: HTTPConnection, directory: Directory) -> Identity | None:
        """Who asks, or None. Raises `Unidentified`, or `Unanswered` when nobody can tell now."""
        ...


async def owner_of(token: str, directory: Directory) -> Identity | None:
    """Whom a token speaks for now, also one that was made just now; None: nobody. Raises `Unanswered`."""
    if len(token) > LONGEST:
        return None
    (known,) = await directory.find(token_key(token_digest(token)))
    if not isinstance(known, TokenEntry):
        return None
    (client,) = await directory.find(client_key(known.sn))
    return speaks_for(known, client if isinstance(client, ClientEntry) else None, time.time_ns() // 1_000_000)


async def identify(request: HTTPConnection, directory: Directory, schemes: Iterable[Scheme]) -> Identity:
    """Who asks, by the first scheme that knows the credential. Raises `Unidentified` and `Unanswered`."""
    for scheme in schemes:
        if identity := await scheme.identify(request, directory):
            return identity
    raise Unidentified("Send the token of your client in the header Api-Access-Token, or as Authorization: Bearer.")
