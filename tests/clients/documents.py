"""A PDF in colours, and whether what was printed of it has any left."""

import io
import random
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import ImageChops

TEXT = b"BT /F1 24 Tf 0 0 1 rg 72 700 Td (payroll for everybody) Tj ET 1 0 0 rg 72 500 200 100 re f"


def colourful(ballast: int = 700_000) -> bytes:
    """One page of A4 with a blue line and a red box, and `ballast` bytes that nobody sees, so that ranges have something to do."""
    pdf = pikepdf.new()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page = pdf.add_blank_page(page_size=(595.28, 841.89))
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(TEXT)
    page.Ballast = pdf.make_stream(random.Random(ballast).randbytes(ballast))
    made = io.BytesIO()
    pdf.save(made)
    return made.getvalue()


def has_colour(path: Path) -> bool:
    """Whether any pixel of any page is not grey."""
    for page in pypdfium2.PdfDocument(path.read_bytes()):
        red, green, blue = page.render(scale=1).to_pil().convert("RGB").split()
        if any(ImageChops.difference(one, other).getextrema()[1] > 8 for one, other in ((red, green), (green, blue))):
            return True
    return False
