"""Whether applications still may hear what they subscribed: those that are clients of ours, by their roles in the directory."""

import asyncio

import structlog

from libs.contracts.directory import ClientEntry, client_key
from libs.contracts.queries import Entries, LookUp
from libs.contracts.subscriptions import Topic
from libs.runtime.bus import Bus, Refused, Unanswered
from libs.runtime.database import whole
from libs.runtime.strokes import stroke
from services.webhooks.clock import now_ms
from services.webhooks.graph.lifecycle import Lifecycle, Watched

log = structlog.get_logger()

#: Seconds between two looks, and clients of one question.
LOOK = 5.0
SLICE = 200
#: One of these roles is needed (graph-print.md 4.1).
ROLES = {
    Topic.HOOKS: frozenset(("PrintTaskDefinition.ReadWrite.All",)),
    Topic.JOBS: frozenset(("Printer.Read.All", "Printer.ReadWrite.All")),
}


class Standing:
    """Pauses the subscriptions of applications that were disabled, removed, or have lost a role that they were seen to have.

    Rights that another issuer gives are none of ours to see: their loss shows when the application has to renew.
    """

    def __init__(self, bus: Bus, region: str, lifecycle: Lifecycle) -> None:
        self._bus = bus
        self._region = region
        self._lifecycle = lifecycle

    async def watch(self) -> None:
        """Look for ever; a body for `Service.loop`."""
        while True:
            try:
                await whole(self.look())
            except (Refused, Unanswered) as problem:
                log.debug("standing of applications not known", problem=type(problem).__name__)
            await asyncio.sleep(stroke(LOOK))

    async def look(self) -> None:
        """One look. Raises `Refused` and `Unanswered` when the registry says nothing: nobody is paused then."""
        watched = await self._lifecycle.watched()
        if not watched:
            return
        clients = await self._clients(sorted({each.sn for each in watched}))
        now = now_ms()
        seen = [each.id for each in watched if not each.granted and _has_role(each, clients.get(each.sn))]
        if seen:
            await self._lifecycle.granted(seen, now)
        for each in watched:
            client = clients.get(each.sn)
            if client is None or not client.enabled or (each.granted and not _has_role(each, client)):
                await self._lifecycle.pause(each.id, now)
                log.warning("subscription paused: its application has lost its right", subscription=each.id, client=each.sn)

    async def _clients(self, sns: list[str]) -> dict[str, ClientEntry]:
        found: dict[str, ClientEntry] = {}
        for start in range(0, len(sns), SLICE):
            keys = tuple(client_key(sn) for sn in sns[start : start + SLICE])
            answer: Entries = await self._bus.ask(LookUp(region=self._region, keys=keys))
            found |= {entry.sn: entry for entry in answer.entries if isinstance(entry, ClientEntry)}
        return found


def _has_role(one: Watched, client: ClientEntry | None) -> bool:
    return client is not None and not ROLES[one.topic].isdisjoint(client.roles)
