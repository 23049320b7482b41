"""Documents of every format, made here, each with the words that must be on the paper and its pages; and an HTTP server of them."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pikepdf
from docx import Document as WordDocument
from openpyxl import Workbook
from PIL import Image
from pptx import Presentation
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.runtime.probes import http_server


@dataclass(frozen=True)
class Made:
    """One document."""

    data: bytes
    pages: int
    words: str

    @property
    def base64(self) -> str:
        return base64.b64encode(self.data).decode()


def html() -> Made:
    page = (
        "<!doctype html><meta charset=utf-8><h1 id=a>blank</h1><p style='break-before:page'>二页</p>"
        "<script>a.textContent='made by script'</script>"
    )
    return Made(page.encode(), 2, "made by script")


def text() -> Made:
    return Made("第一行 first line\n".encode() + b"\f" + b"second page\n", 2, "第一行 first line")


def picture(kind: str) -> Made:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), "#1f5fa8").save(buffer, kind)
    return Made(buffer.getvalue(), 1, "")


def word() -> Made:
    document = WordDocument()
    document.add_paragraph("Word's first page 中文")
    document.add_page_break()
    document.add_paragraph("the second")
    return Made(_saved(document), 2, "first page")


def excel() -> Made:
    book = Workbook()
    book.active["A1"], book.active["B1"] = "a cell", "=6*7"
    return Made(_saved(book), 1, "42")


def slides() -> Made:
    show = Presentation()
    for title in ("Slide one", "Slide two"):
        show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = title
    return Made(_saved(show), 2, "Slide one")


def pdf() -> Made:
    made = pikepdf.new()
    for _ in range(3):
        made.add_blank_page(page_size=(419.53, 595.28))
    buffer = io.BytesIO()
    made.save(buffer)
    return Made(buffer.getvalue(), 3, "")


def _saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


DOCUMENTS = {
    "HTML": html, "PNG": lambda: picture("PNG"), "JPG": lambda: picture("JPEG"), "BMP": lambda: picture("BMP"),
    "WORD": word, "EXCEL": excel, "PPT": slides, "TEXT": text, "PDF": pdf,
}  # fmt: skip


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """A web server with every document under its format's name: its address, and the headers of each request that came."""
    seen: list[dict[str, str]] = []

    async def get(request: Request) -> Response:
        seen.append(dict(request.headers))
        name = request.path_params["name"]
        kind = "text/html; charset=utf-8" if name == "HTML" else "application/octet-stream"
        return Response(DOCUMENTS[name]().data, media_type=kind)

    async with http_server(Starlette(routes=[Route("/{name}", get)]), "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}", seen
