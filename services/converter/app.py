"""Wiring: one durable per engine, of which as many orders are read as that engine has lanes; short documents' many at a time."""

import asyncio

from libs.contracts.documents import Engine
from libs.contracts.metrics import CONVERSIONS, ENGINES_DIED, LANES, LANES_BUSY
from libs.contracts.queries import PreviewDocument
from libs.contracts.streams import ConsumerSpec, consumers
from libs.runtime.broker import answering, answers, listening, make_broker, running
from libs.runtime.bus import Bus, connect
from libs.runtime.documents import Documents
from libs.runtime.keys import SEAL_PRIVATE
from libs.runtime.metrics import histogram, rows
from libs.runtime.seal import Opener
from libs.runtime.service import Service
from libs.runtime.timings import Timings
from services.converter.batches import TOGETHER, Batches
from services.converter.conversion import Converter
from services.converter.handlers import Handlers
from services.converter.previews import Previews
from services.converter.settings import ConverterSettings
from services.converter.short import ENGINES
from services.converter.workplace import workplace

#: Seconds that a preview may wait for an engine besides the time of its conversion.
PREVIEW_GRACE = 5.0
#: Seconds after which an order takes long, so that another is read beside it: a worker has most of them done in a tenth of a
#: second, a browser and LibreOffice are slower.
PATIENCE, LONG = 2.0, 5.0


async def start(service: Service, settings: ConverterSettings) -> None:
    """Start a converter. Engines start with their first document; readiness proves that each kind can."""
    converter = Converter(settings)
    await converter.start()
    service.on_stop(converter.close)
    bus = await connect(
        settings.nats_url, "converter", settings.credentials("converter"), timings=Timings("converter", service.metrics)
    )
    service.on_stop(bus.close)
    documents = Documents(settings.documents_url, settings.data_dir)
    opener = Opener(settings.seal_private_key_file or settings.keys_dir / SEAL_PRIVATE)
    place = await asyncio.to_thread(workplace, settings.data_dir.absolute() / "conversions")
    handlers = Handlers(
        converter=converter,
        documents=documents,
        opener=opener,
        bus=bus,
        tracing=service.tracing,
        workplace=place,
        seconds=histogram(CONVERSIONS, service.metrics),
    )
    _count(service, converter)
    previews = Previews(
        converter=converter,
        documents=documents,
        opener=opener,
        workplace=place,
        limit=settings.converter_previews,
        patience=settings.convert_timeout + PREVIEW_GRACE,
    )
    broker = make_broker(
        settings.nats_url, "converter", settings.credentials("converter"), service.tracing, settings.shutdown_grace
    )
    specs = {spec.durable: spec for spec in consumers(settings.region)}
    for engine in settings.converter_engines:
        spec = specs[f"converter_{engine}"]
        batches = _batches(engine, spec, bus, handlers, settings)
        service.loop(f"orders of {engine}", batches.run, batches.stop)
        service.check(spec.durable, listening(lambda: bus.js, spec))
    # More at once than are made, so that those who come too many hear it at once.
    asked = answers(PreviewDocument, settings.region, "converter")
    broker.subscriber(**asked, max_workers=8 * settings.converter_previews)(answering(previews.on_preview))
    await service.enter(running(broker))
    proof = Proof(converter, settings.converter_engines)
    service.loop("engines", proof.run)
    service.check("engines", proof.check)


def _count(service: Service, converter: Converter) -> None:
    kinds = converter.engines.kinds.items()
    rows(LANES, service.metrics, lambda: {(name,): each.limit for name, each in kinds})
    rows(LANES_BUSY, service.metrics, lambda: {(name,): each.busy for name, each in kinds})
    rows(ENGINES_DIED, service.metrics, lambda: {(name,): each.discarded for name, each in kinds})


def _batches(engine: Engine, spec: ConsumerSpec, bus: Bus, handlers: Handlers, settings: ConverterSettings) -> Batches:
    workers = settings.converter_workers
    if engine in ENGINES:
        # While some are with the worker processes, others are read and reported.
        return Batches(bus, spec, handlers, readers=workers + 1, alone=4 * workers, patience=PATIENCE, together=TOGETHER)
    lanes = {Engine.HTML: settings.converter_pages, Engine.OFFICE: settings.converter_lanes}
    if engine in lanes:
        return Batches(bus, spec, handlers, readers=1, alone=lanes[engine], patience=LONG)
    # While one document is with a worker process, others are fetched, stored and reported.
    return Batches(bus, spec, handlers, readers=1, alone=2 * workers, patience=PATIENCE)


class Proof:
    """Whether an engine of each kind could start, tried once after the start and again until it can."""

    def __init__(self, converter: Converter, engines: tuple[Engine, ...]) -> None:
        self._converter = converter
        self._unproven = dict.fromkeys(engines, "it has not been tried yet")

    async def run(self) -> None:
        """Try each kind until it is proven, all of them at once: the start of one mostly waits for its own program."""
        while self._unproven:
            await asyncio.gather(*map(self._prove, list(self._unproven)))
            if self._unproven:
                await asyncio.sleep(5)

    async def _prove(self, engine: Engine) -> None:
        try:
            await self._converter.ready(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine cannot start
            self._unproven[engine] = f"{type(error).__name__}: {error}"
        else:
            del self._unproven[engine]

    async def check(self) -> str:
        """Empty when an engine of each kind can start."""
        return "; ".join(f"no {engine.value} engine can start ({why})" for engine, why in self._unproven.items())
