"""What was accepted for a region that does not answer, kept in this one until the other has it (design.md section 8).

The other region's intake sources it from here when it is back. Once it is in use everything for that region goes this way until
it is empty, so that tasks stay in the order in which they were accepted here. It is one stream for all gateways of the region, and
every one hears what the others put there.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.contracts.intake import SubmitTasks
from libs.contracts.ledger import Confirmed, ConfirmTasks
from libs.contracts.message import decode
from libs.contracts.streams import INTAKE, all_kept_for, kept_for, outbox
from libs.runtime.bus import Bus, Outgoing, Refused, Unanswered
from services.gateway.handover import Submission
from services.gateway.receipts import Receipts

log = structlog.get_logger()

#: Seconds between two looks whether the other region has it all, and that its answer may take.
LOOK = 1.0
PATIENCE = 5.0


class Outbox:
    """The way into one other region's intake."""

    def __init__(self, bus: Bus, region: str, receipts: Receipts) -> None:
        self._bus = bus
        self._region = region
        self._stream = outbox(region)
        self._receipts = receipts
        self._used = asyncio.Event()
        self.waiting = 0

    @property
    def used(self) -> bool:
        """Whether something is in it, as far as this gateway knows."""
        return self._used.is_set()

    async def hand(self, submissions: Sequence[Submission]) -> None:
        """To the region itself in one try, else into the outbox. As `services.gateway.handover.Handover`."""
        if not self.used:
            try:
                await self._bus.publish_batch(INTAKE, [out for _, out in submissions], patience=0.0)
            except Unanswered as error:
                log.warning("region does not answer, its outbox is used", region=self._region, cause=str(error))
            else:
                for tasks, out in submissions:
                    self._receipts.keep(tasks, out)
                return
        # The same ids: what the region stored unseen is a duplicate when it comes again.
        await self._bus.publish_batch(self._stream, [self._kept(out) for _, out in submissions])
        self._used.set()

    def _kept(self, out: Outgoing) -> Outgoing:
        return replace(out, subject=kept_for(out.subject))

    async def follow(self) -> None:
        """For ever: hear what other gateways put there, and empty it of what the region has; a body for `Service.loop`."""
        heard = await self._bus.client.subscribe(all_kept_for(self._region), cb=self._heard)
        self._used.set()  # what was left by those before is found out
        try:
            while True:
                await self._used.wait()
                try:
                    settled = await self._settle()
                except (NatsError, TimeoutError, Unanswered, Refused) as error:
                    log.debug("outbox not emptied yet", region=self._region, cause=str(error) or type(error).__name__)
                    settled = False
                if not settled:
                    await asyncio.sleep(LOOK)
        finally:
            await heard.unsubscribe()

    async def _heard(self, _message: Msg) -> None:
        self._used.set()

    async def _settle(self) -> bool:
        """Forget what the region's spooler says that it has; whether nothing is left.

        It sources in order, so that whoever has the last of it has all of it.
        """
        state = (await self._bus.js.stream_info(self._stream)).state
        self.waiting = state.messages
        if not state.messages:
            self._used.clear()
            log.info("outbox is empty", region=self._region)
            return True
        last = await self._bus.js.get_msg(self._stream, seq=state.last_seq)
        submitted: SubmitTasks = decode(SubmitTasks, last.data or b"")
        question = ConfirmTasks(region=self._region, tasks=tuple(task.id for task in submitted.tasks))
        answer: Confirmed = await self._bus.ask(question, timeout=PATIENCE)
        if not answer.missing:
            await self._bus.js.purge_stream(self._stream, seq=state.last_seq + 1)
            return await self._settle()
        return False
