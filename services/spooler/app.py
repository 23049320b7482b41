"""Wiring: settings, adapters, and terms one after another for as long as this process holds the lease."""

import asyncio
import os
import secrets
import socket
from pathlib import Path

from libs.contracts.directory import BUCKET, Entry
from libs.contracts.ledger import Mismatch
from libs.contracts.message import decode
from libs.contracts.metrics import (
    ACTIVE,
    LEDGER_CHECKED,
    LEDGER_MISMATCHES,
    LINE_OLDEST,
    PRINTER_REASONS,
    PRINTERS,
    TASKS_AGE,
    TASKS_OLDEST,
    TASKS_OPEN,
)
from libs.contracts.streams import consumers
from libs.runtime.addresses import Addresses
from libs.runtime.broker import listening, make_broker
from libs.runtime.bus import Bus, connect
from libs.runtime.database import Database, database
from libs.runtime.documents import Documents
from libs.runtime.ending import TIDYING, end
from libs.runtime.keys import DOCUMENT_KEY
from libs.runtime.lease import Lease, LeaseLost
from libs.runtime.metrics import Rows, looked_up, rows, spreads
from libs.runtime.mirror import Mirror
from libs.runtime.service import Service
from libs.runtime.timings import Timings
from services.spooler import tables
from services.spooler.addresses import DocumentAddresses
from services.spooler.census import Census
from services.spooler.desk import Desk
from services.spooler.fill import Fill
from services.spooler.ledger.ledger import Ledger, age
from services.spooler.meters import Meters
from services.spooler.printers import Printers
from services.spooler.settings import SpoolerSettings
from services.spooler.shares import Shares
from services.spooler.spans import Spans
from services.spooler.term import Term, lost

MIGRATIONS = Path(__file__).parent / "migrations"


async def start(service: Service, settings: SpoolerSettings) -> None:
    """Start a spooler: it stands by until the lease is its own."""
    store = await service.enter(database(settings.database_url, settings.data_dir, "spooler", MIGRATIONS))
    bus = await connect(settings.nats_url, "spooler", settings.credentials("spooler"), timings=Timings("spooler", service.metrics))
    service.on_stop(bus.close)
    directory = Mirror(bus, BUCKET, lambda data: decode(Entry, data))
    service.loop("directory", directory.follow)
    spooler = Spooler(service, settings, store, bus, directory)
    service.on_stop(spooler.lease.release)
    service.loop("terms", spooler.terms)
    service.loop("fill", Fill(bus, store, settings.region, settings.data_dir / "nats" / "jetstream", service.metrics).run)
    service.loop("lease", lambda: spooler.lease.hold(spooler.on_lease))
    service.check("spooler", spooler.check)
    spooler.measure()
    for spec in consumers(settings.region):
        if spec.durable.startswith("spooler_"):
            service.check(spec.durable, listening(lambda: bus.js, spec))


class Spooler:
    """The lease, and the term that runs while it is held."""

    def __init__(self, service: Service, settings: SpoolerSettings, store: Database, bus: Bus, directory: Mirror) -> None:
        self._service = service
        self._settings = settings
        self._store = store
        self._bus = bus
        self._directory = directory
        self._term: Term | None = None
        self._gained = asyncio.Event()
        self._lost = asyncio.Event()
        self._meters = Meters(service.metrics)
        self._census = Census(store)
        holder = settings.spooler_holder or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.lease = Lease(store, tables.lease, "spooler", holder, fit=lambda: not bus.gone)

    def on_lease(self, held: bool) -> None:  # noqa: FBT001 - a callback
        """The lease came or went."""
        came, went = (self._gained, self._lost) if held else (self._lost, self._gained)
        went.clear()
        came.set()

    async def terms(self) -> None:
        """One term after another."""
        await self._directory.loaded.wait()
        while True:
            await self._gained.wait()
            await self._serve()

    async def _serve(self) -> None:
        self._term = self._make_term()
        serving = asyncio.create_task(self._term.run())
        lost_lease = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait([serving, lost_lease], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        except (LeaseLost, BaseExceptionGroup) as error:
            if not lost(error):
                raise
            await asyncio.sleep(0.2)  # the lease itself says in a moment who holds it; it may have come back to us already
        finally:
            self._term = None
            self._census.forget()
            await end(serving, lost_lease, again=TIDYING)

    def _make_term(self) -> Term:
        settings = self._settings
        key = settings.document_key_file or settings.keys_dir / DOCUMENT_KEY
        documents = Documents(settings.documents_url, settings.data_dir)
        public_url = settings.public_url or f"http://127.0.0.1:{settings.http_port}"
        broker = make_broker(
            settings.nats_url, "spooler", settings.credentials("spooler"), self._service.tracing, settings.shutdown_grace
        )
        return Term(
            bus=self._bus,
            database=self._store,
            lease=self.lease,
            desk=self._desk(),
            documents=documents,
            addresses=DocumentAddresses(documents, Addresses(key), public_url),
            broker=broker,
            retention=settings.retention,
            archive_retention=settings.archive_retention,
            overdue_after=settings.overdue_after,
            audit_period=settings.audit_period,
            census=self._census,
            cut_off_after=settings.cut_off_after,
        )

    def measure(self) -> None:
        """What the ledger, the census and the directory say, as metrics that are made when somebody asks."""
        metrics = self._service.metrics
        looked_up(LEDGER_CHECKED, metrics, lambda: age(self._ledger))
        looked_up(ACTIVE, metrics, lambda: float(self._term is not None and self._term.working))
        rows(LEDGER_MISMATCHES, metrics, self._mismatches)
        rows(TASKS_OPEN, metrics, lambda: self._census.open() if self._term else {})
        rows(TASKS_OLDEST, metrics, lambda: self._census.oldest() if self._term else {})
        rows(LINE_OLDEST, metrics, lambda: self._census.ready() if self._term else {})
        spreads(TASKS_AGE, metrics, lambda: self._census.ages() if self._term else {})
        directory = Printers(self._directory)
        rows(PRINTERS, metrics, lambda: directory.states() if self._term else {})
        rows(PRINTER_REASONS, metrics, lambda: directory.reasons() if self._term else {})

    def _mismatches(self) -> Rows:
        return {(kind.value,): float(self._ledger.book.count(kind)) if self._ledger else 0.0 for kind in Mismatch}

    @property
    def _ledger(self) -> Ledger | None:
        return self._term.ledger if self._term else None

    def _desk(self) -> Desk:
        settings = self._settings
        shares = Shares(settings.tenant_weights, settings.converters)
        printers = Printers(self._directory)
        return Desk(
            settings.region,
            printers,
            settings.print_ahead,
            settings.head_wait,
            settings.hold_limit,
            shares=shares,
            meters=self._meters,
            spans=Spans(self._service.tracing),
        )

    async def check(self) -> str:
        """Well when it stands by, or when its term reads both inputs."""
        if not await self._store.healthy():
            return "the database does not answer"
        if not self._directory.fresh:
            return "the directory is not heard"
        if not self.lease.looked:
            return "it is not known who holds the lease"
        if self.lease.held and not (self._term and self._term.working):
            return "the term has not begun"
        return ""
