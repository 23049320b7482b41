"""Documents for receipt printers: finished pages as ESC/POS raster, exactly as wide as the print head."""

import importlib
import json
import tempfile
from collections.abc import Iterator
from typing import Any

import pypdfium2
from PIL import Image, ImageChops

from libs.contracts.tickets import Cut, Dither
from services.converter.domain import Failure, Outcome, Rejected, Roll
from services.converter.workers import Limits

#: Lighter than this is paper, darker than that is ink: what is between is scattered. The edges of letters stay clean.
_PAPER, _INK, _HALF = 236, 48, 128
#: Rows of one raster command: what small printers' memories hold.
_ROWS = 512
_MODES = {Cut.PARTIAL: "PART", Cut.FULL: "FULL"}


def prepare() -> None:
    """Load python-escpos while files can still be read, without what it does at every import."""
    yaml: Any = importlib.import_module("yaml")
    kept, usual = yaml.safe_load, tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # it makes a folder there and forgets it
        yaml.safe_load = json.load  # its list of printers is JSON: to read it as YAML takes half of a worker's start
        try:
            importlib.import_module("escpos.printer")
        finally:
            yaml.safe_load, tempfile.tempdir = kept, usual


def to_escpos(source: bytes, roll: Roll, limits: Limits) -> Outcome:
    """A finished PDF as one ESC/POS job: set back, all pages, drawer, a cut after each copy. Raises `Rejected` for one too long."""
    printer = importlib.import_module("escpos.printer").Dummy()
    printer.hw("INIT")
    whole = _count(source)
    part = whole // roll.copies if whole % roll.copies == 0 else whole
    for number, picture in enumerate(rows(source, roll, limits), 1):
        if picture.height:
            printer.image(picture, impl="bitImageRaster", fragment_height=_ROWS)
        if number < whole and number % part == 0:
            _end(printer, roll)
    if roll.drawer:
        printer.cashdraw(2)
    _end(printer, roll)
    return Outcome(printer.output, whole, 0, 0)


def _end(printer: Any, roll: Roll) -> None:
    """The paper so far can be taken."""
    if roll.cut in _MODES:
        printer.cut(mode=_MODES[roll.cut])
    else:
        printer.print_and_feed(4)


def _count(source: bytes) -> int:
    document = pypdfium2.PdfDocument(source)
    try:
        return len(document)
    finally:
        document.close()


def rows(source: bytes, roll: Roll, limits: Limits) -> Iterator[Image.Image]:
    """Each page in black and white, as wide as the head, without the white at its end (height 0: there is nothing else)."""
    document = pypdfium2.PdfDocument(source)
    try:
        for page in document:
            yield _cropped(black_and_white(_drawn(page, roll.width, limits), roll.dither))
    finally:
        document.close()


def _drawn(page: pypdfium2.PdfPage, width: int, limits: Limits) -> Image.Image:
    scale = width / page.get_width()
    height = page.get_height() * scale
    if width * height > limits.pixels:
        metres = height / 203 * 0.0254
        raise Rejected(Failure.TOO_LARGE, f"A page would make {metres:.0f} m of paper; print it in parts.")
    drawn: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    if drawn.width != width:  # rounded up by the renderer
        exact = Image.new("L", (width, drawn.height), 255)
        exact.paste(drawn, (0, 0))
        return exact
    return drawn


def _cropped(drawn: Image.Image) -> Image.Image:
    ink = ImageChops.invert(drawn).getbbox()
    return drawn.crop((0, 0, drawn.width, ink[3] if ink else 0))


def black_and_white(drawn: Image.Image, dither: Dither) -> Image.Image:
    """Grey as dots: scattered (Floyd and Steinberg), or by a threshold."""
    if dither is Dither.THRESHOLD:
        return drawn.point(lambda value: 255 if value >= _HALF else 0).convert("1", dither=Image.Dither.NONE)
    spread = 255 / (_PAPER - _INK)
    clean = drawn.point(lambda value: min(255, max(0, round((value - _INK) * spread))))
    return clean.convert("1", dither=Image.Dither.FLOYDSTEINBERG)
