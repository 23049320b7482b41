"""Documents of every kind, made here, and looks at the PDF that became of them."""

import io
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import docx
import openpyxl
import pikepdf
import pptx
import pypdfium2
from docx.oxml import OxmlElement
from PIL import Image

from libs.contracts.devices import Target
from libs.contracts.documents import ENGINE, Document, Format, Inline
from libs.contracts.orders import ConvertDocument
from libs.contracts.tickets import Ticket


def order(
    kind: Format,
    ticket: Ticket | None = None,
    target: Target | None = None,
    *,
    finish: bool = True,
    rendered_from: Format | None = None,
    **document: bool,
) -> ConvertDocument:
    return ConvertDocument(
        region="local",
        engine=ENGINE[kind],
        tenant="acme",
        task="t1",
        attempt=1,
        document=Document(kind, Inline(b""), **document),
        ticket=ticket or Ticket(),
        target=target or Target(),
        finish=finish,
        rendered_from=rendered_from,
    )


@dataclass(frozen=True)
class Paper:
    """What a PDF shows: the text and the size (1/100 mm, as seen) of every page."""

    texts: list[str]
    sizes: list[tuple[int, int]]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def read(path: Path | bytes) -> Paper:
    document = pypdfium2.PdfDocument(path)
    try:
        texts, sizes = [], []
        for page in document:
            texts.append(page.get_textpage().get_text_bounded())
            sizes.append(tuple(round(edge * 2540 / 72) for edge in page.get_size()))
        return Paper(texts, sizes)
    finally:
        document.close()


def ink(path: Path | bytes, page: int = 0) -> tuple[int, int, int, int]:
    """The box of everything that is not white, in 1/100 mm from the left and the top of the page."""
    document = pypdfium2.PdfDocument(path)
    try:
        image = document[page].render(scale=4).to_pil().convert("L").point(lambda value: 255 if value < 250 else 0)
        box = image.getbbox()
        assert box is not None, "the page is blank"
        return tuple(round(edge / 4 * 2540 / 72) for edge in box)
    finally:
        document.close()


def pages(*words: str, size: tuple[float, float] = (595.276, 841.89), **keys: object) -> bytes:
    """A PDF with one word on each page, in the upper left corner."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for word in words:
        page = pdf.add_blank_page(page_size=size)
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F0=font))
        page.obj.Contents = pdf.make_stream(f"BT /F0 20 Tf 20 {size[1] - 30} Td ({word}) Tj ET".encode())
        for key, value in keys.items():
            page.obj[f"/{key}"] = value
    return saved(pdf)


def saved(thing: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    thing.save(buffer, **options)
    return buffer.getvalue()


def picture(kind: str, size: tuple[int, int] = (400, 300), color: object = "#1f5fa8") -> bytes:
    return saved(Image.new("RGB", size, color), format=kind)


@cache
def word(words: str = "Word 中文") -> bytes:
    document = docx.Document()
    document.add_paragraph(words)
    document.add_page_break()
    document.add_paragraph("second page")
    return saved(document)


@cache
def excel() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["A2"] = "a cell", "=6*7", "表格"
    return saved(book)


@cache
def slides() -> bytes:
    show = pptx.Presentation()
    for title in ("Slide one", "幻灯片"):
        show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = title
    return saved(show)


@cache
def old(kind: str) -> bytes:
    """A document of the old binary formats, made by LibreOffice itself: doc, xls or ppt."""
    return _by_office(*{"doc": (word, "docx"), "xls": (excel, "xlsx"), "ppt": (slides, "pptx")}[kind], kind)


@cache
def opened(kind: str) -> bytes:
    """An OpenDocument, made by LibreOffice itself: odt, ods, odp or odg."""
    made = {"odt": (word, "docx"), "ods": (excel, "xlsx"), "odp": (slides, "pptx"), "odg": (_drawing, "svg")}
    return _by_office(*made[kind], kind)


def _drawing() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><rect x="9" y="9" width="70" height="50"/></svg>'


def _by_office(make: Callable[[], bytes], suffix: str, kind: str) -> bytes:
    with TemporaryDirectory() as folder:
        source = Path(folder, f"made.{suffix}")
        source.write_bytes(make())
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind]
        subprocess.run([*command, "--outdir", folder, source], check=True, capture_output=True, timeout=120)
        return source.with_suffix(f".{kind}").read_bytes()


def package(parts: dict[str, bytes | str]) -> bytes:
    """A ZIP package of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return buffer.getvalue()


def formula(content: str = "<mrow><mi>a</mi><mo>=</mo><mi>b</mi></mrow>") -> bytes:
    """An OpenDocument formula."""
    root = f'<?xml version="1.0"?><math xmlns="http://www.w3.org/1998/Math/MathML"><semantics>{content}</semantics></math>'
    return package({"mimetype": "application/vnd.oasis.opendocument.formula", "content.xml": root})


def xps(words: str = "Hello XPS") -> bytes:
    """An XPS document of one A4 page, the least that the standard asks for (ECMA-388)."""
    page = "http://schemas.microsoft.com/xps/2005/06"
    kinds = {
        "rels": "application/vnd.openxmlformats-package.relationships+xml",
        "fdseq": "application/vnd.ms-package.xps-fixeddocumentsequence+xml",
        "fdoc": "application/vnd.ms-package.xps-fixeddocument+xml",
        "fpage": "application/vnd.ms-package.xps-fixedpage+xml",
        "ttf": "application/vnd.ms-opentype",
    }
    types = "".join(f'<Default Extension="{suffix}" ContentType="{kind}"/>' for suffix, kind in kinds.items())
    return package(
        {
            "[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>',
            "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="R0" Type="{page}/fixedrepresentation" Target="/FixedDocSeq.fdseq"/></Relationships>',
            "FixedDocSeq.fdseq": f'<FixedDocumentSequence xmlns="{page}"><DocumentReference Source="/1.fdoc"/>'
            "</FixedDocumentSequence>",
            "1.fdoc": f'<FixedDocument xmlns="{page}"><PageContent Source="/1.fpage"/></FixedDocument>',
            "1.fpage": f'<FixedPage xmlns="{page}" Width="793.7" Height="1122.5" xml:lang="en"><Glyphs FontUri="/f.ttf" '
            f'FontRenderingEmSize="24" OriginX="100" OriginY="400" Fill="#FF000000" UnicodeString="{words}"/></FixedPage>',
            "f.ttf": Path("/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf").read_bytes(),
        }
    )


def linked_picture(url: str) -> bytes:
    """A Word document with a picture that lies elsewhere."""
    document = docx.Document()
    document.add_paragraph("before the picture")
    document.add_picture(io.BytesIO(picture("PNG", (40, 40))))
    blip = document.element.body.find(".//{http://schemas.openxmlformats.org/drawingml/2006/main}blip")
    relations = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
    del blip.attrib[f"{relations}embed"]
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    blip.set(f"{relations}link", document.part.relate_to(url, link, is_external=True))
    document.element.body.append(OxmlElement("w:p"))
    return saved(document)


def repacked(package: bytes, changes: dict[str, bytes], level: int = 9) -> bytes:
    """A ZIP package with some parts replaced or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as made,
    ):
        for name in source.namelist():
            if name not in changes:
                made.writestr(name, source.read(name))
        for name, data in changes.items():
            made.writestr(name, data)
    return buffer.getvalue()
