"""Answers what a page would look like on paper; how many at once is limited, so that printing never waits for looking."""

import asyncio
from pathlib import Path
from uuid import uuid4

import structlog

from libs.contracts.documents import ENGINE, INLINE_LIMIT, Document, Format, Inline, Stored
from libs.contracts.orders import ConvertDocument
from libs.contracts.queries import Code, Preview, PreviewDocument
from libs.runtime.bus import Refused
from libs.runtime.documents import Documents
from libs.runtime.seal import Opener
from libs.runtime.vetting import Unreachable
from services.converter.carrying import Carrier
from services.converter.conversion import Converter, Rejected, Shot
from services.converter.pool import NoEngine
from services.converter.workplace import Workplace

log = structlog.get_logger()

_DPI = (20, 300)


class Previews:
    """Makes previews, at most `limit` at the same time."""

    def __init__(
        self, *, converter: Converter, documents: Documents, opener: Opener, workplace: Workplace, limit: int, patience: float
    ) -> None:
        self._converter = converter
        self._documents = documents
        self._carrier = Carrier(documents, opener)
        self._workplace = workplace
        self._limit, self._patience = limit, patience
        self._busy = 0

    async def on_preview(self, query: PreviewDocument) -> Preview:
        """One page as PNG. Raises `Refused`, at once when too many are being made."""
        if self._busy >= self._limit:
            raise Refused(Code.BUSY, "Other previews are being made; try again in a few seconds.")
        self._busy += 1
        try:
            async with self._workplace.folder() as work, asyncio.timeout(self._patience):
                shot = await self._shot(query, work)
                return Preview(content=await self._content(query, shot), pages=shot.pages, width=shot.width, height=shot.height)
        except Rejected as rejected:
            raise Refused(Code.BAD_REQUEST, rejected.message) from None
        except Unreachable as error:
            raise Refused(Code.BAD_REQUEST, f"The document cannot be fetched at the moment: {error}") from None
        except TimeoutError:
            raise Refused(Code.BUSY, f"The preview was not ready within {self._patience:.0f} s; try again later.") from None
        except NoEngine:
            raise Refused(Code.BUSY, "No engine can start at the moment; try again in a few seconds.") from None
        finally:
            self._busy -= 1

    async def _shot(self, query: PreviewDocument, work: Path) -> Shot:
        if query.page < 1 or not _DPI[0] <= query.dpi <= _DPI[1]:
            raise Refused(Code.BAD_REQUEST, f"There is no such page or resolution: pages count from 1, dpi is from {_DPI}.")
        if query.printable is not None:
            made = await self._carrier.file(query.printable.content, work / "printable")
            return await self._converter.show(
                made, work, query.printable.media_type, page=query.page, dpi=query.dpi, color=query.ticket.color
            )
        order = _order(query, query.document or Document(Format.TEXT, Inline(b"")))
        source, request = await self._carrier.source(order.document.content, work)
        pictures = await self._carrier.pictures(order.ticket, work)
        return await self._converter.preview(order, source, work, request, pictures, page=query.page, dpi=query.dpi)

    async def _content(self, query: PreviewDocument, shot: Shot) -> Inline | Stored:
        if (await asyncio.to_thread(shot.path.stat)).st_size <= INLINE_LIMIT:
            return Inline(await asyncio.to_thread(shot.path.read_bytes))
        name = f"{query.tenant}/preview-{uuid4().hex}/page"
        return Stored(name, *await self._documents.put_file(name, shot.path))


def _order(query: PreviewDocument, document: Document) -> ConvertDocument:
    """The order that would print it. Copies show nothing that one does not."""
    return ConvertDocument(
        region=query.region,
        engine=ENGINE[document.format],
        tenant=query.tenant,
        task="preview",
        attempt=1,
        document=document,
        ticket=query.ticket,
        target=query.target,
        name=query.name,
        client=query.client,
    )
