"""From what a believed token says to who asks (graph-print.md 6.3, 6.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.contracts.ids import tenant_guid
from services.gateway.graph.principal import Principal
from services.gateway.oidc.refusal import BadToken
from services.gateway.oidc.trusted import ClaimNames, TrustedIssuer

#: Groups, permissions and roles that are taken from a token.
MOST = 1000
#: Characters of an id, and of a name.
LONGEST, NAME = 64, 256
#: Where a token of an application may have the name that people know it by.
APP_NAMES = ("app_displayname", "azp_name")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the tokens of one issuer."""

    trusted: TrustedIssuer

    def principal(self, claims: Mapping[str, Any], address: str) -> Principal:
        """Who asks, from `address`. Raises `BadToken` when the token does not say it, or names a tenant that is not known."""
        names = self.trusted.claims
        app = _id(claims, names.application, "application")
        who = _id(claims, names.id, "user or service principal")
        tenant, tid = self._tenant(claims)
        delegated = self._delegated(claims, app)
        return Principal(
            tenant=tenant,
            tenant_id=_guid(tid) or tenant_guid(tenant),
            app=app,
            id=who,
            delegated=delegated,
            permissions=frozenset(_words(claims, names.scopes if delegated else names.roles)),
            name=_shown(_one(claims, names.name)) if delegated else "",
            display=_shown(_one(claims, names.display if delegated else APP_NAMES)),
            groups=tuple(filter(_fit, _words(claims, names.groups, split=False))) if delegated else (),
            administrator=delegated and self._administrator(claims, names),
            address=address,
        )

    def _tenant(self, claims: Mapping[str, Any]) -> tuple[str, str]:
        tid = _one(claims, self.trusted.claims.tenant)
        if self.trusted.tenant:
            return self.trusted.tenant, tid
        if tid not in self.trusted.tenants:
            said = f"{tid[:100]!r} is mapped to no tenant" if tid else "is missing"
            raise BadToken(f"The token's tenant ({' or '.join(self.trusted.claims.tenant)}) {said} of this server.", genuine=True)
        return self.trusted.tenants[tid], tid

    def _delegated(self, claims: Mapping[str, Any], app: str) -> bool:
        """Whether a user asks: scopes are there (6.4 rule 2), or the issuer says it in its own way."""
        if self.trusted.service_accounts:
            return _one(claims, self.trusted.claims.name) != f"{self.trusted.service_accounts}{app}".lower()
        if (kind := claims.get("idtyp")) in ("app", "user"):
            return bool(kind == "user")
        return any(_found(claims, path) is not None for path in self.trusted.claims.scopes)

    def _administrator(self, claims: Mapping[str, Any], names: ClaimNames) -> bool:
        return not set(self.trusted.administrators).isdisjoint(_words(claims, names.administrators, split=False))


def _found(claims: Mapping[str, Any], path: str) -> Any:
    """A claim of this name, or what lies at this path of names with dots between them; None: nothing."""
    if path in claims:
        return claims[path]
    at: Any = claims
    for name in path.split("."):
        at = at.get(name) if isinstance(at, Mapping) else None
    return at


def _one(claims: Mapping[str, Any], paths: Sequence[str]) -> str:
    """The first of these that is a text and not empty."""
    return next((value for path in paths if isinstance(value := _found(claims, path), str) and value), "")


def _id(claims: Mapping[str, Any], paths: Sequence[str], what: str) -> str:
    """An id that can be kept and asked for. Raises `BadToken`."""
    found = _one(claims, paths)
    if not found or not _fit(found):
        said = f"an id of more than {LONGEST} characters, or with odd ones," if found else "no id"
        raise BadToken(f"The token has {said} of its {what} ({' or '.join(paths)}).", genuine=True)
    return found


def _fit(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()


def _shown(text: str) -> str:
    """A name, for people to read."""
    return "".join(each for each in text if each.isprintable())[:NAME]


def _words(claims: Mapping[str, Any], paths: Sequence[str], *, split: bool = True) -> list[str]:
    """All the words under these: of lists each, of a text what spaces separate."""
    found: list[str] = []
    for path in paths:
        value = _found(claims, path)
        if isinstance(value, str):
            found += value.split() if split else [value]
        elif isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    return found[:MOST]


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
