"""Printing the rest of a task, from one of its printed pages on: of what was made for its printer, not of the document anew."""

from dataclasses import dataclass, replace

from libs.contracts.documents import Document, Format
from libs.contracts.mediatypes import MEDIA_TYPE
from libs.contracts.queries import Material
from libs.contracts.states import TERMINAL, Stage
from libs.contracts.tickets import Scaling, Ticket
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.changes import changed_ticket
from services.gateway.webprinter.reading.fields import Fields

#: The page behind those that are on paper.
NEXT = "NEXT"


@dataclass(frozen=True, slots=True)
class Rest:
    """The finished document, and the ticket that prints it from that page on."""

    document: Document
    ticket: Ticket


def read_rest(data: Fields, material: Material) -> Rest | None:
    """`fromPage`, a number or `next`, as what is to be printed; None: it is not given. It counts as `pagesDone` does.

    Raises `Rejected` where nobody can say what the rest is.
    """
    if data.raw("fromPage") in (None, ""):
        return None
    name, printable, left = data.name("fromPage"), material.printable, material.left
    if printable is None or left is None or printable.media_type != MEDIA_TYPE[Format.PDF]:
        raise Rejected(f"{name}: this task has no pages that could be chosen: leave it out to print all of it.")
    if changed_ticket(Ticket(), data.inside("config")) != Ticket():
        raise Rejected(f"{data.name('config')}: the rest is printed as the pages before it were: leave out config, or fromPage.")
    last = material.before + printable.pages
    given = data.raw("fromPage")
    asked_next = isinstance(given, str) and given.strip().upper() == NEXT
    page = _next(name, material, left, last) if asked_next else _page(data, last)
    if page <= material.before:
        raise Rejected(
            f"{name}: its pages up to {material.before} are not kept: write {material.before + 1} or more, or leave it out to "
            "print all of it."
        )
    chosen = replace(left, page_ranges=((page - material.before, printable.pages),), scaling=Scaling.NONE)
    return Rest(Document(Format.PDF, printable.content, material.request.document.name), chosen)


def _page(data: Fields, last: int) -> int:
    given = data.raw("fromPage")
    if isinstance(given, str) and not given.strip().isdecimal():
        raise Rejected(f"{data.name('fromPage')} must be next or the number of a printed page, from 1 to {last}.")
    return data.whole("fromPage", 1, last) or 1


def _next(name: str, material: Material, left: Ticket, last: int) -> int:
    """The page behind those on paper, on the sheet that was being printed if that has two sides."""
    task, done = material.task, material.task.pages_done
    instead = "write the number of a page, or leave it out to print all of it"
    if task.stage not in TERMINAL:
        raise Rejected(f"{name}: this task is {task.status.value}: what is next is known when it has ended.")
    if task.stage is Stage.COMPLETED or done >= last:
        raise Rejected(f"{name}: all {last} pages of this task are on paper as far as is known: {instead}.")
    if done < 1:
        raise Rejected(f"{name}: nothing of this task is on paper as far as is known: leave it out to print all of it.")
    if left.copies > 1:
        raise Rejected(f"{name}: nobody can say how far each of its {left.copies} copies came: {instead}.")
    return done - (done % 2 if material.two_sided else 0) + 1
