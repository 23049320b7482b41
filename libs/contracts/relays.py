"""Relays: what lets pages of some origins speak for a client through a gateway (webprinter.md 4.2, the connection ladder)."""

from dataclasses import dataclass

from libs.contracts.directory import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayEntry:
    """Bucket `relays`, key `<sn>.<SHA-256 of the relay token>`: the digest only, never the token. Times are ms since 1970.

    `token` is the digest of the client's token that gave it: it dies with that one. Empty: somebody at the client's own page did.
    """

    sn: str
    tenant: str
    name: str = ""
    origins: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = (Scope.PRINT, Scope.READ)
    token: str = ""
    created_at: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingEntry:
    """Bucket `idempotency`, key `pair.<SHA-256 of the code>`: a code that is exchanged once for a relay token, until `valid_until`.

    `relay` is that token's entry as it will be; without origins it is bound to the origin that brings the code.
    """

    relay: RelayEntry
    valid_until: int
    used: bool = False
