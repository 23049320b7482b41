"""Tokens of the built-in issuer: what is in them, and who they say is asking."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.ids import guid, tenant_guid
from libs.contracts.people import UserView
from services.gateway.directory import app_of
from services.gateway.graph.principal import Principal
from services.gateway.oidc.keyring import PublicKey
from services.gateway.oidc.origin import Names
from services.gateway.oidc.refusal import BadToken
from services.gateway.oidc.standing import Standing
from services.gateway.oidc.trusted import ADMINISTRATORS

#: The `typ` of an access token (RFC 9068): what else this installation signs is none.
KIND = "at+jwt"
#: What Graph's own programs ask for, whatever server they are pointed at.
GRAPH = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
#: This API's name where the server has no public address.
NAMELESS = "api://printbus"
#: The private claim: our names of what the other claims say in GUIDs.
OURS = "printbus"


def audiences(configured: str, public_url: str) -> tuple[str, ...]:
    """What `aud` may be in tokens of ours; new ones have the first, unless one of Graph's is asked for."""
    return tuple(dict.fromkeys(each for each in (configured, public_url.rstrip("/"), NAMELESS, *GRAPH) if each))


def key_of(keys: Iterable[PublicKey], kid: str) -> PublicKey | None:
    """The key with this id."""
    return next((key for key in keys if key.kid == kid), None)


def application_claims(client: ClientEntry, roles: Collection[str], credential: str = "") -> dict[str, Any]:
    """What a token says of an application alone; `credential` is the digest of the token, or the key, that it showed."""
    return {
        **_app_claims(client),
        "oid": guid("principal", client.sn),
        "sub": guid("principal", client.sn),
        "idtyp": "app",
        "app_displayname": client.name,
        "roles": sorted(roles),
        OURS: {"tenant": client.tenant, "sn": client.sn, "credential": credential},
    }


def user_claims(client: ClientEntry, user: UserView, scopes: Collection[str]) -> dict[str, Any]:
    """What a token says of a user through an application."""
    return {
        **_app_claims(client),
        "oid": user.id,
        "sub": user.id,
        "idtyp": "user",
        "upn": user.name,
        "preferred_username": user.name,
        "name": user.display or user.name,
        "scp": " ".join(scopes),
        "groups": list(user.groups),
        **({"wids": [ADMINISTRATORS[0]]} if user.administrator else {}),
        OURS: {"tenant": client.tenant, "sn": client.sn, "credential": ""},
    }


def _app_claims(client: ClientEntry) -> dict[str, Any]:
    app = app_of(client)
    return {"ver": "2.0", "tid": tenant_guid(client.tenant), "appid": app, "azp": app}


async def principal(claims: Mapping[str, Any], standing: Standing, address: str, names: Names | None) -> Principal:
    """Who asks, as the directory and the registry know them now: what was taken away since the token was made is gone.

    `names` are those that this installation issues tokens under: whoever has a copy of its keys is none of it. None: another
    region has issued it, under a name that only that region knows.

    Raises `BadToken`, and the bus's `Unanswered`.
    """
    ours = claims.get(OURS)
    if not isinstance(ours, Mapping):
        raise BadToken("The token is none for this API.", genuine=True)
    tenant, sn = str(ours.get("tenant", "")), str(ours.get("sn", ""))
    if names and not names.signed(str(claims.get("iss", "")), tenant):
        message = "The token's issuer (iss) is not this server: get one here. Where it has several names, set PRINTBUS_PUBLIC_URL."
        raise BadToken(message, genuine=True)
    client = await standing.client(tenant, sn, str(ours.get("credential", "")))
    if client.role is not ClientKind.APP:
        raise BadToken("Only applications have such tokens.", genuine=True)
    found = Principal(
        tenant=tenant,
        tenant_id=tenant_guid(tenant),
        app=app_of(client),
        id=str(claims.get("oid", "")),
        delegated="scp" in claims,
        display=client.name,
        sn=sn,
        address=address,
    )
    if not found.delegated:
        return replace(found, permissions=frozenset(map(str, claims.get("roles", ()))) & frozenset(client.roles))
    user = await standing.user(tenant, found.id)
    if user is None:
        raise BadToken("There is no such user any more.", genuine=True)
    return replace(
        found,
        permissions=frozenset(str(claims["scp"]).split()),
        name=user.name,
        display=user.display,
        groups=user.groups,
        administrator=user.administrator,
    )
