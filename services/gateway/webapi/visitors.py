"""Who a page is: this server's own client for pages on this machine, and whether a visitor may stay."""

import time

from libs.contracts.directory import ClientEntry, client_key
from libs.runtime.bus import Unanswered
from services.gateway.directory import Directory
from services.gateway.domain import Identity
from services.gateway.settings import GatewaySettings
from services.gateway.webapi.guard import Barred, Caller
from services.gateway.webapi.session import Ending, Visitor

SOURCE = "CLIENT_WEBAPI"

GONE = Ending(4403, "This client may not speak here any more.")
EXPIRED = Ending(4401, "The relay token is expired.")


class Visitors:
    """Knows callers by the directory."""

    def __init__(self, directory: Directory, settings: GatewaySettings) -> None:
        self._directory = directory
        self._settings = settings

    async def local(self, caller: Caller) -> Visitor:
        """This server's own client. Raises `Barred`, and `Unanswered` when nobody can tell."""
        caller.admit_local()
        sn = self._settings.own_sn
        client = await self._client(sn) if sn else None
        if client is None:
            raise Barred(503, "This server has no client of its own (yet): set PRINTBUS_SN, or try again in a moment.")
        if not client.enabled:
            raise Barred(403, f"The client {sn} is disabled.")
        return Visitor(Identity(client.tenant, sn, client.role, source=SOURCE), caller.origin)

    async def standing(self, visitor: Visitor) -> Ending | None:
        """Why a visitor may not stay; None: it may."""
        if visitor.expires_at and time.time() * 1000 >= visitor.expires_at:
            return EXPIRED
        try:
            client = await self._client(visitor.identity.sn)
        except Unanswered:  # nobody can do anything now; a page on this machine waits
            return None
        return None if client and client.enabled and client.tenant == visitor.identity.tenant else GONE

    async def _client(self, sn: str) -> ClientEntry | None:
        (found,) = await self._directory.get(client_key(sn))
        if found is None:
            (found,) = await self._directory.ask(client_key(sn))
        return found if isinstance(found, ClientEntry) else None
