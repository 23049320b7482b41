"""Opens PDF documents that may be broken, closed or hostile, and refuses what would hurt whoever draws them."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pikepdf
from pikepdf import Dictionary, Name, Object, Pdf, Stream

from libs.contracts.documents import Format
from services.converter import sniff
from services.converter.domain import Failure, Rejected
from services.converter.pdfstreams import Unpacking
from services.converter.workers import Limits

#: How often forms within forms may be drawn on one page: without a limit, 30 of them make a thousand million.
_DRAWN = 200_000
#: Bytes of a page and its place in the table of objects, at the least.
_PAGE = 40
#: A pattern is drawn again and again: so often it counts, where nobody knows how large what it fills is.
_TILES = 20


@contextmanager
def opened(data: bytes, limits: Limits) -> Iterator[Pdf]:
    """An opened document whose page tree holds. Raises `Rejected`, also for what shows only inside the body."""
    if b"%PDF-" not in data[:1024]:
        raise sniff.mislabelled(Format.PDF, sniff.looks(data))
    try:
        if len(data) > _PAGE * limits.pages:
            _look(data, limits)
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            _check(pdf, limits)
            yield pdf
    except pikepdf.PasswordError:
        raise Rejected(
            Failure.PASSWORD, "The PDF document is protected by a password; remove the protection and send it again."
        ) from None
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise Rejected(
            Failure.BROKEN, "The PDF document is damaged or incomplete; save or export it anew and send it again."
        ) from error


def _look(data: bytes, limits: Limits) -> None:
    """What a document tells of itself is believed when it is too much: a million pages, opened as others are, take a minute."""
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True, inherit_page_attributes=False) as pdf:
        told = pdf.Root.Pages.get("/Count")
        if isinstance(told, int):
            _count(told, limits)


def _count(pages: int, limits: Limits) -> None:
    if pages > limits.pages:
        raise Rejected(Failure.TOO_LARGE, f"The document has {pages} pages; at most {limits.pages} can be printed as one task.")


def _check(pdf: Pdf, limits: Limits) -> None:
    told = pdf.Root.Pages.get("/Count")
    count = told if isinstance(told, int) and told > limits.pages else len(pdf.pages)
    if count == 0:
        raise Rejected(Failure.EMPTY, "The PDF document has no pages.")
    _count(count, limits)
    Unpacking(limits.bytes, limits.pixels).check(pdf)
    counted: dict[tuple[int, int], int] = {}
    for page in pdf.pages:
        if _draws(page.obj, counted, 0) > _DRAWN:
            raise Rejected(Failure.HOSTILE, "A page of the PDF document draws itself without end, as bombs do; export it anew.")


def _draws(thing: Object, counted: dict[tuple[int, int], int], depth: int) -> int:
    """How many forms and patterns drawing this page, form or pattern draws; one that draws itself is counted as endless."""
    if depth > 50:
        return _DRAWN + 1
    total, content = 1, b"" if depth == 0 else _content(thing)
    for kind, name, drawn in _drawn(thing):
        # The names of a page are taken as drawn once: its content may lie in pieces, and cannot draw more than it is long.
        times = (1 if depth == 0 else _uses(content, name)) * (_TILES if kind == "/Pattern" else 1)
        if not times:
            continue
        identity = drawn.objgen
        if identity not in counted:
            counted[identity] = _DRAWN + 1  # until it is known: it would draw itself
            counted[identity] = _draws(drawn, counted, depth + 1)
        total += counted[identity] * times
        if total > _DRAWN:
            break
    return total


def _drawn(thing: Object) -> Iterator[tuple[str, str, Object]]:
    """The forms and the tiling patterns that something may draw by its resources: kind, name, the form or pattern."""
    resources = thing.get("/Resources")
    for kind in ("/XObject", "/Pattern"):
        named = resources.get(kind) if isinstance(resources, Dictionary) else None
        if isinstance(named, Dictionary):
            for name, drawn in named.items():
                if isinstance(drawn, Stream) and (kind == "/Pattern" or drawn.get("/Subtype") == Name.Form):
                    yield kind, name, drawn


def _content(form: Object) -> bytes:
    try:
        return form.read_bytes()
    except pikepdf.PdfError:
        return b""


def _uses(content: bytes, name: str) -> int:
    """How often a content names something; a name that is written otherwise (`#41`) may be any."""
    found = len(re.findall(re.escape(name.encode()) + rb"(?![\w#.+-])", content))
    return found or (1 if b"#" in content else 0)
