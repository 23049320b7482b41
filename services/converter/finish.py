"""Finishing: rendered pages become exactly what the printer gets, and nothing but pages is left in the PDF.

What a ticket asks for is done in this order, whatever is combined:

1. choose: the page ranges, of the document's own pages, in the order asked for;
2. put up: each page is turned, scaled and zoomed into its cell between the margins, and all that is on the side is moved by
   the offsets; where the orientation is a reverse one, the side stands on its head;
3. mark: headers, footers and watermarks on each side; `{page}` counts the sides that there are now;
4. lose the colours, where the printer cannot print without them itself;
5. choose sides: the odd or the even ones, for whoever turns the paper by hand;
6. reverse: the last leaf first, each with its own front;
7. copies, sorted or not, each of which begins on a front;
8. repeat: all of that so often, as if the task had been sent as many times.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pikepdf
from pikepdf import Dictionary, Name, Page, Pdf, Stream

from libs.contracts.tickets import Subset
from services.converter import pdfcheck, stamping
from services.converter.domain import Failure, Finishing, Outcome, Rejected
from services.converter.geometry import copied, hundredths
from services.converter.grey.pages import Grey
from services.converter.grey.seen import without_color
from services.converter.sheets import Sheets, look
from services.converter.workers import Limits

#: All that a printer needs of a document's catalog and pages; actions, scripts, attached files, forms and tags go.
_CATALOG = {"/Type", "/Pages", "/OCProperties", "/Version", "/Extensions"}
#: What leads out of a document: streams whose bytes lie in a file, pictures and pages that are kept elsewhere, files beside it.
_ELSEWHERE = ("/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI", "/AF", "/Metadata", "/PieceInfo")
_PAGE = {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group"}


def finish(data: bytes, wanted: Finishing, limits: Limits) -> Outcome:
    """Finish one PDF. Raises `Rejected` for one that is broken, closed, hostile or too large."""
    with pdfcheck.opened(data, limits) as pdf:
        warnings: list[str] = []
        _flatten(pdf)
        chosen = [pdf.pages[index] for index in choose(len(pdf.pages), wanted.page_ranges, warnings)]
        head, foot = stamping.bands(wanted)
        sheets = Sheets(pdf, wanted, head, foot)
        sides: Sequence[pikepdf.Object] = [sheets.side(group) for group in _groups(chosen, wanted.number_up)]
        if sheets.cropped:
            warnings.append("At this scale and place parts of the pages lie outside of the sheet.")
        sides = _subset(stamping.stamped(pdf, sides, wanted, limits, warnings), wanted.subset)
        if wanted.grey:
            Grey(pdf, limits).pages(sides)
        _limit(len(sides) * wanted.copies * wanted.repeats, limits)
        order = list(_order(len(sides), wanted))
        _put(pdf, sides, order)
        outcome = _saved(pdf, warnings)
    return replace(outcome, data=without_color(outcome.data, limits)) if wanted.grey else outcome


def _order(sides: int, wanted: Finishing) -> Iterator[int | None]:
    return copied(
        sides,
        wanted.copies,
        collated=wanted.collated,
        duplex=wanted.duplex,
        reverse=wanted.reverse,
        repeats=wanted.repeats,
    )


def _limit(count: int, limits: Limits) -> None:
    if count > limits.pages:
        sentence = f"The copies would make {count} pages; at most {limits.pages} can be printed as one task. Write fewer copies."
        raise Rejected(Failure.TOO_LARGE, sentence)


def _subset(sides: Sequence[pikepdf.Object], wanted: Subset | None) -> Sequence[pikepdf.Object]:
    if wanted is None:
        return sides
    chosen = sides[0::2] if wanted is Subset.ODD else sides[1::2]
    if not chosen:
        raise Rejected(Failure.TICKET, "There is no even side to print: everything fits on one.")
    return chosen


def choose(count: int, ranges: Sequence[tuple[int, int]], warnings: list[str]) -> list[int]:
    """Indexes of the pages that are printed, in the order asked for. What lies past the end is left out, with a warning."""
    if not ranges:
        return list(range(count))
    chosen = [number - 1 for first, last in ranges for number in range(first, min(last, count) + 1)]
    asked = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    if not chosen:
        raise Rejected(Failure.TICKET, f"The pages {asked} do not exist: the document has {_pages(count)}.")
    if max(last for _, last in ranges) > count:
        warnings.append(f"The pages {asked} were asked for, but the document has {_pages(count)}.")
    return chosen


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _flatten(pdf: Pdf) -> None:
    """Draw what lies over the pages (form fields, stamps) onto them, and forget everything that is not drawn."""
    if any("/Annots" in page.obj for page in pdf.pages):
        if "/AcroForm" in pdf.Root:
            pdf.generate_appearance_streams()
        pdf.flatten_annotations("print")
    _keep_only(pdf.Root, _CATALOG)
    for page in pdf.pages:
        _keep_only(page.obj, _PAGE)
    for thing in pdf.objects:
        if isinstance(thing, Stream):
            for key in _ELSEWHERE:
                if key in thing:
                    del thing[key]
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]


def _keep_only(thing: pikepdf.Object, kept: set[str]) -> None:
    for key in list(thing.keys()):
        if key not in kept:
            del thing[key]


def _groups(pages: Sequence[Page], count: int) -> Iterator[Sequence[Page]]:
    for first in range(0, len(pages), count):
        yield pages[first : first + count]


def _put(pdf: Pdf, sheets: Sequence[pikepdf.Object], order: Sequence[int | None]) -> None:
    """Make the document's pages the sheets in their order."""
    del pdf.pages[:]
    previous = sheets[0]
    for index in order:
        if index is not None:
            previous = sheets[index]
            pdf.pages.append(Page(previous))
        else:
            blank = Dictionary(Type=Name.Page, MediaBox=previous.MediaBox, Resources=Dictionary())
            pdf.pages.append(Page(pdf.make_indirect(blank)))


def _saved(pdf: Pdf, warnings: list[str]) -> Outcome:
    sizes = {tuple(hundredths(edge) for edge in (look(page).size.width, look(page).size.height)) for page in pdf.pages}
    shapes = {tuple(sorted(size)) for size in sizes}
    width, height = min(sizes) if len(shapes) == 1 else (0, 0)
    out = io.BytesIO()
    pdf.remove_unreferenced_resources()
    pdf.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=True)
    return Outcome(out.getvalue(), len(pdf.pages), width, height, warnings)
