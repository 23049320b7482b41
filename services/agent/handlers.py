"""What the agent does with what comes and what goes: orders in, reports and devices out, a heartbeat all the while."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from libs.contracts.agents import Heartbeat
from libs.contracts.message import Undecodable, decode
from libs.contracts.orders import AgentOrder
from libs.contracts.reports import DevicesReported
from libs.contracts.streams import REPORTS
from libs.runtime.bus import Bus, NotStored, Outgoing, Unanswered
from libs.runtime.crashpoint import crashpoint
from libs.runtime.reader import Batch
from libs.runtime.strokes import stroke
from services.agent.changes import now, published
from services.agent.journal import Journal, Row
from services.agent.reports import Reports
from services.agent.shop import Received, Shop
from services.agent.standing import Standing

log = structlog.get_logger()

#: Reports in one atomic batch.
AT_ONCE = 500
#: How long to wait after a stream that cannot take a report, in seconds.
AGAIN = 2.0
#: Changes of devices that come close together are told together, in seconds.
TOGETHER = 0.2
BEAT = 2.0
#: How long one that may not speak yet waits before it looks again, in seconds.
SILENT = 0.1


async def on_orders(batch: Batch, shop: Shop, standing: Standing) -> None:
    """Orders and withdrawals: journal, acknowledge. Those up to the sequence of our admission are acknowledged unread."""
    received: list[Received] = []
    for message in batch.messages:
        if message.sequence <= standing.sequence:
            continue
        try:
            received.append((message.sequence, decode(AgentOrder, message.data)))
        except Undecodable as error:
            log.error("order not understood", subject=message.subject, sequence=message.sequence, error=str(error))  # noqa: TRY400
    await shop.receive(received)
    await batch.ack()
    crashpoint("agent-after-acknowledged")


async def tell_reports(bus: Bus, journal: Journal) -> None:
    """Publish the outbox in its order, for ever; a row goes away when the stream has it."""
    reports = Reports()
    while True:
        journal.pulse.clear()
        rows = await journal.outbox(AT_ONCE)
        found = reports.sort(rows, all_of_them=len(rows) < AT_ONCE)
        if not found.now and not found.needless:
            await _pulse(journal, found.wait)
            continue
        try:
            if found.now:
                await bus.publish_batch(REPORTS, [_outgoing(journal, row) for row in found.now])
        except (Unanswered, NotStored) as error:
            log.warning("reports not stored", waiting=len(rows), error=str(error))
            await asyncio.sleep(AGAIN)
            continue
        crashpoint("agent-after-reported")
        await journal.write(published([*(row.row for row in found.now), *found.needless]))


async def _pulse(journal: Journal, within: float | None) -> None:
    """Until the outbox has grown, but not longer than so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await journal.pulse.wait()


def _outgoing(journal: Journal, row: Row) -> Outgoing:
    headers = {"traceparent": row.traceparent} if row.traceparent else {}
    return Outgoing(row.subject, row.data, f"{journal.id}:{row.row}", headers)


async def tell_devices(bus: Bus, shop: Shop, report: Callable[[], DevicesReported], journal: str) -> None:
    """Publish all devices when they are known and whenever one of them changed, for ever. `journal` is the journal's id."""
    await shop.surveyed()
    while True:
        shop.changed.clear()
        message = report()
        try:
            await bus.publish(message, stream=REPORTS, message_id=f"{journal}:devices:{message.at}")
        except (Unanswered, NotStored) as error:
            log.warning("devices not reported", error=str(error))
            await asyncio.sleep(AGAIN)
            continue
        await shop.changed.wait()
        await asyncio.sleep(TOGETHER)


async def beat(bus: Bus, heart: Callable[[], Heartbeat | None]) -> None:
    """Tell every two seconds that the agent lives, as long as `heart` says so, and as soon as it does."""
    while True:
        message = heart()
        if message and bus.connected:
            await bus.tell(message)
            await asyncio.sleep(stroke(BEAT))
        else:
            await asyncio.sleep(SILENT)


def devices_report(region: str, tenant: str, agent: str, shop: Shop) -> DevicesReported:
    """All devices as they are now."""
    return DevicesReported(region=region, tenant=tenant, agent=agent, devices=shop.devices, at=now())
