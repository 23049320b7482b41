"""A look at finished pages: where a colour is still seen, the page is drawn as one grey image."""

import io
from collections.abc import Iterator, Sequence
from math import sqrt

import pikepdf
import pypdfium2
from pikepdf import Dictionary, Name, Page, Pdf
from PIL import Image, ImageChops

from services.converter.domain import Failure, Rejected
from services.converter.sheets import look, numbers
from services.converter.workers import Limits

#: How finely is looked, and how finely is drawn, in dots per inch.
LOOKED, DRAWN = 50, 300
#: Channels that differ by less are one grey: renderers round.
_ROUNDED = 8


def without_color(data: bytes, limits: Limits) -> bytes:
    """The document itself when no page shows a colour; else with those pages as images, on which no text can be searched."""
    colored = _drawn(data, limits)
    if not colored:
        return data
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for index, picture in colored.items():
            _replace(pdf, pdf.pages[index], picture)
        out = io.BytesIO()
        pdf.remove_unreferenced_resources()
        pdf.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=True)
        return out.getvalue()


def colored(picture: Image.Image) -> bool:
    """Whether any pixel has a colour."""
    red, green, blue = picture.convert("RGB").split()
    return any(_differs(one, other) for one, other in ((red, green), (green, blue), (red, blue)))


def _differs(one: Image.Image, other: Image.Image) -> bool:
    low, high = _extrema(ImageChops.difference(one, other))
    return max(low, high) >= _ROUNDED


def _extrema(picture: Image.Image) -> Sequence[int]:
    return picture.getextrema()  # type: ignore[return-value]


def _drawn(data: bytes, limits: Limits) -> dict[int, Image.Image]:
    """Each page with a colour as an image, by its index."""
    try:
        document = pypdfium2.PdfDocument(data)  # type: ignore[no-untyped-call]
    except pypdfium2.PdfiumError as error:
        raise Rejected(Failure.BROKEN, "The document cannot be printed without its colours: it is damaged.") from error
    try:
        return dict(_colored_pages(document, limits))
    finally:
        document.close()  # type: ignore[no-untyped-call]


def _colored_pages(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[tuple[int, Image.Image]]:
    for index in range(len(document)):
        page = document[index]
        points = page.get_width() * page.get_height()
        if colored(page.render(scale=_scale(LOOKED, points, limits)).to_pil()):
            yield index, page.render(scale=_scale(DRAWN, points, limits), grayscale=True).to_pil().convert("L")
        page.close()


def _scale(dpi: int, points: float, limits: Limits) -> float:
    """Of so many dots per inch, or as many as there may be."""
    return min(dpi / 72, sqrt(limits.pixels / max(points, 1.0)))


def _replace(pdf: Pdf, page: Page, picture: Image.Image) -> None:
    size = look(page).size
    image = pdf.make_stream(picture.tobytes())
    image.Type, image.Subtype = Name.XObject, Name.Image
    image.Width, image.Height, image.BitsPerComponent = picture.width, picture.height, 8
    image.ColorSpace = Name.DeviceGray
    for name in ("/Group", "/Rotate", "/CropBox", "/UserUnit"):
        if name in page.obj:
            del page.obj[name]
    page.obj.MediaBox = numbers(0, 0, size.width, size.height)
    page.obj.Resources = Dictionary(XObject=Dictionary(Page=pdf.make_indirect(image)))
    page.obj.Contents = pdf.make_stream(f"q {size.width:.4f} 0 0 {size.height:.4f} 0 0 cm /Page Do Q".encode())
