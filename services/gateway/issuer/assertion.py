"""An application signs who it is in the place of a secret: private_key_jwt (RFC 7523; OpenID Connect Core section 9)."""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from libs.contracts.directory import AppKey, ClientEntry, ClientKind, Entry, client_key
from libs.contracts.ids import tenant_guid
from libs.runtime.bucket import Bucket, Taken
from services.gateway.directory import Directory
from services.gateway.issuer.proven import Proven, is_called
from services.gateway.oidc.refusal import BadToken
from services.gateway.oidc.standing import KEY, good
from services.gateway.oidc.verification import Peeked, check_claims, peek, verified

#: What MSAL signs with (PS256, RS256), and keys on curves.
ALGORITHMS = ("RS256", "PS256", "ES256")
#: Seconds that an assertion may be good for from now on, and that clocks may differ.
LONGEST = 600
SKEW = 30.0
#: Characters of its id, and of a serial number.
_LONGEST_ID = 256
_NUMBER = 8


class Assertions:
    """Tells who has signed. `seen` is shared by all gateways: an assertion that was shown to one is no news to another."""

    def __init__(self, directory: Directory, seen: Bucket) -> None:
        self._directory = directory
        self._seen = seen

    async def proven(self, assertion: str, *, client_id: str, tenant: str, audiences: Sequence[str], line: str) -> Proven:
        """The application that has signed this for one of `audiences`, shown from `line`.

        `client_id` and `tenant` (a GUID) are what the request names, each empty when it names none. Raises `BadToken`, and the
        bus's `Unanswered` and `NotStored`.
        """
        peeked = peek(assertion)
        if peeked.algorithm not in ALGORITHMS:
            raise BadToken(f"It must be signed by {', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}.")
        if not (peeked.thumbprints or peeked.kid):
            raise BadToken("It names no key: its header needs x5t#S256, x5t or kid.")
        client, key = await self._key(peeked, tenant)
        claims = verified(assertion, peeked, _public(key), ALGORITHMS)
        _check(claims, client, client_id, audiences)
        if not good(key):
            raise BadToken(f"The certificate {key.name!r} has expired, or is not yet good: sign with another one.", genuine=True)
        if not client.enabled:
            raise BadToken("The application is disabled.", genuine=True)
        await self._spend(f"{client.sn}\n{claims['jti']}", f"{line}\n{assertion}")
        return Proven(client, KEY + key.thumbprint, key.expires_at)

    async def _key(self, peeked: Peeked, tenant: str) -> tuple[ClientEntry, AppKey]:
        """Whose key this is: found by the names that the header has for it, among those of the application only."""
        known = {each.key for each in self._directory.applications(peeked.issuer)}
        if len(peeked.issuer) == _NUMBER and peeked.issuer.isascii() and peeked.issuer.isalnum():
            known.add(client_key(peeked.issuer))
        found = _owners(await self._directory.get(*known), peeked, tenant)
        if not found:  # one that was added just now
            found = _owners(await self._directory.look_again(*known), peeked, tenant)
        if not found:
            raise BadToken("There is no such application (iss) with this key (x5t#S256, x5t, kid) here.")
        if len(found) > 1:
            raise BadToken("Several tenants know this application: ask at the address of one, /{tenant}/oauth2/v2.0/token.")
        return found[0]

    async def _spend(self, what: str, shown: str) -> None:
        """It is good once, but for the line that showed it first: MSAL shows one for nine minutes, and not one for each token."""
        place, value = f"assertion.{_digest(what)}", _digest(shown).encode()
        try:
            await self._seen.create(place, value)
        except Taken:
            kept = await self._seen.get(place)
            if kept is None or kept.value != value:
                raise BadToken("It was shown before (jti): sign a new one.", genuine=True) from None


def _owners(entries: Iterable[Entry | None], peeked: Peeked, tenant: str) -> list[tuple[ClientEntry, AppKey]]:
    """The applications among these, of this tenant (a GUID) or of any, that have the key."""
    clients = [each for each in entries if isinstance(each, ClientEntry) and each.role is ClientKind.APP]
    fitting = [each for each in clients if not tenant or tenant_guid(each.tenant) == tenant]
    keys = ((client, next((key for key in client.keys if _is_meant(key, peeked)), None)) for client in fitting)
    return [(client, key) for client, key in keys if key]


def _is_meant(key: AppKey, peeked: Peeked) -> bool:
    """Whether the header names this key: by all the thumbprints that it has, or by an id (which may be its name here)."""
    if peeked.thumbprints:
        return set(peeked.thumbprints) <= {key.thumbprint, key.sha1}
    return peeked.kid in (key.thumbprint, key.sha1, key.name, _public(key).thumbprint())


def _public(key: AppKey) -> RSAKey | ECKey:
    return (RSAKey if key.jwk["kty"] == "RSA" else ECKey).import_key({**key.jwk})


def _check(claims: Mapping[str, Any], client: ClientEntry, client_id: str, audiences: Sequence[str]) -> None:
    """It is about its signer, for us alone, soon over, and has an id (RFC 7523 section 3). Raises `BadToken`."""
    iss = str(claims.get("iss"))
    if claims.get("sub") != iss or not (is_called(client, iss) and is_called(client, client_id or iss)):
        raise BadToken("iss, sub and client_id must all be the application's id, or its serial number.", genuine=True)
    told = claims.get("aud")
    audience = told[0] if isinstance(told, list) and len(told) == 1 else told
    if not isinstance(audience, str) or audience not in audiences:
        raise BadToken(f"It must be for this endpoint and nobody else: write aud {audiences[0]}.", genuine=True)
    now = time.time()
    check_claims(claims, audiences, now, SKEW)
    if claims["exp"] > now + LONGEST + SKEW:
        raise BadToken(f"It is good for too long (exp): for {LONGEST} seconds at most.", genuine=True)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID:
        raise BadToken(f"It needs an id of its own (jti), of at most {_LONGEST_ID} characters.", genuine=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
