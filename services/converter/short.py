"""Short documents in memory, many at a time: what rides in its order and needs nothing but this process and one worker."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from libs.contracts.documents import INLINE_LIMIT, RAW_FORMATS, RAW_MEDIA_TYPE, Engine, Format, Inline
from libs.contracts.orders import ConvertDocument
from libs.contracts.tickets import Ticket
from services.converter.bundle import Answer, Short
from services.converter.conversion import Converter, left_of
from services.converter.domain import Failure, Plan, Rejected
from services.converter.planning import receipt_of
from services.converter.pool import EngineDied, EngineLate

log = structlog.get_logger()

#: The engines whose documents may be short.
ENGINES = (Engine.TEXT, Engine.RAW)
#: What a worker says of a document among others that may be the others' doing: it is tried again alone.
_DOUBTFUL = (Failure.MEMORY.value, Failure.CRASH.value)


@dataclass(frozen=True, slots=True)
class Brief:
    """A finished document in memory; otherwise as `Finished`."""

    data: bytes
    pages: int
    ticket: Ticket
    warnings: tuple[str, ...] = ()
    media_type: str = "application/pdf"


Result = Brief | Rejected | None
"""What became of an order; None: it has to go the ordinary way, alone."""


def is_short(order: ConvertDocument) -> bool:
    """Whether an order may go together with others: neither its document nor its marks lie elsewhere, one step makes it."""
    if not isinstance(order.document.content, Inline) or order.rendered_from is not None:
        return False
    if order.document.format in RAW_FORMATS:
        return True
    receipt = order.finish and receipt_of(order.target)
    return order.document.format is Format.TEXT and not receipt and not any(mark.image for mark in order.ticket.marks)


class ShortDocuments:
    """Converts orders that are short."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter

    async def convert(self, orders: Sequence[ConvertDocument]) -> list[Result]:
        """What becomes of each, in their order: one that is wrong is rejected alone, one that is in doubt goes alone."""
        results: list[Result] = [None] * len(orders)
        texts: dict[int, tuple[Plan, Short]] = {}
        for index, order in enumerate(orders):
            try:
                found = self._begun(order)
            except Rejected as rejected:
                results[index] = rejected
                continue
            if isinstance(found, tuple):
                texts[index] = found
            else:
                results[index] = found
        for index, answer in zip(texts, await self._typeset([text for _, text in texts.values()]), strict=True):
            results[index] = _result(orders[index], texts[index][0], answer)
        log.info("documents converted", documents=len(orders), alone=results.count(None))
        return results

    def _begun(self, order: ConvertDocument) -> Brief | tuple[Plan, Short] | None:
        """What needs no engine is done here; None: its copies are not short. Raises `Rejected`."""
        content, kind = order.document.content, order.document.format
        assert isinstance(content, Inline)  # noqa: S101 - it is short
        wanted = self._converter.plan(order, kind)
        self._converter.check_size(len(content.data))
        if kind not in RAW_FORMATS:
            return wanted, Short(content.data, wanted.layout, wanted.finishing)
        copies = wanted.finishing.copies
        if len(content.data) * copies > INLINE_LIMIT:
            return None
        left = wanted.left if order.finish else order.ticket
        return Brief(content.data * copies, copies, left, wanted.remarks, RAW_MEDIA_TYPE)

    async def _typeset(self, texts: Sequence[Short]) -> Sequence[Answer | None]:
        if not texts:
            return ()
        try:
            return await self._converter.engines.texts(texts)
        except (EngineDied, EngineLate, Rejected) as error:
            log.warning("texts go one by one", texts=len(texts), error=type(error).__name__)
            return [None] * len(texts)


def _result(order: ConvertDocument, wanted: Plan, answer: Answer | None) -> Result:
    if answer is None or answer.failure in _DOUBTFUL:
        return None
    if answer.failure:
        return Rejected(Failure(answer.failure), answer.message)
    if answer.pages == 0:  # only a browser can show it
        return None
    left = left_of(wanted, answer.width, answer.height) if order.finish else order.ticket
    return Brief(answer.data, answer.pages, left, (*answer.warnings, *wanted.remarks))
