"""Who is let in no more: the list in the folder of keys follows the database, and the bus's server follows the list."""

import asyncio
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from libs.runtime.keys import Keys
from services.registry.enrolment import put_out
from services.registry.store import Store

log = structlog.get_logger()

#: How often the database is looked at, in seconds.
LOOK = 1.0


class Revocation:
    """Keeps the list. A folder of keys that cannot be written is told of once: then the server is told by hand."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._problem = ""

    async def run(self) -> None:
        """A body for `Service.loop`."""
        while True:
            try:
                await self.follow()
                self._problem = ""
            except (OSError, ValueError, SQLAlchemyError) as error:
                if str(error) != self._problem:
                    log.warning("revoked agents not listed", error=type(error).__name__)
                self._problem = str(error)
            await asyncio.sleep(LOOK)

    async def follow(self) -> None:
        """Bring the list up to date. Who was on it keeps the time since when."""
        wanted, disabled = await put_out(self._store)
        await asyncio.to_thread(self._write, wanted, disabled)

    def _write(self, wanted: dict[str, int], disabled: list[str]) -> None:
        before = self._keys.revoked()
        for sn in disabled:  # agents whose credentials were written here by hand have their keys here
            if key := self._keys.public(sn):
                wanted[key] = int(time.time())
        listed = {key: before.get(key, since) for key, since in wanted.items()}
        if listed != before:
            self._keys.revoke(listed)
            log.info("revoked agents listed", count=len(listed))
