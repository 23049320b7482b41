"""Wires the agent: journal, documents, printers; then the bus, as soon as and whenever there is one."""

import asyncio
from dataclasses import asdict
from functools import partial

import httpx

from libs.contracts.agents import AdmitAgent, Heartbeat
from libs.contracts.metrics import ADMITTED, OPEN_ATTEMPTS, RECONNECTS
from libs.contracts.streams import PRINT, agent_consumer
from libs.runtime import trust
from libs.runtime.metrics import looked_up, rows
from libs.runtime.reader import OrderedReader
from libs.runtime.service import Service
from libs.runtime.settings import SettingsError
from libs.runtime.timings import Timings
from services.agent import handlers
from services.agent.documents import Documents
from services.agent.drivers import Driver
from services.agent.journal import Journal
from services.agent.line import Line
from services.agent.machine import machine
from services.agent.meters import Meters
from services.agent.peripherals.watch import Peripherals
from services.agent.printers import connect_all
from services.agent.renewal import Renewal
from services.agent.settings import AgentSettings
from services.agent.shop import Shop
from services.agent.standing import Standing


async def start(service: Service, settings: AgentSettings) -> None:
    """Start the agent. It is ready when the spooler has admitted it and it reads its orders; printers' states never count.

    Raises `SettingsError`, and `JournalInUseError` when another process works on its journal.
    """
    sn = settings.own_sn
    drivers = _drivers(settings)
    journal = await Journal.open(settings.folder)
    service.on_stop(journal.close)
    trusted = await asyncio.to_thread(trust.context, settings.credentials(sn).parent)
    client = await service.enter(httpx.AsyncClient(timeout=httpx.Timeout(30.0, pool=None), trust_env=False, verify=trusted))
    timings = Timings("agent", service.metrics)
    line = Line(settings.nats_url, sn, settings.credentials(sn), settings.gateway_url, timings)
    service.on_stop(line.close)
    documents = Documents(settings.folder / "documents", line.locate, settings.fetch_ahead, client)
    meters = Meters(service.metrics)
    shop = Shop(sn, journal, documents, drivers, tracing=service.tracing, peripherals=Peripherals(sn), meters=meters)
    await shop.start()
    question = AdmitAgent(region=settings.region, tenant=settings.tenant, agent=sn, journal=journal.id)
    standing = Standing(journal, shop, question)
    await standing.load()
    looked_up(OPEN_ATTEMPTS, service.metrics, lambda: shop.open_attempts)
    looked_up(ADMITTED, service.metrics, lambda: float(standing.admitted.is_set() and not standing.refused))
    rows(RECONNECTS, service.metrics, lambda: {(): float(line.reconnects)})
    meters.watch(lambda: shop.devices, shop.at_printers, shop.rated)

    _tell(service, settings, line, shop, standing)
    service.on_stop(partial(_finish, shop, settings.shutdown_grace))
    service.loop("line", line.look)
    service.loop("standing", lambda: _stand(line, standing))
    renewal = Renewal(settings.credentials(sn), settings.region, settings.tenant, sn)
    service.loop("credentials", lambda: _renew(line, renewal))
    _read(service, settings, line, shop, standing)


def _drivers(settings: AgentSettings) -> dict[str, Driver]:
    try:
        return connect_all(
            settings.printers,
            unknown=settings.unknown_policy,
            grace=settings.finish_grace,
            stall=settings.stall_limit,
            resume=settings.resume_policy,
            partial=settings.partial_policy,
        )
    except ValueError as error:
        raise SettingsError(f"PRINTBUS_PRINTERS is wrong: {error}.") from None


def _tell(service: Service, settings: AgentSettings, line: Line, shop: Shop, standing: Standing) -> None:
    """What goes out: reports, devices, heartbeats."""
    sn, journal, here = settings.own_sn, shop.journal, machine()
    report = partial(handlers.devices_report, settings.region, settings.tenant, sn, shop)

    def heart(*, leaving: bool = False) -> Heartbeat | None:
        # A journal that was never admitted is not heard: it must not pass for the one that is.
        if not standing.known or standing.refused:
            return None
        return Heartbeat(
            region=settings.region, tenant=settings.tenant, agent=sn, journal=journal.id, leaving=leaving, **asdict(here)
        )

    async def leave() -> None:
        last = heart(leaving=True)
        if line.now and last:
            await line.now.tell(last)

    async def reports() -> None:
        await handlers.tell_reports(await line.bus(), journal)

    async def devices() -> None:
        await handlers.tell_devices(await line.bus(), shop, report, journal.id)

    async def beats() -> None:
        await handlers.beat(await line.bus(), heart)

    service.on_stop(leave)
    service.loop("reports", reports)
    service.loop("devices", devices)
    service.loop("heartbeat", beats)


async def _stand(line: Line, standing: Standing) -> None:
    """Without a line the journal is printed all the same, if it was admitted once."""
    try:
        bus = await asyncio.wait_for(line.bus(), 3)
    except TimeoutError:
        standing.unanswered(line.problem)
        bus = await line.bus()
    await standing.keep(bus)


async def _renew(line: Line, renewal: Renewal) -> None:
    await renewal.run(await line.bus())


def _read(service: Service, settings: AgentSettings, line: Line, shop: Shop, standing: Standing) -> None:
    """What comes in: orders, in the order of the stream, while the agent is admitted."""
    spec = agent_consumer(settings.region, settings.shard, settings.tenant, settings.own_sn)
    readers: list[OrderedReader] = []

    async def orders() -> None:
        bus = await line.bus()
        while not service.stopping:
            await standing.admitted.wait()
            reader = OrderedReader(bus, PRINT, spec.durable)
            readers[:] = [reader]
            async for batch in reader.batches(maximum=200):
                await handlers.on_orders(batch, shop, standing)

    async def joined() -> str:
        if line.problem or standing.problem:
            return line.problem or standing.problem
        return "" if readers and readers[0].bound else "the agent does not read its orders yet"

    def stop_reading() -> None:
        for reader in readers:
            reader.stop()

    def stop() -> None:
        stop_reading()
        standing.admitted.set()

    standing.on_refusal(stop_reading)
    service.loop("orders", orders, stop)
    service.check("orders", joined)


async def _finish(shop: Shop, grace: float) -> None:
    """Begin nothing more, let what is on its way into a printer arrive, tell it, and leave the rest to the journal."""
    await shop.drain(grace / 2)
    await shop.close()
    for _ in range(20):
        if not await shop.journal.outbox(1):
            return
        await asyncio.sleep(0.05)
