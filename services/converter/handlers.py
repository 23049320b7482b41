"""The table of contents: one order in, one report out."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import structlog
from opentelemetry.trace import SpanKind

from libs.contracts.documents import INLINE_LIMIT, Inline, Printable, Role, Stored
from libs.contracts.orders import ConvertDocument
from libs.contracts.reports import ConvertReport, DocumentConverted, DocumentRejected
from libs.contracts.streams import REPORTS
from libs.runtime.bus import Bus
from libs.runtime.crashpoint import crashpoint
from libs.runtime.documents import Documents
from libs.runtime.seal import Opener
from libs.runtime.traces import Tracing
from services.converter.carrying import Carrier
from services.converter.conversion import Converter, Finished, Rejected

log = structlog.get_logger()

#: Points at which a test may kill the converter.
CRASHPOINTS = ("converter-before-engine", "converter-before-report")


class Handlers:
    """Fetch, convert, store, report. What raises comes again, until the consumer's last delivery."""

    def __init__(
        self, *, converter: Converter, documents: Documents, opener: Opener, bus: Bus, tracing: Tracing, work: Path
    ) -> None:
        self._converter = converter
        self._documents = documents
        self._carrier = Carrier(documents, opener)
        self._bus = bus
        self._tracing = tracing
        self._work = work

    async def on_order(self, order: ConvertDocument) -> None:
        """Convert one document; an order whose task's time is over is not worth an engine."""
        if order.expires and order.expires < time.time() * 1000:
            return
        with self._tracing.span("convert", order.traceparent, SpanKind.CONSUMER, task=order.task, engine=order.engine.value):
            report = await self._report(order)
            crashpoint("converter-before-report")
            await self._bus.publish(report, stream=REPORTS)

    async def _report(self, order: ConvertDocument) -> ConvertReport:
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._work))
        try:
            source, request = await self._carrier.source(order.document.content, work)
            pictures = await self._carrier.pictures(order.ticket, work)
            crashpoint("converter-before-engine")
            finished = await self._converter.convert(order, source, work, request, pictures)
            return await self._converted(order, finished)
        except Rejected as rejected:
            log.info("document rejected", task=order.task, reason=str(rejected.reason))
            return _rejection(order, str(rejected.reason), rejected.message)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    async def _converted(self, order: ConvertDocument, finished: Finished) -> DocumentConverted:
        return DocumentConverted(
            region=order.region,
            task=order.task,
            attempt=order.attempt,
            document=Printable(await self._content(order, finished.path), finished.media_type, finished.pages),
            ticket=finished.ticket,
            warnings=finished.warnings,
        )

    async def _content(self, order: ConvertDocument, path: Path) -> Inline | Stored:
        if (await asyncio.to_thread(path.stat)).st_size <= INLINE_LIMIT:
            return Inline(await asyncio.to_thread(path.read_bytes))
        role = Role.PRINTABLE if order.finish else Role.RENDERED
        name = f"{order.tenant}/{order.task}/{role.value}"
        size, sha256 = await self._documents.put_file(name, path)
        return Stored(name, size, sha256)


def _rejection(order: ConvertDocument, reason: str, message: str) -> DocumentRejected:
    return DocumentRejected(region=order.region, task=order.task, attempt=order.attempt, reason=reason, message=message)
