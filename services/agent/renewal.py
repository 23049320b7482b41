"""Credentials that end: renewed over the bus in time, and the connection made anew with them before the old ones are over."""

import asyncio
import re
import time
from pathlib import Path

import structlog

from libs.contracts.agents import RenewCredentials, Renewed
from libs.runtime.bus import Bus, Refused, Unanswered
from libs.runtime.credentials import credentials_file, lifetime, load_key, write_secret

log = structlog.get_logger()

#: The share of their time after which credentials are renewed.
SHARE = 0.8
#: The longest pause between two tries, and the pause after a no, in seconds.
LONGEST = 600.0
REFUSED = 60.0
_JWT = re.compile(r"BEGIN NATS USER JWT-+\s+(\S+)")
_SEED = re.compile(r"BEGIN USER NKEY SEED-+\s+(\S+)")


class Renewal:
    """One agent's credentials file. Without an end in it there is nothing to do."""

    def __init__(self, path: Path, region: str, tenant: str, agent: str) -> None:
        self._path = path
        self._region = region
        self._tenant = tenant
        self._agent = agent

    async def run(self, bus: Bus) -> None:
        """Renew for ever; a body for `Service.loop`."""
        while True:
            wait = await asyncio.to_thread(self.due)
            if wait is None:
                return
            if wait > 0:
                await asyncio.sleep(min(wait, LONGEST))
                continue
            await asyncio.sleep(await self._renew(bus))

    def due(self) -> float | None:
        """Seconds until they are to be renewed, by this machine's clock; None: never. Blocking."""
        signed, ends = lifetime(_found(_JWT, self._path))
        return signed + (ends - signed) * SHARE - time.time() if ends else None

    async def _renew(self, bus: Bus) -> float:
        """Try once; the seconds to wait before the next look."""
        jwt, seed = await asyncio.to_thread(self._read)
        pair = load_key(seed.encode())
        question = RenewCredentials(region=self._region, tenant=self._tenant, agent=self._agent, key=pair.public)
        try:
            answer: Renewed = await bus.ask(question, timeout=5.0)
            lifetime(answer.jwt)
        except Refused as no:
            log.warning("credentials not renewed", why=no.message)
            return REFUSED
        except (Unanswered, ValueError) as error:
            log.info("credentials not renewed yet", error=str(error))
            return _pause(jwt)
        await asyncio.to_thread(write_secret, self._path, credentials_file(answer.jwt, pair))
        await bus.client.force_reconnect()  # the old ones close the connection when they end
        log.info("credentials renewed")
        return 0.0

    def _read(self) -> tuple[str, str]:
        return _found(_JWT, self._path), _found(_SEED, self._path)


def _pause(jwt: str) -> float:
    """A tenth of what is left, but not too seldom and not too often."""
    _, ends = lifetime(jwt)
    return min(max((ends - time.time()) / 10, 0.5), LONGEST)


def _found(pattern: re.Pattern[str], path: Path) -> str:
    """Raises `ValueError` for a file without it, `OSError`."""
    match = pattern.search(path.read_text())
    if match is None:
        raise ValueError(f"{path} is no credentials file")
    return match[1]
