"""A page as it would be printed, as PNG: what a preview shows."""

import io

import pypdfium2
from PIL import Image

from libs.contracts.tickets import ColorMode
from services.converter import receipts
from services.converter.domain import Failure, Outcome, Rejected, Roll
from services.converter.workers import Limits


def page_png(source: bytes, number: int, dpi: int, color: ColorMode | None, limits: Limits) -> Outcome:
    """Page `number` of a finished PDF; width and height of the outcome are in pixels. Raises `Rejected`.

    A printer that is told to print in black shows no colour.
    """
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        raise Rejected(Failure.BROKEN, "The document cannot be shown: it is damaged.") from error
    try:
        page = document[_index(number, len(document))]
        scale = dpi / 72
        if page.get_width() * page.get_height() * scale * scale > limits.pixels:
            raise Rejected(Failure.TOO_LARGE, f"At {dpi} dpi the page has too many pixels; write a smaller dpi.")
        drawn = page.render(scale=scale, grayscale=color is not None and color.colorless).to_pil()
        return _png(drawn, len(document))
    finally:
        document.close()


def roll_png(source: bytes, number: int, roll: Roll, limits: Limits) -> Outcome:
    """Page `number` dot by dot as a receipt printer prints it."""
    pictures = list(receipts.rows(source, roll, limits))
    picture = pictures[_index(number, len(pictures))]
    return _png(picture if picture.height else Image.new("1", (roll.width, 1), 1), len(pictures))


def _index(number: int, count: int) -> int:
    if not 1 <= number <= count:
        raise Rejected(Failure.TICKET, f"There is no page {number}: {'1 page is' if count == 1 else f'{count} pages are'} printed.")
    return number - 1


def _png(drawn: Image.Image, pages: int) -> Outcome:
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=False, compress_level=6)
    return Outcome(out.getvalue(), pages, drawn.width, drawn.height)
