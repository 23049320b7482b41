"""What the registry's handlers work with, and what all of them ask first."""

from dataclasses import dataclass
from typing import Protocol

from libs.contracts.directory import ClientEntry, Entry
from libs.contracts.queries import Code
from libs.runtime.authority import Authority
from libs.runtime.bus import Refused
from services.registry.presence import Presence
from services.registry.signing import Outside, Signer
from services.registry.store import Store


class Teller(Protocol):
    """Tells the world what changed."""

    def wake(self) -> None:
        """There is news."""
        ...

    async def current(self, key: str) -> Entry | None:
        """The entry of the directory as it should be now."""
        ...


class Apart:
    """In the place of the herald where none runs, as on the command line: a running registry looks for news by itself."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def wake(self) -> None:
        """Nobody waits."""

    async def current(self, key: str) -> Entry | None:
        """What the database says."""
        return await self._store.entry(key)


@dataclass(frozen=True, slots=True)
class Registry:
    """What the handlers work with. `authority` vouches for printers that are registered; None: for none."""

    store: Store
    presence: Presence
    herald: Teller
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
    return f"{sn} with {by}" if sn and by else sn or by
