"""A row of the permission matrix: whom it lets do what, and the sentence for whom it does not (graph-print.md 1.12, 6.4)."""

from dataclasses import dataclass

from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem, forbidden
from services.gateway.graph.rights.permissions import held

#: The code of a missing permission; `accessDenied` is for who is no administrator, and for what is not his (1.14).
FORBIDDEN = "Forbidden"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row. `delegated` and `application`: one of these is needed, the least first; empty: no token of that kind will do.

    `administrator`: the user must be administrator of printers. `beside`, `beside_application`: one of these is needed as well,
    the right to read the printer or share (1.5). `loose` are further permissions of applications where the matrix is not kept
    strictly, an extension. `ours`: Microsoft has no such row.
    """

    method: str
    path: str
    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    administrator: bool = False
    beside: tuple[str, ...] = ()
    beside_application: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    ours: bool = False

    def admit(self, who: Principal, *, strict: bool = True) -> None:
        """Return when this one may; the two columns never mix (6.4). Raises `Problem` 403 that names what is missing."""
        column = self.delegated if who.delegated else self.application + (() if strict else self.loose)
        if not column:
            raise self._wrong_kind(who, strict=strict)
        permissions = held(who.permissions)
        for wanted in (column, self.beside if who.delegated else self.beside_application):
            if wanted and permissions.isdisjoint(wanted):
                raise self._lacking(wanted, "delegated" if who.delegated else "application")
        if who.delegated and self.administrator and not who.administrator:
            raise forbidden(f"{self._what} needs a user who is Printer Administrator, and the signed-in user is not.")

    @property
    def _what(self) -> str:
        return f"{self.method} /{self.path}".replace("{}", "{id}")

    def _lacking(self, wanted: tuple[str, ...], kind: str) -> Problem:
        needed = f"the {kind} permission {wanted[0]}" if len(wanted) == 1 else f"one of the {kind} permissions {', '.join(wanted)}"
        return forbidden(f"{self._what} needs {needed}, which the token does not have.", FORBIDDEN)

    def _wrong_kind(self, who: Principal, *, strict: bool) -> Problem:
        if who.delegated:
            wanted = self.application + (() if strict else self.loose)
            sent, right = "a user's token (delegated permissions)", "a token of the application itself (client credentials)"
        else:
            wanted = self.delegated
            sent, right = "an application's own token (application permissions)", "a token of a signed-in user (delegated)"
        return forbidden(f"{self._what} cannot be done with {sent}: send {right} with {' or '.join(wanted)}.", FORBIDDEN)
