"""Wires the registry: database, bus, directory, presence, questions and reports."""

from functools import partial

from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from prometheus_client import Counter

from libs.contracts.agents import Heartbeat
from libs.contracts.directory import ClientKind
from libs.contracts.ids import token_digest
from libs.contracts.message import Undecodable, decode
from libs.contracts.metrics import AGENTS_LEFT, AGENTS_ONLINE, DEVICE_REPORTS, QUESTIONS, REGISTRY_FOREIGN, SECRETS_EXPOSED
from libs.contracts.reports import DevicesReported
from libs.contracts.streams import consumers
from libs.runtime.authority import Authority
from libs.runtime.broker import answering, answers, listening, make_broker, reads, running
from libs.runtime.bus import Bus, connect
from libs.runtime.keys import Keys, exposed
from libs.runtime.metrics import counter, looked_up, rows
from libs.runtime.service import Service
from libs.runtime.timings import Timings
from services.registry import enrol, handlers, roaming
from services.registry.directory import Directory
from services.registry.handlers import Registry
from services.registry.herald import Herald
from services.registry.presence import Presence
from services.registry.revocation import Revocation
from services.registry.settings import RegistrySettings
from services.registry.signing import Outside, Signer
from services.registry.store import Store

USER = "registry"
DURABLE = "registry_devices"


async def start(service: Service, settings: RegistrySettings) -> None:
    """Start the registry; it is ready when the directory says what the database says."""
    store = await service.enter(enrol.open_store(settings))
    await _enrol_own_client(store, settings)
    async with store.change() as change:
        await roaming.give_all(change)
    bus = await connect(settings.nats_url, USER, settings.credentials(USER), timings=Timings(USER, service.metrics))
    service.on_stop(bus.close)
    presence = Presence(settings.presence_timeout)
    herald = Herald(store, Directory(bus), presence, bus, settings.region)
    signer = Signer(settings.keys_dir, settings.credentials_lifetime)
    outside = Outside(settings.outside_urls, settings.outside_ca)
    authority = Authority(settings.keys_dir)
    registry = Registry(store, presence, herald, signer if signer.able else None, outside, authority)
    _count(service, presence, settings)

    await _hear(bus, presence, settings.region, counter(REGISTRY_FOREIGN, service.metrics))
    service.loop("herald", herald.run)
    service.loop("tick", herald.tick)
    service.loop("presence", herald.watch_presence)
    if signer.able:
        service.loop("revocation", Revocation(store, Keys(settings.keys_dir), settings.nats_url).run)
    broker = make_broker(settings.nats_url, USER, settings.credentials(USER), service.tracing, settings.shutdown_grace)
    _subscribe(service, broker, registry, bus, settings.region)
    await service.enter(running(broker))

    async def reconciled() -> str:
        return "" if herald.reconciled.is_set() else "the directory is not yet reconciled with the database"

    async def line() -> str:
        return "" if bus.connected else "there is no connection to the NATS server"

    service.check("directory", reconciled)
    service.check("bus", line)


async def _enrol_own_client(store: Store, settings: RegistrySettings) -> None:
    if settings.own_sn and settings.own_token:
        digest = token_digest(settings.own_token)
        await enrol.ensure_client(store, settings.tenant, settings.own_sn, ClientKind.AGENT, digest)


async def _hear(bus: Bus, presence: Presence, region: str, foreign: Counter) -> None:
    """Every registry hears every heartbeat: plain NATS, no queue."""

    async def heard(message: Msg) -> None:
        try:
            beat: Heartbeat = decode(Heartbeat, message.data)
        except Undecodable:
            return  # nobody waits for an answer, and the next one comes in a moment
        if beat.subject == message.subject:  # an agent may speak for itself only
            presence.hear(beat)
        else:
            foreign.inc()

    await bus.client.subscribe(str(answers(Heartbeat, region, "")["subject"]), cb=heard)


def _subscribe(service: Service, broker: NatsBroker, registry: Registry, bus: Bus, region: str) -> None:
    asked, reported = counter(QUESTIONS, service.metrics), counter(DEVICE_REPORTS, service.metrics)
    foreign = counter(REGISTRY_FOREIGN, service.metrics)

    for question, handler in handlers.QUESTIONS.items():
        counted = partial(_counted, asked.labels(question.__name__), partial(handler, registry))
        broker.subscriber(**answers(question, region, USER))(answering(counted))

    spec = next(each for each in consumers(region) if each.durable == DURABLE)

    async def devices_reported(report: DevicesReported) -> None:
        message: Msg = broker.context.get_local("message").raw_message
        if message.subject != report.subject:
            service.log.warning("report of somebody else left out", subject=message.subject)
            foreign.inc()
            return
        with bus.timings.processing(spec.stream):
            await handlers.devices_reported(registry, report, int(message.metadata.timestamp.timestamp() * 1000))
        reported.inc()

    broker.subscriber(**reads(spec, DevicesReported, USER))(devices_reported)

    service.check("device reports", listening(lambda: bus.js, spec))


async def _counted(counter: Counter, handler: handlers.Bound, query: object) -> object:
    counter.inc()
    return await handler(query)


def _count(service: Service, presence: Presence, settings: RegistrySettings) -> None:
    looked_up(AGENTS_ONLINE, service.metrics, presence.count)
    rows(AGENTS_LEFT, service.metrics, lambda: {(): float(presence.left)})
    looked_up(SECRETS_EXPOSED, service.metrics, lambda: float(len(exposed(settings.keys_dir))))
