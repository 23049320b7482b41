"""Which media types a printer takes, and what format each is: what it prints itself, and what is made PDF of (graph-print.md 1.6).

More than Graph takes: it makes PDF of XPS alone.
"""

from libs.contracts.documents import RAW_FORMATS, RAW_MEDIA_TYPE, Format
from libs.contracts.fleet import PrinterView
from libs.contracts.mediatypes import FORMAT, MEDIA_TYPE, bare
from services.gateway.graph.problem import bad

#: What PDF is made of, for printers that take PDF.
CONVERTED = tuple(kind for kind in Format if kind not in RAW_FORMATS and kind not in (Format.PWG, Format.PDF))


def own_types(view: PrinterView) -> tuple[str, ...]:
    """What the printer takes as it is."""
    said = view.profile.capabilities.get("contentTypes") or ()
    return tuple(dict.fromkeys(bare(str(each)) for each in (*view.device.capabilities.formats, *said)))


def taken(view: PrinterView, *, conversion: bool) -> tuple[str, ...]:
    """All media types that may be sent to it, for people; `conversion`: what it does not take may be made PDF of."""
    every = dict.fromkeys((*own_types(view), *(MEDIA_TYPE[kind] for kind in Format)))
    found = {each: format_of(view, each) for each in every if each != RAW_MEDIA_TYPE}
    return tuple(each for each, kind in found.items() if kind and (kind[1] or conversion))


def format_of(view: PrinterView, media_type: str) -> tuple[Format, bool] | None:
    """The format of what is said to be of this media type, and whether the printer takes it as it is; None: it takes no such thing.

    What only the printer itself understands is raw, where it is handed over untouched.
    """
    told, own = bare(media_type), own_types(view)
    kind = FORMAT.get(told)
    untouched = bool(view.served_by) or RAW_MEDIA_TYPE in own
    if kind in RAW_FORMATS or (kind is None and told in own):
        return (kind or Format.RAW, True) if untouched and (told in own or RAW_MEDIA_TYPE in own) else None
    if kind is None:
        return None
    if told in own or MEDIA_TYPE[kind] in own:
        return kind, True
    return (kind, False) if kind in CONVERTED and _takes_pages(view) else None


def refusal(view: PrinterView, media_type: str, name: str, *, conversion: bool) -> Exception:
    """What is said of a media type that the printer does not take; `name` is the member or header that says it."""
    types = ", ".join(taken(view, conversion=conversion))
    return bad(f"{name} {media_type[:100]} is not taken by this printer; it takes {types}.", name)


def _takes_pages(view: PrinterView) -> bool:
    return MEDIA_TYPE[Format.PDF] in own_types(view) or view.device.capabilities.receipt is not None
