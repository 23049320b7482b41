"""Opens PDF documents that may be broken, closed or hostile, and refuses what would hurt whoever draws them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from libs.contracts.documents import Format
from services.converter import sniff
from services.converter.domain import Failure, Rejected

#: Deeper chains of filters have no other use than to grow without end.
_FILTERS = 4
#: How often forms within forms may be drawn on one page: without a limit, 30 of them make a thousand million.
_DRAWN = 200_000


@contextmanager
def opened(data: bytes, max_pages: int) -> Iterator[Pdf]:
    """An opened document whose page tree holds. Raises `Rejected`, also for what shows only inside the body."""
    if b"%PDF-" not in data[:1024]:
        raise sniff.mislabelled(Format.PDF, sniff.looks(data))
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            _check(pdf, max_pages)
            yield pdf
    except pikepdf.PasswordError:
        raise Rejected(
            Failure.PASSWORD, "The PDF document is protected by a password; remove the protection and send it again."
        ) from None
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise Rejected(
            Failure.BROKEN, "The PDF document is damaged or incomplete; save or export it anew and send it again."
        ) from error


def _check(pdf: Pdf, max_pages: int) -> None:
    count = len(pdf.pages)
    if count == 0:
        raise Rejected(Failure.EMPTY, "The PDF document has no pages.")
    if count > max_pages:
        raise Rejected(Failure.TOO_LARGE, f"The document has {count} pages; at most {max_pages} can be printed as one task.")
    for thing in pdf.objects:
        if isinstance(thing, Stream):
            filters = thing.get("/Filter")
            if isinstance(filters, Array) and len(filters) > _FILTERS:
                raise Rejected(Failure.HOSTILE, "The PDF document is packed many times over, as bombs are; export it anew.")
    counted: dict[tuple[int, int], int] = {}
    for page in pdf.pages:
        if _draws(page.obj, counted, 0) > _DRAWN:
            raise Rejected(Failure.HOSTILE, "A page of the PDF document draws itself without end, as bombs do; export it anew.")


def _draws(thing: Object, counted: dict[tuple[int, int], int], depth: int) -> int:
    """How many forms drawing this page or form draws, by the forms it names; one that contains itself is counted as endless."""
    if depth > 50:
        return _DRAWN + 1
    resources = thing.get("/Resources")
    named = resources.get("/XObject") if isinstance(resources, Dictionary) else None
    if not isinstance(named, Dictionary):
        return 1
    total = 1
    for key, form in named.items():
        if not isinstance(form, Stream) or form.get("/Subtype") != Name.Form:
            continue
        identity = form.objgen
        if identity not in counted:
            counted[identity] = 0
            counted[identity] = _draws(form, counted, depth + 1)
        total += counted[identity] * (_uses(thing, key) if depth else 1)
        if total > _DRAWN:
            break
    return total


def _uses(form: Object, key: str) -> int:
    """How often a form draws another."""
    try:
        content = form.read_bytes()[:1_000_000]
    except pikepdf.PdfError:
        return 1
    return max(1, content.count(key.encode() + b" Do"))
