"""From an order to what its printer takes: plan it, render and finish it in the engine of its format."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from libs.contracts.documents import ENGINE, ESCPOS_MEDIA_TYPE, RAW_FORMATS, Engine, Format, SealedRequest
from libs.contracts.orders import ConvertDocument
from libs.contracts.tickets import ColorMode, Media, Ticket
from services.converter import formats
from services.converter.domain import Failure, Plan, Rejected, Roll, standard
from services.converter.engines import Engines
from services.converter.formats import Made
from services.converter.planning import plan, raw_plan, receipt_of
from services.converter.settings import ConverterSettings
from services.converter.stamps import stamps, values
from services.converter.turns import OWNER, Owner

__all__ = ["Converter", "Finished", "Rejected", "Shot"]

log = structlog.get_logger()

_PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Finished:
    """A print-ready document at `path`, its count of pages, what its printer still has to do, and remarks for people."""

    path: Path
    pages: int
    ticket: Ticket
    warnings: tuple[str, ...] = ()
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Shot:
    """A page as PNG at `path`, its size in pixels, and how many pages there are."""

    path: Path
    pages: int
    width: int
    height: int


class Converter:
    """All formats and their engines. Start it in the main thread: engines die with the thread that started them."""

    def __init__(self, settings: ConverterSettings) -> None:
        self._settings = settings
        self._engines = Engines(settings)
        self._formats = formats.discover(formats)

    async def start(self) -> None:
        """Clear what a killed run left behind. Engines start with their first document."""
        await self._engines.start()

    async def close(self) -> None:
        """Stop every engine."""
        await self._engines.close()

    async def ready(self, engine: Engine) -> None:
        """Prove that an engine of this family can start. Raises when it cannot."""
        for variant in self._formats.values():
            if variant.ENGINE is engine:
                await variant.ready(self._engines)
                return
        raise LookupError(f"No file of services/converter/formats serves the engine {engine.value}.")

    async def convert(
        self,
        order: ConvertDocument,
        source: Path | None,
        work: Path,
        request: SealedRequest | None = None,
        pictures: Sequence[Path] = (),
    ) -> Finished:
        """Render and finish one document; the result lies in `work`, which the caller makes and removes.

        `source` holds the document's bytes; None for a remote document, whose opened `request` is given instead. `pictures` are
        the images of the ticket's marks, in their order.
        Raises `Rejected` for a document that never can be converted; any other exception may be tried again.
        """
        OWNER.set(Owner(order.tenant, order.printer))
        wanted, made = await self._finished(order, source, work, request, pictures)
        if made.media_type != _PDF or not order.finish:
            left = wanted.left if order.finish else order.ticket
            return Finished(made.path, made.pages, left, made.warnings, made.media_type)
        if receipt := receipt_of(order.target):
            roll = Roll.of(receipt, order.ticket)
            reply = await self._engines.work("receipt", made.path, work / "print.escpos", roll)
            return Finished(work / "print.escpos", int(reply["pages"]), wanted.left, made.warnings, ESCPOS_MEDIA_TYPE)
        return Finished(made.path, made.pages, left_of(wanted, made.width, made.height), made.warnings)

    async def preview(
        self,
        order: ConvertDocument,
        source: Path | None,
        work: Path,
        request: SealedRequest | None,
        pictures: Sequence[Path],
        *,
        page: int,
        dpi: int,
    ) -> Shot:
        """A page of what `convert` would make. Raises `Rejected`."""
        OWNER.set(Owner(order.tenant, order.printer))
        _, made = await self._finished(order, source, work, request, pictures)
        if made.media_type != _PDF:
            raise _unseen()
        if receipt := receipt_of(order.target):
            return await self._shot("roll shot", made.path, work, page, Roll.of(receipt, order.ticket))
        return await self.show(made.path, work, _PDF, page=page, dpi=dpi, color=order.ticket.color)

    async def show(
        self, printable: Path, work: Path, media_type: str, *, page: int, dpi: int, color: ColorMode | None = None
    ) -> Shot:
        """A page of what is finished already. Raises `Rejected`."""
        if media_type != _PDF:
            raise _unseen()
        return await self._shot("shot", printable, work, page, dpi, color)

    @property
    def engines(self) -> Engines:
        """What it renders with."""
        return self._engines

    async def _shot(self, job: str, path: Path, work: Path, *arguments: object) -> Shot:
        shot = work / "page.png"
        reply = await self._engines.work(job, path, shot, *arguments)
        return Shot(shot, *(int(reply[key]) for key in ("pages", "width", "height")))

    async def _finished(
        self, order: ConvertDocument, source: Path | None, work: Path, request: SealedRequest | None, pictures: Sequence[Path]
    ) -> tuple[Plan, Made]:
        own = order.rendered_from or order.document.format
        kind = own if own in RAW_FORMATS else order.document.format
        variant = self._formats.get(kind)
        if variant is None:
            raise Rejected(Failure.MISLABELLED, f"Documents of the format {kind.value} cannot be printed here.")
        wanted = self.plan(order, own, pictures)
        if source is not None:
            self._check_file(source)
        made = await variant.to_pdf(formats.Source(order.document, order.ticket, source, request, work), wanted, self._engines)
        log.info("document converted", format=own.value, pages=made.pages, warnings=len(made.warnings))
        return wanted, made.remarking(*wanted.remarks)

    def plan(self, order: ConvertDocument, own: Format, pictures: Sequence[Path] = ()) -> Plan:
        """What is done with a document whose `own` format is this. Raises `Rejected`."""
        if own in RAW_FORMATS:
            return raw_plan(order.ticket, own, finish=order.finish)
        # A page of raster is a sheet, nothing that grows.
        engine = Engine.PDF if own is Format.PWG else ENGINE[own]
        wanted = plan(order.ticket, order.target, engine, finish=order.finish, rendered=order.rendered_from is not None)
        if not order.ticket.marks or not order.finish:
            return wanted
        drawn = stamps(order.ticket.marks, values(order, datetime.now(self._settings.zone)))
        return replace(wanted, finishing=replace(wanted.finishing, stamps=drawn, pictures=tuple(map(str, pictures))))

    def _check_file(self, source: Path) -> None:
        self.check_size(source.stat().st_size)

    def check_size(self, size: int) -> None:
        """Raises `Rejected` for a document of so many bytes that is empty or too large."""
        limit = self._settings.max_document
        if size == 0:
            raise Rejected(Failure.EMPTY, "The document is empty: it has no bytes at all.")
        if size > limit:
            sentence = f"The document has {size / 1e6:.1f} MB; at most {limit / 1e6:g} MB can be printed here."
            raise Rejected(Failure.TOO_LARGE, sentence)


def left_of(wanted: Plan, width: int, height: int) -> Ticket:
    """What the printer of a finished document still has to do; pages of one size (1/100 mm) have it, 0: they have several."""
    if wanted.left.media is not None or not width:
        return wanted.left
    # No sheet was asked for: the printer is told the size that the document has itself.
    return replace(wanted.left, media=standard(width, height) or Media(min(width, height), max(width, height)))


def _unseen() -> Rejected:
    return Rejected(Failure.TICKET, "What goes to the printer untouched cannot be shown here: only its printer understands it.")
