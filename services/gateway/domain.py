"""The gateway's rules: whom a token speaks for, and which printers that client may use."""

from dataclasses import dataclass

from libs.contracts.devices import DeviceType
from libs.contracts.directory import ClientEntry, DeviceEntry, TokenEntry
from libs.contracts.tasks import PrinterRef


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks: a client of a tenant."""

    tenant: str
    sn: str


def speaks_for(token: TokenEntry | None, client: ClientEntry | None, now: int) -> Identity | None:
    """The client that a token speaks for at `now` (ms since 1970); None: it is void."""
    if token is None or client is None or not client.enabled or client.tenant != token.tenant:
        return None
    if token.expires_at and now >= token.expires_at:
        return None
    return Identity(token.tenant, token.sn)


def usable_printer(identity: Identity, owner: ClientEntry, found: DeviceEntry) -> PrinterRef | None:
    """The printer as a task names it; None when this client may not use it, which is as if it were not there."""
    if found.device.type is not DeviceType.PRINTER:
        return None
    if found.agent != identity.sn or found.tenant != identity.tenant:
        return None
    return PrinterRef(found.agent, found.device.id, found.device.name, owner.shard)
