"""Signing agents' credentials: a JWT with the agent's name and tenant, whose permissions are the signing key's template."""

import time
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.directory import ClientEntry
from libs.runtime.credentials import load_key, scoped_jwt
from libs.runtime.keys import ACCOUNT_PUBLIC, AGENTS_SIGNER


@dataclass(frozen=True, slots=True)
class Signer:
    """The folder of keys, read at each signing; `lifetime` in seconds."""

    folder: Path
    lifetime: int

    @property
    def able(self) -> bool:
        """Whether the keys are there."""
        return (self.folder / AGENTS_SIGNER).is_file() and (self.folder / ACCOUNT_PUBLIC).is_file()

    def sign(self, agent: ClientEntry, key: str) -> tuple[str, int]:
        """A JWT for the agent's public key, and when it ends in ms since 1970. Blocking. Raises `OSError` without the keys."""
        account = (self.folder / ACCOUNT_PUBLIC).read_text()
        signer = load_key((self.folder / AGENTS_SIGNER).read_bytes())
        expires = int(time.time()) + self.lifetime
        return scoped_jwt(agent.sn, key, account, signer, tags={"tenant": agent.tenant}, expires=expires), expires * 1000


@dataclass(frozen=True, slots=True)
class Outside:
    """Where agents outside find the bus (`*`: the host that they asked), and the authority that they are to trust there."""

    urls: tuple[str, ...] = ()
    ca: Path | None = None

    def certificate(self) -> str:
        """The authority's certificate in PEM; empty: they know it. Blocking."""
        return self.ca.read_text() if self.urls and self.ca and self.ca.is_file() else ""
