"""What the registry's handlers work with, and what all of them ask first."""

from dataclasses import dataclass

from libs.contracts.directory import ClientEntry
from libs.contracts.queries import Code
from libs.runtime.authority import Authority
from libs.runtime.bus import Refused
from services.registry.herald import Herald
from services.registry.presence import Presence
from services.registry.signing import Outside, Signer
from services.registry.store import Store


@dataclass(frozen=True, slots=True)
class Registry:
    """What the handlers work with. `authority` vouches for printers that are registered; None: for none."""

    store: Store
    presence: Presence
    herald: Herald
    signer: Signer | None = None
    outside: Outside = Outside()
    authority: Authority | None = None


async def client_of(registry: Registry, tenant: str, sn: str) -> ClientEntry:
    """A client of this tenant. Raises `Refused`."""
    client = await registry.store.client(sn)
    if client is None or client.tenant != tenant:
        raise Refused(Code.NOT_FOUND, f"There is no client {sn}.")
    return client


def who(sn: str, by: str) -> str:
    """Who it was, as the audit log has it."""
    return f"{sn} with {by}" if by else sn
