"""What an application is given for its secret: the audience that it asks for, and the roles that secret may carry."""

from collections.abc import Sequence

from libs.contracts.directory import Scope
from services.gateway.issuer.refusal import Refusal
from services.gateway.oidc.own import GRAPH

DEFAULT = ".default"
#: Words of a scope that have to do with signing in, which programs add by themselves.
_SIGNING_IN = ("openid", "profile", "offline_access", "email")
#: A token of an application with scopes of its own (webprinter.md) is good for these roles, and without for all.
_ROLES = {
    Scope.PRINT: (),
    Scope.READ: ("Printer.Read.All", "PrintJob.ReadBasic.All", "PrintJob.Read.All"),
    Scope.MANAGE: ("PrintJob.ReadWriteBasic.All", "PrintJob.ReadWrite.All", "PrintJob.Manage.All"),
    Scope.ADMINISTER: ("Printer.ReadWrite.All", "PrintTaskDefinition.ReadWrite.All"),
}


def audience_of(scope: str, resource: str, audiences: Sequence[str]) -> str:
    """What the token is for: Graph where that is asked for, else this API, by whatever address. Raises `Refusal`.

    `scope` is `<resource>/.default`, or nothing; `resource` is what programs of the older kind send in its place.
    """
    words = [word for word in scope.split() if word not in _SIGNING_IN]
    if any(word != DEFAULT and not word.endswith(f"/{DEFAULT}") for word in words) or len(words) > 1:
        message = f"Ask for all that the application was granted, as {audiences[0]}/.default: it cannot have a part of it."
        raise Refusal("invalid_scope", message)
    asked = (words[0].removesuffix(DEFAULT) if words else resource).rstrip("/")
    return asked if asked in GRAPH else audiences[0]


def roles_of(granted: Sequence[str], scopes: Sequence[Scope]) -> list[str]:
    """Those of the application's roles that a secret of these scopes carries."""
    allowed = {role for scope in scopes for role in _ROLES[scope]}
    return sorted({role for role in granted if not scopes or role in allowed})
