"""Reading what came out of printers."""

from pathlib import Path

import pypdfium2

MM = 72 / 25.4


class Sheets:
    """A PDF that was printed: its pages, its words, its sizes in mm."""

    def __init__(self, path: Path) -> None:
        self._document = pypdfium2.PdfDocument(path.read_bytes())

    @property
    def pages(self) -> int:
        return len(self._document)

    @property
    def words(self) -> str:
        return "\n".join(page.get_textpage().get_text_range() for page in self._document)

    @property
    def sizes(self) -> list[tuple[float, float]]:
        """Width and height of each page in mm."""
        return [tuple(points / MM for points in page.get_size()) for page in self._document]

    def is_of_size(self, width: float, height: float) -> bool:
        """Whether every page is of this size, within 0.1 mm."""
        return all(abs(w - width) <= 0.1 and abs(h - height) <= 0.1 for w, h in self.sizes)
