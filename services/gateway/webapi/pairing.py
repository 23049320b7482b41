"""`POST /webapi/pair`: a page brings the short code that somebody read to it, and gets a relay token for its origin."""

from typing import Any

import structlog

from services.gateway.gateway import Gateway
from services.gateway.recording import record
from services.gateway.relays import CODE, Relays
from services.gateway.webapi.guard import Barred, Caller
from services.gateway.webapi.tries import Tries
from services.gateway.webapi.visitors import REVOKED, Visitors
from services.gateway.webprinter.envelope import Answer, succeeded

log = structlog.get_logger()

LONGEST = 3 * CODE


class Pairing:
    """Exchanges codes; who guesses has to wait."""

    def __init__(self, gateway: Gateway, relays: Relays, visitors: Visitors, tries: Tries) -> None:
        self._gateway = gateway
        self._relays = relays
        self._visitors = visitors
        self._tries = tries

    async def exchange(self, caller: Caller, given: Any) -> Answer:
        """A relay token for a code. Raises `Barred`, and the bus's `Unanswered` and `NotStored`."""
        code = given.get("code") if isinstance(given, dict) else None
        if not isinstance(code, str) or not code.strip() or len(code) > LONGEST:
            raise Barred(400, "code is missing: write the code that newPairing showed, such as ABCD-2345.")
        if wait := self._tries.wait(caller.peer):
            raise Barred(429, f"There were too many wrong codes: wait {wait:.0f} seconds.")
        self._tries.wrong(caller.peer)  # until it is known: many that come at once are as many tries
        entry = await self._relays.redeem(code.strip(), caller.origin)
        if entry is None:
            raise Barred(401, "This code is wrong, was used, is older than ten minutes, or is for another site: make a new one.")
        self._tries.undo(caller.peer)
        token, relay = await self._relays.issue(entry)
        visitor = await self._visitors.visitor(relay, caller.origin)
        if visitor is None:
            await self._relays.revoke(relay)
            raise Barred(401, REVOKED.reason)
        await record(self._gateway, visitor.identity, "page paired", relay.id, origin=caller.origin)
        log.info("page paired", client=entry.sn, origin=caller.origin, relay=relay.id)
        said = {"token": token, "relayId": relay.id, "sn": entry.sn, "expiresAt": entry.expires_at}
        return succeeded({**said, "scopes": [scope.value for scope in entry.scopes]})
