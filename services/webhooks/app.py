"""Wires the webhook dispatcher: database, bus, dialects, the intake of events, the lanes of endpoints, questions about them."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from ssl import SSLContext
from uuid import uuid4

from libs.runtime.broker import answering, answers, listening, make_broker, running
from libs.runtime.bus import connect
from libs.runtime.database import Database, database
from libs.runtime.machine import ipv4_addresses
from libs.runtime.service import Service
from libs.runtime.timings import Timings
from libs.runtime.vetting import Guard
from services.webhooks import dialects, questions, upkeep
from services.webhooks.admission import Admission
from services.webhooks.claims import Claims
from services.webhooks.desk import Bounds, Desk
from services.webhooks.dialects import Configured, Dialect, Place
from services.webhooks.domain import Endpoint
from services.webhooks.endpoints import Endpoints
from services.webhooks.graph import clockwork
from services.webhooks.graph import questions as graph
from services.webhooks.graph.notices import Notices
from services.webhooks.graph.questions import Counter
from services.webhooks.graph.standing import Standing
from services.webhooks.graph.subscriptions import DIALECT
from services.webhooks.graph.wiring import ALLOWING, Subscribing
from services.webhooks.handlers import Handlers
from services.webhooks.history import History
from services.webhooks.independent import IndependentLane
from services.webhooks.intake import EVENTS, Intake, consumer
from services.webhooks.lane import Lane, Manner, Work
from services.webhooks.lanes import Lanes
from services.webhooks.meters import Meters
from services.webhooks.ordered import OrderedLane
from services.webhooks.own import OwnEndpoint
from services.webhooks.pacing import Allowance, Gate
from services.webhooks.proof import Prover
from services.webhooks.questions import Reception
from services.webhooks.receiver import Receiver, trusted
from services.webhooks.recorder import Recorder
from services.webhooks.settings import WebhooksSettings
from services.webhooks.store import Store

USER = "webhooks"
MIGRATIONS = Path(__file__).parent / "migrations"


async def start(service: Service, settings: WebhooksSettings) -> None:
    """Start the dispatcher: what waited when it stopped goes on, then new events are read and questions answered."""
    opened = await service.enter(database(settings.database_url, settings.data_dir, "webhooks", MIGRATIONS))
    bus = await connect(settings.nats_url, USER, settings.credentials(USER), timings=Timings(USER, service.metrics))
    service.on_stop(bus.close)
    holder = settings.webhooks_holder or uuid4().hex
    known = dialects.discover(dialects)
    manners = manners_of(settings, known, service)
    context = await asyncio.to_thread(trusted)
    subscribing = Subscribing(opened, settings, context, service.tracing)
    store, endpoints = Store(opened, subscribing.lifecycle.missed), Endpoints(opened)
    claims = Claims(opened, holder, [name for name, manner in manners.items() if manner.schedule.ordered])

    service.on_stop(claims.release)  # after the last answer is written down: only the holder may
    recorder = Recorder(store, holder, service.metrics)
    service.loop("recorder", recorder.run, recorder.stop)
    allowance = Allowance(settings.webhook_unproven_rate, service.metrics)
    prover = Prover(endpoints, settings.webhook_origin, service.metrics)
    gates = partial(_gate, allowance, prover)
    make = _lanes_of(settings, manners, store, recorder, subscribing, context, gates)
    lanes = Lanes(claims, make, recorder)
    handlers = Handlers(store, endpoints, known, place_of(settings), Notices(subscribing.subscriptions))
    intake = Intake(opened, bus, handlers, lanes.wake, holder)
    own = OwnEndpoint(settings, endpoints)

    async def tell() -> None:
        await own.settled()  # what waits for the address of the settings goes to the one that stands there now
        await lanes.run()

    service.loop("lanes", tell, lanes.stop)

    async def read(stream: str) -> None:
        await own.settled()
        await intake.run(settings.region, stream)

    service.on_stop(intake.release)
    service.loop("lease", intake.hold)
    service.loop("dead letters", intake.bury)
    service.loop("own endpoint", partial(own.settle, service))
    for stream in EVENTS:
        service.loop(f"intake {stream}", partial(read, stream), intake.stop)
        service.check(f"events of {stream}", listening(lambda: bus.js, consumer(settings.region, stream)))
    _keep_up(service, store, endpoints, known, settings.callback_retention)
    _watch(service, opened, own)
    service.loop("expiry", partial(clockwork.expire, subscribing.lifecycle))
    service.loop("standing", Standing(bus, settings.region, subscribing.lifecycle).watch)
    service.loop("sweep of subscriptions", partial(clockwork.sweep, subscribing.lifecycle))

    async def prove(endpoint: Endpoint) -> None:
        receivers = _receivers(settings, context, endpoint, ordered=manners[endpoint.dialect].schedule.ordered)
        await prover.try_out(endpoint, receivers, allowance)

    reception = Reception(desk_of(opened, settings, known), lanes.wake, prove)
    await _answer(service, settings, reception, Counter(subscribing.desk, lanes.wake))


def manners_of(settings: WebhooksSettings, known: Mapping[str, Dialect], service: Service) -> Mapping[str, Manner]:
    """How each dialect is spoken."""
    configured = Configured(
        settings.callback_backoff,
        settings.webhook_schedule,
        settings.webhook_jitter,
        settings.webhook_retry_after,
        settings.webhook_disable_after,
    )
    return {name: Manner(dialect, dialect.schedule(configured), service.tracing) for name, dialect in known.items()}


def desk_of(opened: Database, settings: WebhooksSettings, known: Mapping[str, Dialect]) -> Desk:
    """What may be done with endpoints, over the bus and from the command line."""
    admission = Admission(known, guard_of(settings))
    bounds = Bounds(settings.webhook_endpoints, settings.webhook_overlap)
    return Desk(Endpoints(opened), History(opened), admission, dialects=known, place=place_of(settings), bounds=bounds)


def guard_of(settings: WebhooksSettings) -> Guard:
    """Where clients' endpoints may lead."""
    return Guard(settings.webhook_allow_networks, ALLOWING)


