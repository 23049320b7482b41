"""The table of contents: one order in, one report out; short ones many at a time."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Histogram

from libs.contracts.documents import INLINE_LIMIT, Inline, Printable, Role, Stored
from libs.contracts.orders import ConvertDocument
from libs.contracts.reports import ConvertReport, DocumentConverted, DocumentRejected
from libs.contracts.streams import CONVERT, REPORTS
from libs.contracts.tickets import Ticket
from libs.runtime import traces
from libs.runtime.bus import Bus, Outgoing, outgoing
from libs.runtime.crashpoint import crashpoint
from libs.runtime.documents import Documents
from libs.runtime.seal import Opener
from libs.runtime.traces import Tracing
from services.converter.carrying import Carrier
from services.converter.conversion import Converter, Rejected
from services.converter.short import Brief, ShortDocuments
from services.converter.workplace import Workplace

log = structlog.get_logger()


class Handlers:
    """Fetch, convert, store, report. What raises comes again, until the consumer's last delivery."""

    def __init__(
        self,
        *,
        converter: Converter,
        documents: Documents,
        opener: Opener,
        bus: Bus,
        tracing: Tracing,
        workplace: Workplace,
        seconds: Histogram,
    ) -> None:
        self._converter = converter
        self._short = ShortDocuments(converter)
        self._documents = documents
        self._carrier = Carrier(documents, opener)
        self._bus = bus
        self._tracing = tracing
        self._workplace = workplace
        self._seconds = seconds

    async def on_order(self, order: ConvertDocument) -> None:
        """Convert one document; an order whose task's time is over is not worth an engine."""
        if is_over(order):
            return
        begun, outcome = time.perf_counter(), "failed"
        try:
            with self._tracing.span("convert", order.traceparent, SpanKind.CONSUMER, **_about(order)):
                report = await self._report(order)
                crashpoint("converter-before-report")
                await self._bus.publish(report, stream=REPORTS)
            outcome = _outcome(report)
        finally:
            self._took(order, outcome, time.perf_counter() - begun)
        crashpoint("converter-after-report")

    async def on_short_orders(self, orders: Sequence[ConvertDocument]) -> list[ConvertDocument]:
        """Convert documents of `short.is_short`, all at once, and tell it in one batch; those that have to go alone."""
        begun = time.time_ns()
        wanted = [order for order in orders if not is_over(order)]
        crashpoint("converter-before-engine")
        results = await self._short.convert(wanted)
        reports: list[Outgoing] = []
        for order, result in zip(wanted, results, strict=True):
            if result is None:
                continue
            with self._tracing.since(begun, "convert", order.traceparent, SpanKind.CONSUMER, **_about(order)):
                told = _rejected(order, result) if isinstance(result, Rejected) else await self._briefly(order, result)
                reports.append(outgoing(told))
            self._took(order, _outcome(told), (time.time_ns() - begun) / 1e9)
        crashpoint("converter-before-report")
        if reports:
            await self._bus.publish_batch(REPORTS, reports)
        crashpoint("converter-after-report")
        return [order for order, result in zip(wanted, results, strict=True) if result is None]

    def _took(self, order: ConvertDocument, outcome: str, seconds: float) -> None:
        self._seconds.labels(order.engine.value, outcome).observe(seconds, traces.exemplar())

    async def _briefly(self, order: ConvertDocument, brief: Brief) -> DocumentConverted:
        content: Inline | Stored = Inline(brief.data)
        if len(brief.data) > INLINE_LIMIT:
            name = _name(order)
            content = Stored(name, *await self._documents.put(name, brief.data))
        return _converted(order, Printable(content, brief.media_type, brief.pages), brief.ticket, brief.warnings)

    async def _report(self, order: ConvertDocument) -> ConvertReport:
        try:
            async with self._workplace.on(order) as work:
                source, request = await self._carrier.source(order.document.content, work)
                pictures = await self._carrier.pictures(order.ticket, work)
                crashpoint("converter-before-engine")
                finished = await self._converter.convert(order, source, work, request, pictures)
                document = Printable(await self._content(order, finished.path), finished.media_type, finished.pages)
                return _converted(order, document, finished.ticket, finished.warnings)
        except Rejected as rejected:
            return _rejected(order, rejected)

    async def _content(self, order: ConvertDocument, path: Path) -> Inline | Stored:
        if (await asyncio.to_thread(path.stat)).st_size <= INLINE_LIMIT:
            return Inline(await asyncio.to_thread(path.read_bytes))
        name = _name(order)
        size, sha256 = await self._documents.put_file(name, path)
        return Stored(name, size, sha256)


def is_over(order: ConvertDocument) -> bool:
    """Whether the time of an order's task is over."""
    return 0 < order.expires < time.time() * 1000


def _about(order: ConvertDocument) -> dict[str, str]:
    return {"task": order.task, "engine": order.engine.value, **traces.processing(CONVERT, order.id)}


def _outcome(report: ConvertReport) -> str:
    return "converted" if isinstance(report, DocumentConverted) else "rejected"


def _name(order: ConvertDocument) -> str:
    """Where its result lies: not where its document does, which has to be there should the order come again."""
    role = Role.PRINTABLE if order.finish else Role.RENDERED
    name, content = f"{order.tenant}/{order.task}/{role.value}", order.document.content
    return f"{name}-{order.attempt}" if isinstance(content, Stored) and content.name.startswith(name) else name


def _converted(order: ConvertDocument, document: Printable, ticket: Ticket, warnings: tuple[str, ...]) -> DocumentConverted:
    return DocumentConverted(
        region=order.region, task=order.task, attempt=order.attempt, document=document, ticket=ticket, warnings=warnings
    )


def _rejected(order: ConvertDocument, rejected: Rejected) -> DocumentRejected:
    log.info("document rejected", task=order.task, reason=rejected.reason)
    return DocumentRejected(
        region=order.region, task=order.task, attempt=order.attempt, reason=rejected.reason, message=rejected.message
    )
