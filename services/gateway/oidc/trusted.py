"""The issuers that the operator lists: what their tokens must say, and where in them what is said (PRINTBUS_OIDC_ISSUERS)."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from libs.runtime.origin import is_web

#: Algorithms by the keys that they need: (kty, crv). Neither `none` nor a shared secret is among them.
ALGORITHMS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", "")),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
#: Printer Administrator and Global Administrator (graph-print.md 6.3), and the same as the name of a role.
ADMINISTRATORS = (
    "644ef478-e28f-4e28-b9dc-3fdde9aa0b1f",
    "62e90394-69f5-4237-9190-012177145e10",
    "PrinterAdministrator",
)
#: In `issuer`: each of the tenants' ids.
TID = "{tid}"


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


#: Names of claims, the first that is there counts: `oid`, or a path such as `realm_access.roles`. One may stand without brackets.
Paths = Annotated[tuple[str, ...], BeforeValidator(_several)]


class ClaimNames(BaseModel):
    """Where a token says what (graph-print.md 6.3). Of lists, everything counts that is found under any of the names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scopes: Paths = ("scp",)
    roles: Paths = ("roles",)
    groups: Paths = ("groups",)
    administrators: Paths = ("wids", "roles")
    tenant: Paths = ("tid",)
    application: Paths = ("appid", "azp")
    id: Paths = ("oid", "sub")
    name: Paths = ("upn", "preferred_username")
    display: Paths = ("name",)


class TrustedIssuer(BaseModel):
    """One issuer. `tenant`: all its tokens are of this tenant of ours; or `tenants`: its ids of tenants -> ours.

    `discovery` and `jwks_uri` are found by themselves unless they are given; `ca_file` vouches for them beside the system's
    authorities. `service_accounts`: a token whose user's name is this and the client's id is the application's own (Keycloak).
    `skew`: seconds that clocks may differ. Keys are asked for again after `keys_for` seconds, or less if the issuer says less, and
    believed for `keys_kept` when it does not answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    audiences: Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)]
    tenant: str = ""
    tenants: dict[str, str] = Field(default_factory=dict)
    discovery: str = ""
    jwks_uri: str = ""
    ca_file: Path | None = None
    claims: ClaimNames = ClaimNames()
    administrators: Annotated[tuple[str, ...], BeforeValidator(_several)] = ADMINISTRATORS
    service_accounts: str = ""
    algorithms: Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)] = ("RS256", "ES256")
    skew: float = Field(120.0, ge=0, le=600)
    keys_for: float = Field(900.0, ge=10, le=86_400)
    keys_kept: float = Field(86_400.0, ge=60, le=7 * 86_400)

    @field_validator("issuer", "discovery", "jwks_uri")
    @classmethod
    def _web(cls, value: str) -> str:
        if value and not is_web(value):
            raise ValueError("write an address such as https://login.example/realms/office")
        return value

    @field_validator("algorithms")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [each for each in value if each not in ALGORITHMS]:
            raise ValueError(f"{', '.join(wrong)} cannot be: write some of {', '.join(ALGORITHMS)}")
        return value

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if bool(self.tenant) == bool(self.tenants):
            raise ValueError("write either tenant, the name of a tenant of this server, or tenants, their ids and names of ours")
        if TID in self.issuer and not self.tenants:
            raise ValueError("an issuer with {tid} needs tenants, the ids that may stand there")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What `iss` may be, exactly."""
        return tuple(self.issuer.replace(TID, tid) for tid in self.tenants) if TID in self.issuer else (self.issuer,)

    def configuration(self, name: str) -> str:
        """Where the issuer of this name is described (OpenID Connect Discovery 1.0 section 4)."""
        if not self.discovery:
            return f"{name.rstrip('/')}/.well-known/openid-configuration"
        tid = next((each for each in self.tenants if self.issuer.replace(TID, each) == name), "")
        return self.discovery.replace(TID, tid)
