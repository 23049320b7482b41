"""Secrets planted where a document might read them, and the search for them in what is printed."""

import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image, ImageChops

from tests.converter import samples

#: The word that every planted text holds, and the colour of every planted picture: neither occurs by itself.
WORD, COLOR = "CANARY7f3a91", (255, 0, 222)


@dataclass(frozen=True)
class Planted:
    """Where canaries are: plain texts, pictures, folders that services keep for themselves."""

    texts: tuple[str, ...]
    pictures: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return self.texts + self.pictures


def text() -> str:
    """A text to plant: many lines, so that also a part of it shows."""
    return f"root:x:0:0:{WORD}:/root:/bin/sh\n" + f"{WORD}:x:1:1:{WORD}:/:/bin/false\n" * 5


def picture() -> bytes:
    """A picture to plant."""
    return samples.picture("PNG", (300, 300), color=COLOR)


def found(pdf: bytes, word: str = WORD) -> list[str]:
    """Where canaries are in a PDF: in its bytes, its streams, the words of its pages, and drawn on them."""
    if not pdf:
        return []
    places = [place for place, data in _bytes(pdf) if _says(data, word)]
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number, page in enumerate(document, 1):
            if word in page.get_textpage().get_text_bounded():
                places.append(f"the words of page {number}")
            if _shows(page.render(scale=0.5).to_pil()):
                places.append(f"the picture of page {number}")
    finally:
        document.close()
    return places


def _bytes(pdf: bytes) -> Iterable[tuple[str, bytes]]:
    yield "its bytes", pdf
    with pikepdf.open(io.BytesIO(pdf)) as whole:
        for thing in whole.objects:
            if isinstance(thing, pikepdf.Stream):
                try:
                    yield "a stream", thing.read_bytes()
                except (pikepdf.PdfError, zlib.error):
                    yield "a stream", thing.read_raw_bytes()


def _says(data: bytes, word: str) -> bool:
    return any(word.encode(encoding) in data for encoding in ("ascii", "utf-16-le", "utf-16-be"))


def _shows(page: Image.Image) -> bool:
    near = [
        band.point([255 * (abs(value - wanted) <= 40) for value in range(256)])
        for band, wanted in zip(page.convert("RGB").split(), COLOR, strict=True)
    ]
    return ImageChops.darker(ImageChops.darker(near[0], near[1]), near[2]).getbbox() is not None


def plant(folder: Path) -> tuple[str, str]:
    """A text and a picture in a folder that everybody can read; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (("canary.txt", text().encode()), ("canary.png", picture())):
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o644)
    return str(folder / "canary.txt"), str(folder / "canary.png")
