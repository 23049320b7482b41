"""Who a page is: this server's own client on this machine, or the client of its relay token; and whether it may stay."""

import time

from libs.contracts.directory import ClientEntry, TokenEntry, client_key, token_key
from libs.contracts.relays import RelayEntry
from libs.runtime.bus import Unanswered
from services.gateway.directory import Directory
from services.gateway.domain import PAGE, Identity, speaks_for
from services.gateway.relays import Relay, Relays
from services.gateway.settings import GatewaySettings
from services.gateway.webapi.guard import Barred, Caller
from services.gateway.webapi.session import Ending, Visitor
from services.gateway.webapi.tries import Tries

GONE = Ending(4403, "This client may not speak here any more.")
REVOKED = Ending(4401, "The relay token was revoked, or what it was given by.")
EXPIRED = Ending(4401, "The relay token is expired.")
UNSURE = Ending(1013, "Nobody can tell at the moment whether this relay may go on: connect again in a few seconds.")


class Visitors:
    """Knows callers by the directory and by the relays."""

    def __init__(self, directory: Directory, relays: Relays, settings: GatewaySettings) -> None:
        self._directory = directory
        self._relays = relays
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
        scopes = () if caller.own else self._settings.webapi_scopes
        return Visitor(Identity(client.tenant, sn, client.role, scopes, PAGE, f"a page of {caller.origin}"), caller.origin)

    async def shown(self, caller: Caller, token: str, tries: Tries) -> Visitor:
        """The client of a relay token, as long as its address does not guess. Raises as `relayed`."""
        if wait := tries.wait(caller.peer, token):
            raise Barred(429, f"There were too many wrong tokens: wait {wait:.0f} seconds.")
        try:
            visitor = await self.relayed(caller, token)
        except Barred as reason:
            if reason.status == 401:
                tries.wrong(caller.peer)
            raise
        tries.right(token)
        return visitor

    async def relayed(self, caller: Caller, token: str) -> Visitor:
        """The client of a relay token. Raises `Barred`, and `Unanswered` when nobody can tell."""
        if not self._settings.webapi_relay:
            raise Barred(403, "This server relays no pages: whoever runs it sets PRINTBUS_WEBAPI_RELAY.")
        relay = await self._relays.find(token)
        if relay is None:
            raise Barred(401, "The relay token is unknown, revoked or expired: get a new one, or pair again.")
        if caller.origin not in relay.entry.origins:
            raise Barred(403, "This relay token is for pages of another origin.")
        visitor = await self.visitor(relay, caller.origin)
        if visitor is None:
            raise Barred(401, REVOKED.reason)
        return visitor

    async def visitor(self, relay: Relay, origin: str) -> Visitor | None:
        """Who a relay speaks for; None when its client, or the token that gave it, may not speak any more."""
        entry = relay.entry
        client = await self._standing(entry)
        if client is None:
            return None
        name = f"relay {relay.id}"
        identity = Identity(entry.tenant, entry.sn, client.role, entry.scopes, PAGE, name, entry.token, relayed=True)
        return Visitor(identity, origin, relay.key, entry.expires_at)

    async def standing(self, visitor: Visitor) -> Ending | None:
        """Why a visitor may not stay; None: it may."""
        if not visitor.relay:
            return await self._local_standing(visitor)
        if time.time() * 1000 >= visitor.expires_at:
            return EXPIRED
        if visitor.relay in self._relays.revoked:
            return REVOKED
        who = visitor.identity
        entry = RelayEntry(sn=who.sn, tenant=who.tenant, token=who.credential)
        try:
            return None if await self._standing(entry) else REVOKED
        except Unanswered:
            return UNSURE

    async def _local_standing(self, visitor: Visitor) -> Ending | None:
        try:
            client = await self._client(visitor.identity.sn)
        except Unanswered:  # nobody can do anything now; a page on this machine waits
            return None
        return None if client and client.enabled and client.tenant == visitor.identity.tenant else GONE

    async def _standing(self, entry: RelayEntry) -> ClientEntry | None:
        """The client of a relay, if it and the token that gave the relay are still good."""
        client = await self._client(entry.sn)
        if client is None or not client.enabled or client.tenant != entry.tenant:
            return None
        if not entry.token:
            return client
        (token,) = await self._directory.find(token_key(entry.token))
        found = token if isinstance(token, TokenEntry) and token.sn == entry.sn else None
        return client if speaks_for(found, client, int(time.time() * 1000)) else None

    async def _client(self, sn: str) -> ClientEntry | None:
        (found,) = await self._directory.find(client_key(sn))
        return found if isinstance(found, ClientEntry) else None
