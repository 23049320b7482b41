"""From an order to a print-ready PDF: plan it, render and finish it in the engine of its format."""

from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from libs.contracts.documents import Engine, SealedRequest
from libs.contracts.orders import ConvertDocument
from libs.contracts.tickets import Media, Ticket
from services.converter import formats
from services.converter.domain import Failure, Rejected, plan, standard
from services.converter.engines import Engines
from services.converter.settings import ConverterSettings

__all__ = ["Converter", "Finished", "Rejected"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finished:
    """A print-ready PDF at `path`, its count of pages, what its printer still has to do, and remarks for people."""

    path: Path
    pages: int
    ticket: Ticket
    warnings: tuple[str, ...] = ()


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
        self, order: ConvertDocument, source: Path | None, work: Path, request: SealedRequest | None = None
    ) -> Finished:
        """Render and finish one document; the PDF lies in `work`, which the caller makes and removes.

        `source` holds the document's bytes; None for a remote document, whose opened `request` is given instead.
        Raises `Rejected` for a document that never can be converted; any other exception may be tried again.
        """
        wanted = plan(order.ticket, order.target, order.engine)
        variant = self._formats.get(order.document.format)
        if variant is None:
            raise Rejected(Failure.MISLABELLED, f"Documents of the format {order.document.format.value} cannot be printed here.")
        if source is not None:
            self._check_size(source)
        made = await variant.to_pdf(formats.Source(order.document, order.ticket, source, request, work), wanted, self._engines)
        left = wanted.left
        if left.media is None and made.width:
            # No sheet was asked for: the printer is told the size that the document has itself.
            own = Media(min(made.width, made.height), max(made.width, made.height))
            left = replace(left, media=standard(made.width, made.height) or own)
        log.info("document converted", format=order.document.format.value, pages=made.pages, warnings=len(made.warnings))
        return Finished(made.path, made.pages, left, made.warnings)

    def _check_size(self, source: Path) -> None:
        size, limit = source.stat().st_size, self._settings.max_document
        if size == 0:
            raise Rejected(Failure.EMPTY, "The document is empty: it has no bytes at all.")
        if size > limit:
            sentence = f"The document has {size / 1e6:.1f} MB; at most {limit / 1e6:g} MB can be printed here."
            raise Rejected(Failure.TOO_LARGE, sentence)
