"""Writes text as PDF: pages of lines in the subset fonts of `PdfWriter`."""

from collections.abc import Sequence

from services.converter.domain import Layout
from services.converter.geometry import points
from services.converter.pdfwriter import PdfWriter

#: Size of the letters and distance of the lines, in points.
SIZE, LEADING = 10.0, 12.5


class Writer(PdfWriter):
    """Writes one document."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def document(self, pages: Sequence[Sequence[str]]) -> bytes:
        """The whole file."""
        return self.written([(self._layout.width, self._layout.height, self._contents(lines)) for lines in pages])

    def _contents(self, lines: Sequence[str]) -> bytes:
        margins = self._layout.margins
        top = points(self._layout.height - margins.top) - SIZE
        out = [f"BT {LEADING} TL 1 0 0 1 {points(margins.left):.3f} {top:.3f} Tm"]
        current = -1
        for line in lines:
            for font, text in self._runs(line):
                if font != current:
                    out.append(self._chosen(font, f"{SIZE}"))
                    current = font
                out.append(f"<{text}>Tj")
            out.append("T*")
        out.append("ET")
        return "\n".join(out).encode()
