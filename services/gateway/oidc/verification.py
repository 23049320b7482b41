"""Whether a JWT is what it says: its form, its signature, and the claims about itself (RFC 7515, RFC 7519, RFC 8725)."""

import base64
import binascii
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from services.gateway.oidc.keyring import PublicKey, fits
from services.gateway.oidc.refusal import BadToken
from services.gateway.oidc.trusted import ALGORITHMS

#: `typ` of access tokens, as the header has it (RFC 9068), and what Keycloak calls its other tokens among the claims.
ACCESS = ("", "jwt", "at+jwt", "application/at+jwt")
OTHERS = ("ID", "Refresh", "Offline", "Logout")
#: Bytes of a token: those of people in two hundred groups have less.
LONGEST = 24 * 1024
_HEADER = 8 * 1024


@dataclass(frozen=True, slots=True)
class Peeked:
    """What a token says before anybody believes it; `bearer`: whose it claims to be, `thumbprints`: of the key's certificate."""

    algorithm: str
    kid: str
    kind: str
    issuer: str
    bearer: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()


class _Registry(jws.JWSRegistry):
    max_header_length = _HEADER
    max_payload_length = LONGEST


def peek(token: str) -> Peeked:
    """Whose key is to be asked for. A key, or the address of one, that the token brings along is nobody's. Raises `BadToken`."""
    if len(token) > LONGEST:
        raise BadToken(f"The token is longer than {LONGEST} bytes.")
    parts = token.split(".")
    if len(parts) != 3:
        raise BadToken("The token is no signed JWT: three parts with dots between them.")
    header, claims = _json(parts[0]), _json(parts[1])
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise BadToken(f"The token is not signed by one of {', '.join(ALGORITHMS)}.")
    if "crit" in header:
        raise BadToken("The token demands (crit) what is not understood here.")
    bearer = tuple(_text(claims, name) for name in ("iss", "appid", "azp", "oid", "sub"))
    thumbprints = tuple(each for name in ("x5t#S256", "x5t") if (each := _text(header, name).rstrip("=")))
    return Peeked(algorithm, _text(header, "kid"), _text(header, "typ"), bearer[0], bearer, thumbprints)


def verified(token: str, peeked: Peeked, key: PublicKey, algorithms: Collection[str]) -> dict[str, Any]:
    """The claims, when this key signed them by one of these algorithms. Raises `BadToken`."""
    if peeked.algorithm not in algorithms or not fits(key, peeked.algorithm):
        raise BadToken(f"Tokens of this issuer are signed by {' or '.join(algorithms)}.")
    registry = _Registry(algorithms=[peeked.algorithm], strict_check_header=False)
    try:
        found = jws.deserialize_compact(token, key, [peeked.algorithm], registry)
        claims = json.loads(found.payload or b"")
    except (JoseError, ValueError, RecursionError):
        raise BadToken("The token's signature is wrong.") from None
    if not isinstance(claims, dict):
        raise BadToken("The token's claims are no JSON object.")
    return claims


def check_claims(claims: Mapping[str, Any], audiences: Collection[str] | None, now: float, skew: float) -> None:
    """It is for us, and its time has come and is not over (RFC 7519 section 4.1); `audiences` None: its key signs for nobody else.

    Raises `BadToken`.
    """
    told = claims.get("aud")
    audience = [told] if isinstance(told, str) else told
    if not isinstance(audience, list) or not any(_is_for(each, audiences) for each in audience):
        raise BadToken("The token is for another audience (aud).", genuine=True)
    expires = _moment(claims, "exp")
    if expires is None:
        raise BadToken("The token has no end (exp).", genuine=True)
    if now >= expires + skew:
        raise BadToken("The token has expired (exp): get a new one.", genuine=True)
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and begins > now + skew:
            raise BadToken(f"The token is not good yet ({name}): compare the clocks.", genuine=True)


def _is_for(audience: Any, audiences: Collection[str] | None) -> bool:
    return isinstance(audience, str) and (audiences is None or audience in audiences)


def check_kind(peeked: Peeked, claims: Mapping[str, Any]) -> None:
    """It is an access token, and whoever has it may show it. Raises `BadToken`."""
    if peeked.kind.lower() not in ACCESS or claims.get("typ") in OTHERS:
        raise BadToken("The token is no access token (typ).", genuine=True)
    if "cnf" in claims:  # RFC 7800: it may be shown by one key's owner only, which nobody proves here
        raise BadToken("The token is bound to a key (cnf): ask for one of the type Bearer.", genuine=True)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadToken(f"The token's {name} is no time.", genuine=True)
    return float(value)


def _json(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadToken("The token is no signed JWT: its parts are JSON in base64url.")
    return found


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name, "")
    return value if isinstance(value, str) else ""
