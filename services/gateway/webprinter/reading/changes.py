"""A `config` that is given later: what it says holds, what it does not say stays as the task had it."""

from dataclasses import fields, replace

from libs.contracts.tickets import Margins, Ticket
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.marks import read_marks
from services.gateway.webprinter.reading.ticket import read_ticket

#: Keys whose value may be the one that a ticket has anyway: that they are there tells that they are meant.
_MEANT = {
    "copies": "copies",
    "pagesPerSheet": "number_up",
    "rotate": "rotate",
    "offsetX": "offset_x",
    "offsetY": "offset_y",
    "reverse": "reverse",
    "repeats": "repeats",
}


def changed_ticket(ticket: Ticket, config: Fields) -> Ticket:
    """The ticket with what `config` says; marks are added to those that it has. Raises `Rejected`."""
    given, nothing = read_ticket(config), Ticket()
    names = {field.name for field in fields(Ticket) if getattr(given, field.name) != getattr(nothing, field.name)}
    names |= {name for key, name in _MEANT.items() if config.raw(key) not in (None, "")}
    changes = {name: getattr(given, name) for name in names - {"margins", "marks"}}
    marks = (*ticket.marks, *read_marks(config))
    return replace(ticket, **changes, margins=_edges(ticket.margins, given.margins), marks=marks)


def _edges(before: Margins, given: Margins) -> Margins:
    edges = {field.name: getattr(given, field.name) for field in fields(Margins)}
    return replace(before, **{name: edge for name, edge in edges.items() if edge is not None})