def place_of(settings: WebhooksSettings) -> Callable[[], Place]:
    """Where events come from, as of now."""
    zone = settings.zone
    given = tuple(str(address) for address in settings.callback_ips)
    return lambda: Place(given or ipv4_addresses(), zone)


def _lanes_of(  # noqa: PLR0917 - what all lanes share
    settings: WebhooksSettings,
    manners: Mapping[str, Manner],
    store: Store,
    recorder: Recorder,
    subscribing: Subscribing,
    context: SSLContext,
    gates: Callable[[Callable[[], Receiver]], Gate],
) -> Callable[[Endpoint], Lane]:
    def make(endpoint: Endpoint) -> Lane:
        if endpoint.dialect == DIALECT:
            return subscribing.lane(endpoint, store, recorder)
        manner = manners[endpoint.dialect]
        ordered = manner.schedule.ordered
        receivers = _receivers(settings, context, endpoint, ordered=ordered)
        work = Work(manner, store, recorder, receivers, None if endpoint.trusted else gates(receivers))
        return OrderedLane(endpoint, work) if ordered else IndependentLane(endpoint, work, parallel=settings.webhook_parallel)

    return make


def _receivers(settings: WebhooksSettings, context: SSLContext, endpoint: Endpoint, *, ordered: bool) -> Callable[[], Receiver]:
    patience = settings.callback_timeout if ordered else settings.webhook_timeout
    return partial(Receiver, context, patience, None if endpoint.trusted else guard_of(settings))


def _gate(allowance: Allowance, prover: Prover, receivers: Callable[[], Receiver]) -> Gate:
    return Gate(allowance, lambda endpoint: prover.ask(endpoint, receivers))


async def _answer(service: Service, settings: WebhooksSettings, reception: Reception, counter: Counter) -> None:
    broker = make_broker(settings.nats_url, USER, settings.credentials(USER), service.tracing, settings.shutdown_grace)
    slow = questions.SLOW | graph.SLOW
    handlers = {question: partial(handler, reception) for question, handler in questions.QUESTIONS.items()}
    handlers |= {question: partial(handler, counter) for question, handler in graph.QUESTIONS.items()}
    for question, handler in handlers.items():
        workers = slow.get(question, 1)
        broker.subscriber(**answers(question, settings.region, USER), max_workers=workers)(answering(handler))
    await service.enter(running(broker))


def _keep_up(service: Service, store: Store, endpoints: Endpoints, known: Mapping[str, Dialect], retention: float) -> None:
    service.loop("count", partial(upkeep.count, Meters(store, (*known, DIALECT), service.metrics)))
    service.loop("sweep", partial(upkeep.sweep, store, endpoints, retention))


def _watch(service: Service, opened: Database, own: OwnEndpoint) -> None:
    async def there() -> str:
        return "" if await opened.healthy() else "the database does not answer"

    async def settled() -> str:
        return own.problem

    service.check("database", there)
    service.check("callback", settled)
