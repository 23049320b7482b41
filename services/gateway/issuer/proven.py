"""An application that has shown who it is, and what with."""

from dataclasses import dataclass

from libs.contracts.directory import ClientEntry, Scope
from services.gateway.directory import app_of


@dataclass(frozen=True, slots=True)
class Proven:
    """`credential` is the digest of a token, or a key's thumbprint; `expires_at` its end in ms since 1970, 0: none.

    `scopes`: what a token is good for; none: for everything.
    """

    client: ClientEntry
    credential: str
    expires_at: int
    scopes: tuple[Scope, ...] = ()


def is_called(client: ClientEntry, name: str) -> bool:
    """Whether this is an application's serial number or id."""
    return name == client.sn or name.lower() == app_of(client).lower()
