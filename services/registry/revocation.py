"""Who is let in no more: the list in the folder of keys follows the database, and the bus's server is told of it."""

import asyncio
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from libs.runtime.claims import NotTold, tell_claims
from libs.runtime.keys import Keys
from services.registry.enrolment import put_out
from services.registry.store import Store

log = structlog.get_logger()

#: How often the database is looked at, in seconds.
LOOK = 1.0


class Revocation:
    """Keeps the list, and the server at `url` up to date with it; without a server (empty) the list alone.

    Where the operator's key is not at hand, nobody can be put out from here: then `provision` tells the server, by hand.
    """

    def __init__(self, store: Store, keys: Keys, url: str = "") -> None:
        self._store = store
        self._keys = keys
        self._url = url
        self._told: dict[str, int] = {}
        self._problem = ""

    async def run(self) -> None:
        """A body for `Service.loop`."""
        still = self._store.stillness()
        while True:
            try:
                if not still.holds:
                    begun = still.begin()
                    await self.follow()
                    still.settle(begun)
                self._problem = ""
            except (NotTold, OSError, ValueError, SQLAlchemyError) as error:
                if str(error) != self._problem:
                    log.warning("revoked agents not put out", error=str(error)[:200])
                self._problem = str(error)
            await asyncio.sleep(LOOK)

    async def follow(self) -> None:
        """Bring list and server up to date. Raises `NotTold`, `OSError`, `ValueError` and the database's errors."""
        wanted, disabled = await put_out(self._store)
        listed = await asyncio.to_thread(self._list, wanted, disabled)
        if self._url and listed != self._told:
            await tell_claims(self._url, self._keys)
            log.info("nats-server told who is revoked", count=len(listed))
        self._told = listed

    def _list(self, wanted: dict[str, int], disabled: list[str]) -> dict[str, int]:
        """Write down who is put out, and since when (who is listed already keeps that time); all that the server is told."""
        before = self._keys.revoked()
        for sn in disabled:  # agents whose credentials were written here by hand have their keys here
            if key := self._keys.public(sn):
                wanted[key] = int(time.time())
        listed = {key: before.get(key, since) for key, since in wanted.items()}
        if listed != before:
            self._keys.revoke(listed)
        return {**self._keys.withdrawn(), **listed}
