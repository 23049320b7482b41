"""Who may print for an agent: one live journal at a time, and what a lost journal means for its orders (design.md rule 8)."""

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.agents import AdmitAgent, Admitted, Heartbeat
from libs.contracts.queries import Code
from libs.contracts.streams import PRINT
from libs.runtime.bus import Bus, Outgoing, Refused
from libs.runtime.commit import Commit
from libs.runtime.outbox import Outbox
from services.spooler import store
from services.spooler.desk import Desk
from services.spooler.round import Round
from services.spooler.task import JournalReplaced

#: A journal that was heard of within so many seconds is alive.
ALIVE = 6.0


class Admission:
    """Remembers which journals were heard lately, since this term began."""

    def __init__(self, bus: Bus, outbox: Outbox) -> None:
        self._bus = bus
        self._outbox = outbox
        self._since = time.monotonic()
        self._heard: dict[str, tuple[str, float]] = {}

    def hear(self, beat: Heartbeat) -> None:
        """A heartbeat of an agent; one that leaves is not alive any more."""
        if beat.leaving:
            self._heard[beat.agent] = (beat.journal, -ALIVE)
        else:
            self._heard[beat.agent] = (beat.journal, time.monotonic())

    async def admit(self, query: AdmitAgent, commit: Commit, desk: Desk) -> Admitted:
        """Admit a journal. Raises `Refused` while another one of this agent lives."""
        await self._outbox.drained(PRINT)  # so that inside the transaction there is next to nothing to wait for
        answer: list[int] = []

        async def change(connection: AsyncConnection) -> list[tuple[str, Outgoing]]:
            known = await store.admitted(connection, query.agent)
            last = int((await self._bus.js.stream_info(PRINT)).state.last_seq)
            same = known is not None and known[0] == query.journal
            if known and same and known[1] <= last:
                answer.append(known[1])
                return []
            if known and not same:
                self._refuse_if_alive(query.agent, known[0])
            await self._outbox.drained(PRINT, 1.0)  # nothing of an old attempt may come after the answer
            sequence = int((await self._bus.js.stream_info(PRINT)).state.last_seq)
            await store.admit(connection, query.agent, query.journal, sequence)
            answer.append(sequence)
            return await self._offer_again(connection, query.agent, desk, kept=same)

        await commit(change)
        return Admitted(sequence=answer[0], at=int(time.time() * 1000))

    def _refuse_if_alive(self, agent: str, journal: str) -> None:
        heard, at = self._heard.get(agent, (journal, self._since))
        if heard == journal and time.monotonic() - at < ALIVE:
            raise Refused(Code.CONFLICT, f"Another process prints for the agent {agent} now: stop it, or wait {ALIVE:.0f} seconds.")

    @staticmethod
    async def _offer_again(connection: AsyncConnection, agent: str, desk: Desk, *, kept: bool) -> list[tuple[str, Outgoing]]:
        """What nobody holds any more. `kept`: the journal is there and only the stream was made anew, so what was taken goes on."""
        turn = Round(connection, desk)
        lost = [task for task in await store.at_agent(connection, agent) if not (kept and task.taken)]
        turn.take(lost)
        for task in lost:
            turn.tell(task.id, JournalReplaced())
        return await turn.finish()
