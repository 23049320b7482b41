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
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.history import History
from services.gateway.handover import Submission
from services.gateway.receipts import Receipts
from services.gateway.regions.reach import FarBus

log = structlog.get_logger()

#: Seconds between two looks whether the other region has it all, and that its answer may take.
LOOK = 1.0
PATIENCE = 5.0
#: Messages of one look, at first and at most, what they may have together in bytes, and tasks of one question.
FIRST, MOST = 16, 1024
BYTES = 4 * 1024 * 1024
ASKED = 10_000


class Outbox:
    """The way into one other region's intake."""

    def __init__(self, bus: FarBus, region: str, receipts: Receipts) -> None:
        self._bus = bus
        self._region = region
        self._stream = outbox(region)
        self._kept = History(bus, self._stream)
        self._receipts = receipts
        self._used = asyncio.Event()
        self._puts = 0
        self._look = FIRST
        self.waiting = 0

    @property
    def used(self) -> bool:
        """Whether something is in it, as far as this gateway knows."""
        return self._used.is_set()

    async def hand(self, submissions: Sequence[Submission]) -> None:
        """To the region itself in one try, else into the outbox. As `services.gateway.handover.Handover`."""
        if not self.used and not self._bus.down:
            try:
                await self._bus.publish_batch(INTAKE, [out for _, out in submissions], patience=0.0)
            except Unanswered as error:
                log.warning("region does not answer, its outbox is used", region=self._region, cause=str(error))
            else:
                for tasks, out in submissions:
                    self._receipts.keep(tasks, out)
                return
        self._note()
        # The same ids: what the region stored unseen is a duplicate when it comes again.
        await self._bus.publish_batch(self._stream, [replace(out, subject=kept_for(out.subject)) for _, out in submissions])
        self._note()  # it may have been found empty meanwhile

    def _note(self) -> None:
        """Something is in it, or will be in a moment."""
        self._puts += 1
        self._used.set()

    async def follow(self) -> None:
        """For ever: hear what other gateways put there, and empty it of what the region has; a body for `Service.loop`."""
        heard = await self._bus.client.subscribe(all_kept_for(self._region), cb=self._heard)
        unheard = asyncio.create_task(self._unheard(), name=f"outbox of {self._region}")
        self._note()  # what was left by those before is found out
        try:
            while True:
                await self._used.wait()
                if not await self._settled():
                    await asyncio.sleep(LOOK)
        finally:
            unheard.cancel()
            await heard.unsubscribe()

    async def _heard(self, _message: Msg) -> None:
        self._note()

    async def _unheard(self) -> None:
        """What others put there while our own line was down is found out."""
        while True:
            await self._bus.reconnected.wait()
            self._note()

    async def _settled(self) -> bool:
        try:
            return await self._settle()
        except (NatsError, TimeoutError, Unanswered, Refused) as error:
            log.debug("outbox not emptied yet", region=self._region, cause=str(error) or type(error).__name__)
            return False

    async def _settle(self) -> bool:
        """Forget the oldest that the region's spooler says that it has; whether to go on at once."""
        puts = self._puts
        self.waiting = (await self._bus.js.stream_info(self._stream)).state.messages
        if not self.waiting:
            if puts == self._puts:  # else something may have come since this was asked
                self._used.clear()
                log.info("outbox is empty", region=self._region)
            return True
        if self._bus.down:
            return False
        # Each message is asked for, and not only the last one: that may have come the direct way, unseen by us, before the others.
        known, upto, whole = await self._known()
        if known:
            await self._bus.js.purge_stream(self._stream, seq=upto + 1)
        self._look = min(2 * self._look, MOST) if whole else FIRST
        return whole

    async def _known(self) -> tuple[int, int, bool]:
        """How many of the oldest messages the region has, the last one's sequence, and whether these are all that were asked."""
        asked: list[tuple[int, tuple[str, ...]]] = []
        count = 0
        for message in await self._kept.after(0, all_kept_for(self._region), self._look, most=BYTES):
            submitted: SubmitTasks = decode(SubmitTasks, message.data)
            count += len(submitted.tasks)
            if asked and count > ASKED:
                break
            asked.append((message.sequence, tuple(task.id for task in submitted.tasks)))
        question = ConfirmTasks(region=self._region, tasks=tuple(task for _, tasks in asked for task in tasks), kept=True)
        answer: Confirmed = await self._bus.ask(question, timeout=PATIENCE)
        missing = set(answer.missing)
        known = next((index for index, (_, tasks) in enumerate(asked) if not missing.isdisjoint(tasks)), len(asked))
        return known, asked[known - 1][0] if known else 0, bool(asked) and known == len(asked)
