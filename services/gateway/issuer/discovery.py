"""What the built-in issuer says of itself (OpenID Connect Discovery 1.0, RFC 8414), where Entra ID's programs look for it."""

from typing import Any

from libs.contracts.ids import tenant_guid
from libs.runtime.issuing import ALGORITHM
from services.gateway.graph.rights.permissions import DELEGATED
from services.gateway.issuer.assertion import ALGORITHMS

#: Tenants that stand for any tenant.
ANY = ("common", "organizations")


def issuer_name(base: str, tenant: str = "") -> str:
    """The issuer of a tenant of ours, or with none named of all: what `iss` says. `base` has no slash at its end."""
    return f"{base}/{tenant_guid(tenant)}/v2.0" if tenant else base


def description(base: str, asked: str) -> dict[str, Any]:
    """The description at `base`; `asked` is what stood in the tenant's place: its GUID, its name, `common`, or nothing."""
    below = f"{base}/{asked}" if asked else base
    return {
        "issuer": f"{base}/{{tenantid}}/v2.0" if asked in ANY else issuer_name(base, asked),
        "token_endpoint": f"{below}/oauth2/v2.0/token",
        "authorization_endpoint": f"{below}/oauth2/v2.0/authorize",
        "jwks_uri": f"{below}/discovery/v2.0/keys",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "response_types_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": list(DELEGATED),
        "claims_supported": [
            "iss",
            "aud",
            "exp",
            "iat",
            "tid",
            "oid",
            "sub",
            "appid",
            "azp",
            "roles",
            "scp",
            "wids",
            "upn",
            "name",
        ],
    }
