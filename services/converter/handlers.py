"""The table of contents: one order in, one report out."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import structlog
from opentelemetry.trace import SpanKind

from libs.contracts.documents import INLINE_LIMIT, Inline, Printable, Remote, Role, SealedRequest, Stored
from libs.contracts.message import decode
from libs.contracts.orders import ConvertDocument
from libs.contracts.reports import ConvertReport, DocumentConverted, DocumentRejected
from libs.contracts.states import Reason
from libs.contracts.streams import REPORTS
from libs.runtime.bus import Bus
from libs.runtime.crashpoint import crashpoint
from libs.runtime.documents import Documents, Missing
from libs.runtime.seal import Opener, Unopenable
from libs.runtime.traces import Tracing
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
        self._opener = opener
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
            source, request = await self._source(order, work)
            crashpoint("converter-before-engine")
            finished = await self._converter.convert(order, source, work, request)
            return await self._converted(order, finished)
        except Rejected as rejected:
            log.info("document rejected", task=order.task, reason=str(rejected.reason))
            return _rejection(order, str(rejected.reason), rejected.message)
        except Missing:
            return _rejection(order, Reason.DOCUMENT_ACCESS_ERROR, "The document is not in the store any more; send it again.")
        except Unopenable:
            return _rejection(
                order, Reason.DOCUMENT_ACCESS_ERROR, "The document's address was sealed with another key; send it again."
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    async def _source(self, order: ConvertDocument, work: Path) -> tuple[Path | None, SealedRequest | None]:
        content = order.document.content
        source = work / "source"
        match content:
            case Remote():
                return None, decode(SealedRequest, self._opener.open(content.sealed))
            case Stored():
                await self._documents.fetch(content.name, content.size, content.sha256, source)
            case Inline():
                await asyncio.to_thread(source.write_bytes, content.data)
        return source, None

    async def _converted(self, order: ConvertDocument, finished: Finished) -> DocumentConverted:
        return DocumentConverted(
            region=order.region,
            task=order.task,
            attempt=order.attempt,
            document=Printable(content=await self._content(order, finished.path), pages=finished.pages),
            ticket=finished.ticket,
            warnings=finished.warnings,
        )

    async def _content(self, order: ConvertDocument, path: Path) -> Inline | Stored:
        if (await asyncio.to_thread(path.stat)).st_size <= INLINE_LIMIT:
            return Inline(await asyncio.to_thread(path.read_bytes))
        name = f"{order.tenant}/{order.task}/{Role.PRINTABLE.value}"
        size, sha256 = await self._documents.put_file(name, path)
        return Stored(name, size, sha256)


def _rejection(order: ConvertDocument, reason: str, message: str) -> DocumentRejected:
    return DocumentRejected(region=order.region, task=order.task, attempt=order.attempt, reason=reason, message=message)
