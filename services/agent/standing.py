"""The agent's standing with the spooler: asked for, waited for, lost and asked for again (design.md rule 8)."""

import asyncio
from collections.abc import Callable

import structlog

from libs.contracts.agents import AdmitAgent, Admitted
from libs.runtime.bus import Bus, Refused, Unanswered
from services.agent import clock
from services.agent.changes import remembered
from services.agent.journal import Journal
from services.agent.shop import Shop

log = structlog.get_logger()

_FACT = "admitted"
#: How long to wait before asking again, in seconds: after no answer, and after a no.
UNANSWERED = 1.0
REFUSED = 2.0


class Standing:
    """Whether this journal may print, and the stream sequence up to which it leaves orders unread.

    `known`: it was admitted once, now or in an earlier run. `refused`: the last answer was no.
    """

    def __init__(self, journal: Journal, shop: Shop, question: AdmitAgent) -> None:
        self._journal = journal
        self._shop = shop
        self._question = question
        self._refusals: list[Callable[[], object]] = []
        self.admitted = asyncio.Event()
        self.sequence = 0
        self.known = False
        self.refused = False
        self.problem = "the spooler has not admitted the agent yet"

    def on_refusal(self, callback: Callable[[], object]) -> None:
        """Call this when the spooler says no."""
        self._refusals.append(callback)

    async def load(self) -> None:
        """What an earlier run was told."""
        fact = await self._journal.fact(_FACT)
        self.known = fact is not None
        self.sequence = int(fact or 0)

    async def keep(self, bus: Bus) -> None:
        """Ask until admitted, and again after each reconnect, for ever."""
        while True:
            reconnected = bus.reconnected
            if await self.ask(bus):
                await reconnected.wait()
            else:
                await asyncio.sleep(REFUSED if self.refused else UNANSWERED)

    async def ask(self, bus: Bus) -> bool:
        """Ask once; True: admitted."""
        try:
            answer: Admitted = await bus.ask(self._question, timeout=5.0)
        except Unanswered as error:
            self.unanswered(str(error))
            return False
        except Refused as no:
            self._refuse(no.message)
            return False
        clock.heed(answer.at)
        await self._admit(answer.sequence)
        return True

    def unanswered(self, problem: str) -> None:
        """Nobody is there to ask: what the journal holds is printed meanwhile, unless the last answer was no."""
        if self.admitted.is_set():
            return
        self._say(problem)
        if self.known and not self.refused:
            self._shop.open()

    def _refuse(self, message: str) -> None:
        """Another journal prints for this agent: begin nothing, read nothing."""
        self._say(f"the agent may not print: {message}")
        self.refused = True
        self.admitted.clear()
        self._shop.pause()
        for callback in self._refusals:
            callback()

    async def _admit(self, sequence: int) -> None:
        if self.known and sequence != self.sequence:
            # Another journal was admitted meanwhile: what this one holds was offered again or declared unknown.
            await self._shop.abandon()
        self.sequence, self.known, self.refused, self.problem = sequence, True, False, ""
        await self._journal.write(remembered(_FACT, str(sequence)))
        if not self.admitted.is_set():
            log.info("agent admitted", journal=self._journal.id, sequence=sequence)
        self.admitted.set()
        self._shop.open()

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("agent not admitted", why=problem)
        self.problem = problem
