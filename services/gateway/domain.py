"""The gateway's rules: whom a token speaks for, and which printers that client may use."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from libs.contracts.devices import DeviceType
from libs.contracts.directory import EVERYBODY, ClientEntry, ClientKind, DeviceEntry, Scope, TokenEntry
from libs.contracts.tasks import PrinterRef

#: What `from` shows for what pages ask.
PAGE = "CLIENT_WEBAPI"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks: a client of a tenant. `scopes` empty: everything; `source` is what `from` shows (webprinter.md 1.5).

    `token` is the name of the token that was shown, or which relay or page it is: see `by`; `credential` its digest, empty for a
    page on this machine.
    `relayed`: it is a page with a relay token, who was let in by somebody and lets nobody in.
    """

    tenant: str
    sn: str
    role: ClientKind = ClientKind.AGENT
    scopes: tuple[Scope, ...] = ()
    source: str = "CLIENT_OPENAPI"
    token: str = ""
    credential: str = ""
    relayed: bool = False

    @property
    def by(self) -> str:
        """Who speaks for the client, as the audit log has it."""
        return self.token if self.source == PAGE or not self.token else f"the token {self.token}"

    def may(self, scope: Scope) -> bool:
        """Whether the credential that was shown is good for this."""
        return not self.scopes or scope in self.scopes


def speaks_for(token: TokenEntry | None, client: ClientEntry | None, now: int) -> Identity | None:
    """The client that a token speaks for at `now` (ms since 1970); None: it is void."""
    if token is None or client is None or not client.enabled or client.tenant != token.tenant:
        return None
    if token.expires_at and now >= token.expires_at:
        return None
    source = "CLOUD_OPENAPI" if client.role is ClientKind.APP else "CLIENT_OPENAPI"
    return Identity(token.tenant, token.sn, client.role, token.scopes, source, token.name, token.digest)


def usable(identity: Identity, found: DeviceEntry) -> bool:
    """Whether a client may use a device: its own, or one that is shared with it or allowed to it."""
    if found.tenant != identity.tenant:
        return False
    everybody = EVERYBODY in found.users and identity.role is ClientKind.AGENT
    return found.agent == identity.sn or identity.sn in found.users or everybody


def usable_printer(identity: Identity, owner: ClientEntry, found: DeviceEntry) -> PrinterRef | None:
    """The printer as a task names it; None when this client may not use it, which is as if it were not there."""
    if found.device.type is not DeviceType.PRINTER or not owner.enabled or not usable(identity, found):
        return None
    return PrinterRef(found.agent, found.device.id, found.device.name, owner.shard)


def is_origin(text: str) -> bool:
    """Whether this is an origin as browsers send it: scheme, host and a port that is not the default one."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname or port == {"http": 80, "https": 443}[parts.scheme]:
        return False
    return text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc and len(text) <= 300 and text == text.lower()
