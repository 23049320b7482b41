"""Who asks at this door: an application, or a user through one (graph-print.md 6.3)."""

from dataclasses import dataclass

from libs.contracts.people import Person


@dataclass(frozen=True, slots=True)
class Principal:
    """What a token says, once it is believed.

    `tenant` is ours, `tenant_id` its GUID (`tid`). `app` is the calling application (`appid`, `azp`), `sn` the client of ours that
    it is, empty: none. `id` is the user, or for an application alone its service principal (`oid`, `sub`); `name` the
    userPrincipalName. `delegated`: a user asks, and `permissions` are the scopes (`scp`); otherwise they are the roles (`roles`).
    """

    tenant: str
    tenant_id: str
    app: str
    id: str
    delegated: bool
    permissions: frozenset[str] = frozenset()
    name: str = ""
    display: str = ""
    groups: tuple[str, ...] = ()
    administrator: bool = False
    sn: str = ""
    address: str = ""

    @property
    def person(self) -> Person:
        """Who prints."""
        return Person(self.id, self.name, self.display, self.address)

    @property
    def by(self) -> str:
        """Who it was, as the audit log has it."""
        return f"{self.name or self.id} through {self.app}" if self.delegated else f"the application {self.app}"

    @property
    def own_jobs_only(self) -> str:
        """The user whose jobs alone may be seen, because no permission for all was given; empty: everybody's (6.4)."""
        everybody = any(each.startswith("PrintJob.") and each.endswith(".All") for each in self.permissions)
        return self.id if self.delegated and not everybody else ""
