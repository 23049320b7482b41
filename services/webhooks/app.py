"""Wires the webhook dispatcher: database, bus, dialects, the intake of events, the lanes of endpoints."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from uuid import uuid4

from prometheus_client import Gauge

from libs.runtime.broker import listening
from libs.runtime.bus import connect
from libs.runtime.database import Database, database
from libs.runtime.machine import ipv4_addresses
from libs.runtime.service import Service
from services.webhooks import dialects, upkeep
from services.webhooks.dialects import Dialect, Place
from services.webhooks.domain import Endpoint
from services.webhooks.endpoints import Endpoints
from services.webhooks.handlers import Handlers
from services.webhooks.intake import Intake, consumer
from services.webhooks.lane import Lane, Manner
from services.webhooks.lanes import Lanes
from services.webhooks.own import OwnEndpoint
from services.webhooks.receiver import Receiver, trusted
from services.webhooks.recorder import Recorder
from services.webhooks.settings import WebhooksSettings
from services.webhooks.store import Store

USER = "webhooks"
MIGRATIONS = Path(__file__).parent / "migrations"


async def start(service: Service, settings: WebhooksSettings) -> None:
    """Start the dispatcher: what waited when it stopped goes on, then new events are read."""
    opened = await service.enter(database(settings.database_url, settings.data_dir, "webhooks", MIGRATIONS))
    bus = await connect(settings.nats_url, USER, settings.credentials(USER))
    service.on_stop(bus.close)
    holder = settings.webhooks_holder or uuid4().hex
    store, endpoints = Store(opened), Endpoints(opened, holder)
    known = dialects.discover(dialects)

    service.on_stop(endpoints.release)  # after the last answer is written down: only the holder may
    recorder = Recorder(store, holder, service.metrics)
    service.loop("recorder", recorder.run, recorder.stop)
    make = await _lanes_of(service, settings, known, store, recorder)
    lanes = Lanes(endpoints, make, recorder)
    service.loop("lanes", lanes.run, lanes.stop)

    handlers = Handlers(store, endpoints, known, _place_of(settings))
    intake = Intake(opened, bus, handlers, lanes.wake, holder)
    own = OwnEndpoint(settings, endpoints)

    async def read() -> None:
        await own.settle(service)
        await intake.run(settings.region)

    service.on_stop(intake.release)
    service.loop("lease", intake.hold)
    service.loop("dead letters", intake.bury)
    service.loop("intake", read, intake.stop)
    _keep_up(service, store, settings.callback_retention)
    _watch(service, opened, own)
    service.check("events", listening(lambda: bus.js, consumer(settings.region)))


async def _lanes_of(
    service: Service, settings: WebhooksSettings, known: Mapping[str, Dialect], store: Store, recorder: Recorder
) -> Callable[[Endpoint], Lane]:
    context = await asyncio.to_thread(trusted)
    manners = {name: Manner(dialect, dialect.pauses(settings.callback_backoff), service.tracing) for name, dialect in known.items()}

    def make(endpoint: Endpoint) -> Lane:
        return Lane(endpoint, manners[endpoint.dialect], store, recorder, Receiver(context, settings.callback_timeout))

    return make


def _place_of(settings: WebhooksSettings) -> Callable[[], Place]:
    zone = settings.zone
    given = tuple(str(address) for address in settings.callback_ips)
    return lambda: Place(given or ipv4_addresses(), zone)


def _keep_up(service: Service, store: Store, retention: float) -> None:
    waiting = Gauge("webhooks_deliveries_waiting", "Deliveries neither delivered nor skipped", registry=service.metrics)
    service.loop("count", partial(upkeep.count, store, waiting))
    service.loop("sweep", partial(upkeep.sweep, store, retention))


def _watch(service: Service, opened: Database, own: OwnEndpoint) -> None:
    async def answers() -> str:
        return "" if await opened.healthy() else "the database does not answer"

    async def settled() -> str:
        return own.problem

    service.check("database", answers)
    service.check("callback", settled)
