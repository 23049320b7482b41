"""Tasks that print nothing, sent now and then to each agent that is there: whether the whole way is open, and how long it takes.

They go through everything that a client's tasks go through: intake, conversion, the printer's line, the agent and its journal
(docs/adr/0061-canaries.md).
"""

import asyncio
import random
import time

import structlog
from prometheus_client import CollectorRegistry

from libs.contracts import canary
from libs.contracts.directory import ClientEntry, PresenceEntry, client_key, presence_key
from libs.contracts.documents import Document, Format, Inline
from libs.contracts.metrics import CANARIES, CANARY_SILENT, CANARY_SITES
from libs.contracts.queries import Code, GetTask, TaskAnswer
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef, TaskRequest, TaskView
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.metrics import histogram, looked_up
from libs.runtime.mirror import Mirror
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway

log = structlog.get_logger()

#: Agents of one round; of more than that each has its turn by chance.
MOST = 500
#: The waits between two questions whether one is back, in seconds.
QUICKEST, GROWTH, SLOWEST = 0.05, 1.5, 1.0
SOURCE = "CANARY"
PRINTED, FAILED, LATE = "printed", "failed", "late"


class Canaries:
    """One gateway's. A `period` of 0 seconds sends none; one that is not back after `patience` seconds is late."""

    def __init__(self, gateway: Gateway, mirror: Mirror, period: float, patience: float, metrics: CollectorRegistry) -> None:
        self._gateway = gateway
        self._mirror = mirror
        self._period = period
        self._patience = patience
        self._seconds = histogram(CANARIES, metrics)
        self._sites = 0
        self._silent: set[str] = set()
        self._out: dict[str, str] = {}  # agent -> the task that has not come back from it
        looked_up(CANARY_SITES, metrics, lambda: float(self._sites))
        looked_up(CANARY_SILENT, metrics, lambda: float(len(self._silent)))

    async def run(self) -> None:
        """One round after the other, for ever; a body for `Service.loop`."""
        while self._period:
            over = asyncio.get_running_loop().time() + self._period
            if self._mirror.fresh:  # else nobody knows who is there
                await self._round()
            await asyncio.sleep(max(1.0, over - asyncio.get_running_loop().time()))

    async def _round(self) -> None:
        """One to each agent that is there, spread over the period."""
        here = self._agents()
        self._sites = len(here)
        self._silent &= here.keys()
        self._out = {agent: task for agent, task in self._out.items() if agent in here}
        chosen = random.sample(sorted(here), min(MOST, len(here)))
        gap = max(0.0, self._period - self._patience) / max(1, len(chosen))
        async with asyncio.TaskGroup() as flying:
            for place, agent in enumerate(chosen):
                flying.create_task(self._fly(here[agent], place * gap))

    def _agents(self) -> dict[str, ClientEntry]:
        """Those that are online. One that is away is told by its presence."""
        heard = [each for each in self._mirror.below(presence_key("")) if isinstance(each, PresenceEntry) and each.online]
        known = {each.agent: self._mirror.get(client_key(each.agent)) for each in heard}
        return {agent: entry for agent, entry in known.items() if isinstance(entry, ClientEntry) and entry.enabled}

    async def _fly(self, agent: ClientEntry, after: float) -> None:
        await asyncio.sleep(after)
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                outcome, why = await self._there_and_back(agent), ""
        except (TimeoutError, NotStored, Unanswered, Refused) as error:
            outcome, why = LATE, str(error)
        self._seconds.labels(outcome).observe(time.monotonic() - begun)
        if outcome == PRINTED:
            if agent.sn in self._silent:
                log.info("canary is back", agent=agent.sn)
            self._silent.discard(agent.sn)
        else:
            self._silent.add(agent.sn)
            log.warning("canary did not come back", agent=agent.sn, outcome=outcome, task=self._out.get(agent.sn), why=why)

    async def _there_and_back(self, agent: ClientEntry) -> str:
        """What became of it. While the one before is not back no other is sent: they would pile up."""
        if await self._is_out(agent):
            return LATE
        task = self._out[agent.sn] = await self._send(agent)
        pause = QUICKEST
        while not (seen := await self._look(agent, task)).ended_at:
            await asyncio.sleep(pause)
            pause = min(pause * GROWTH, SLOWEST)
        del self._out[agent.sn]
        return PRINTED if seen.stage is Stage.COMPLETED else FAILED

    async def _is_out(self, agent: ClientEntry) -> bool:
        """Whether the one before is still on its way. One that the spooler does not know any more is not."""
        task = self._out.get(agent.sn)
        try:
            return task is not None and not (await self._look(agent, task)).ended_at
        except Refused as no:
            return no.code is not Code.NOT_FOUND

    async def _send(self, agent: ClientEntry) -> str:
        """Hand one over as a door does; its id."""
        block = self._gateway.ids.block(canary.SN)
        request = TaskRequest(
            id=block.id(),
            name=canary.NAME,
            printer=PrinterRef(agent.sn, canary.printer(agent.sn), canary.NAME, agent.shard),
            document=Document(Format.TEXT, Inline(block.id().encode())),
            created_at=block.at(),
            expires_at=block.at() + int(self._patience * 1000),
        )
        await self._gateway.submit(Identity(agent.tenant, canary.SN), SOURCE, (request,))
        return request.id

    async def _look(self, agent: ClientEntry, task: str) -> TaskView:
        question = GetTask(region=self._gateway.region, tenant=agent.tenant, sn=canary.SN, task=task)
        answer: TaskAnswer = await self._gateway.bus.ask(question)
        return answer.task
