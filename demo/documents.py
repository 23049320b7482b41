"""The five documents that the demo prints, made here so that nothing has to be downloaded."""

import base64
import io
from dataclasses import dataclass
from typing import Any

from docx import Document as WordDocument
from openpyxl import Workbook
from PIL import Image, ImageDraw

PAGE = """<!doctype html><meta charset="utf-8"><title>Delivery note</title>
<style>
  body { font-family: sans-serif; margin: 0 }
  header { background: #1f5fa8; color: white; padding: 8mm }
  td, th { border-bottom: 1px solid #ccc; padding: 2mm 6mm; text-align: left }
</style>
<header><h1>Delivery note</h1></header>
<p>This line and the table were written by the page's own script:</p><p id="made"></p><table id="rows"></table>
<script>
  document.getElementById("made").textContent = "6 times 7 makes " + 6 * 7 + ".";
  document.getElementById("rows").innerHTML = ["Paper", "Toner", "Staples"].map((name, i) =>
    `<tr><th>${name}</th><td>${(i + 1) * 10} pieces</td></tr>`).join("");
</script>"""

CHINESE = "送货单\n\n收货人:王小明\n地址:上海市浦东新区世纪大道100号\n品名:打印纸  数量:十箱\n\n谢谢惠顾!\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """A document with what is said in its task, the printer it goes to, its pages, and a word that must be on the paper."""

    name: str
    printer: str
    task: dict[str, Any]
    pages: int
    word: str


def samples(office: str, archive: str) -> list[Sample]:
    """The five, for a printer spoken to directly and for a CUPS queue."""
    portrait = {"paperConfig": {"width": 210, "height": 297}}
    return [
        Sample(
            "html", office, {"mediaSource": "STRING", "mediaFormat": "HTML", "content": PAGE, "config": portrait}, 1, "makes 42"
        ),
        Sample("word", office, _base64("WORD", word(), {"side": "DUPLEX"}), 2, "second page"),
        Sample("excel", archive, _base64("EXCEL", excel(), {"orientation": "LANDSCAPE"}), 1, "Quarter"),
        Sample("image", office, _base64("PNG", image(), portrait), 1, ""),
        Sample(
            "chinese",
            archive,
            {"mediaSource": "STRING", "mediaFormat": "TEXT", "content": CHINESE, "config": portrait},
            1,
            "谢谢惠顾",
        ),
    ]


def _base64(media_format: str, data: bytes, config: dict[str, Any]) -> dict[str, Any]:
    return {"mediaSource": "BASE64", "mediaFormat": media_format, "content": base64.b64encode(data).decode(), "config": config}


def word() -> bytes:
    """Two pages of a letter."""
    document = WordDocument()
    document.add_heading("A letter", 0)
    document.add_paragraph("Written as DOCX, printed on both sides.")
    document.add_page_break()
    document.add_paragraph("This is the second page.")
    return _saved(document)


def excel() -> bytes:
    """A small table."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Quarter", "Pages"), ("first", 1200), ("second", 1850), ("third", 990), ("sum", "=SUM(B2:B4)")):
        sheet.append(row)
    return _saved(book)


def image() -> bytes:
    """A test card."""
    card = Image.new("RGB", (1240, 877), "white")
    pen = ImageDraw.Draw(card)
    for index, color in enumerate(("#d22", "#e90", "#ec0", "#2a4", "#26c", "#62a")):
        pen.rectangle((60 + index * 190, 120, 220 + index * 190, 620), fill=color)
    pen.ellipse((420, 230, 820, 630), outline="black", width=12)
    buffer = io.BytesIO()
    card.save(buffer, "PNG")
    return buffer.getvalue()


def _saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
