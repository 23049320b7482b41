"""Orders of an engine, read as far ahead as there are turns: short documents go together, the others alone, in fair turns."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from libs.contracts.message import Undecodable, decode
from libs.contracts.orders import ConvertDocument
from libs.contracts.streams import BACKOFF, CONVERT_LEASE, ConsumerSpec
from libs.runtime.bus import Bus
from libs.runtime.ending import TIDYING, end
from libs.runtime.pull import Puller
from services.converter.handlers import Handlers
from services.converter.short import is_short
from services.converter.turns import OWNER, Owner, Turns

log = structlog.get_logger()

#: Orders of short documents that are read at once.
TOGETHER = 50
#: Seconds that a reader waits after a line that is down.
REST = 0.5
#: Orders that are held at the most: those of a tenant whose slow documents have all places that it may have wait here, so that
#: others' behind them are read.
HELD = 256


@dataclass(frozen=True, slots=True)
class Taken:
    """An order and the message that brought it."""

    message: Msg
    order: ConvertDocument

    @property
    def first(self) -> bool:
        """Whether it never came before: what did may be what killed its converter, and goes alone."""
        return bool(self.message.metadata.num_delivered == 1)


class Batches:
    """One durable, read by `readers` at once; at most `alone` documents go the ordinary way at the same time.

    Besides those that take longer than `patience` seconds (`Turns`): so many more are read and begun.
    """

    def __init__(
        self, bus: Bus, spec: ConsumerSpec, handlers: Handlers, *, readers: int, alone: int, patience: float, together: int = 0
    ) -> None:
        self._bus = bus
        self._spec = spec
        self._handlers = handlers
        self._readers = readers
        self._turns, self._together = Turns(alone, patience), together
        self._walking: set[asyncio.Task[None]] = set()
        self._held: dict[int, Msg] = {}
        self._pullers: set[Puller] = set()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Take nothing more; `run` ends when what was taken is done."""
        self._stopped.set()
        self._turns.stir()
        for puller in self._pullers:
            puller.interrupt()

    async def run(self) -> None:
        """Until stopped; a body for `Service.loop`."""
        telling = asyncio.create_task(self._tell(), name=f"progress of {self._spec.durable}")
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._readers):
                    group.create_task(self._read(), name=f"reader of {self._spec.durable}")
            while self._walking:
                await asyncio.wait(self._walking)
        finally:
            await end(telling, *self._walking, again=TIDYING)

    async def _read(self) -> None:
        while not self._stopped.is_set():
            puller = Puller(self._bus, self._spec.stream, self._spec.durable)
            self._pullers.add(puller)
            try:
                await puller.open()
                while room := await self._room():
                    await self._take(await puller.fetch(max(room, self._together)))
            except (NatsError, APIError, TimeoutError) as error:
                log.warning("orders asked for anew", durable=self._spec.durable, error=type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), REST)
            finally:
                self._pullers.discard(puller)
                with suppress(NatsError):  # what cannot be given back comes again by itself
                    for message in await puller.close():
                        await message.nak()

    async def _room(self) -> int:
        """How many orders may be read now, as soon as any may; 0: stopped."""
        await asyncio.sleep(0)  # those that were read last ask for their turns
        while not self._stopped.is_set():
            if len(self._held) < HELD and (wanted := self._turns.wanted) > 0:
                return wanted
            await self._turns.change()
        return 0

    async def _take(self, messages: Sequence[Msg]) -> None:
        taken = [each for message in messages if (each := await self._understood(message))]
        self._held.update((id(each.message), each.message) for each in taken)
        together = [each for each in taken if each.first and is_short(each.order)]
        alone = [each for each in taken if not (each.first and is_short(each.order))]
        if together:
            alone += await self._do_together(together)
        for each in alone:
            task = asyncio.create_task(self._do_alone(each), name=f"convert {each.order.task}")
            self._walking.add(task)
            task.add_done_callback(self._left)

    async def _understood(self, message: Msg) -> Taken | None:
        """An order that is what its subject says. What cannot be read is left to a newer converter, until its last delivery."""
        try:
            order: ConvertDocument = decode(ConvertDocument, message.data)
            if order.subject == message.subject:  # who may publish where is the bus's business, so the subject is what counts
                return Taken(message, order)
            problem = "its body speaks for another than its subject"
        except (Undecodable, ValueError) as error:
            log.error("order is not readable", subject=message.subject, problem=str(error))  # noqa: TRY400 - the problem says it
            await message.nak(delay=_pause(message))
        else:
            log.error("order is not readable", subject=message.subject, problem=problem)
            await message.term()
        return None

    async def _do_together(self, together: Sequence[Taken]) -> list[Taken]:
        """Those that have to go alone. What fails here as a whole comes again after a pause, and then each alone."""
        try:
            left = await self._handlers.on_short_orders([each.order for each in together])
        except Exception:
            log.exception("orders failed", durable=self._spec.durable, orders=len(together))
            for each in together:
                await self._settle(each, done=False)
            return []
        remaining = {id(order) for order in left}
        for each in together:
            if id(each.order) not in remaining:
                await self._settle(each, done=True)
        return [each for each in together if id(each.order) in remaining]

    async def _do_alone(self, each: Taken) -> None:
        OWNER.set(Owner(each.order.tenant, each.order.printer))
        try:
            async with self._turns.one():
                await self._handlers.on_order(each.order)
        except Exception:
            log.exception("order failed", task=each.order.task, tries=each.message.metadata.num_delivered)
            await self._settle(each, done=False)
        else:
            await self._settle(each, done=True)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._walking.discard(task)
        self._turns.stir()

    async def _settle(self, each: Taken, *, done: bool) -> None:
        self._held.pop(id(each.message), None)
        try:
            if done:
                await each.message.ack()
            else:
                await each.message.nak(delay=_pause(each.message))
        except NatsError as error:  # it comes again
            log.warning("order not settled", task=each.order.task, error=type(error).__name__)

    async def _tell(self) -> None:
        """Tell the stream three times per lease that what is held is worked on."""
        while True:
            await asyncio.sleep(CONVERT_LEASE / 3)
            try:
                for message in list(self._held.values()):
                    if id(message) in self._held:
                        await message.in_progress()
            except NatsError as error:  # the next one may come through
                log.warning("progress not told", durable=self._spec.durable, error=type(error).__name__)


def _pause(message: Msg) -> float:
    """Seconds before a message comes again, by how often it came."""
    return BACKOFF[min(message.metadata.num_delivered, len(BACKOFF)) - 1]
