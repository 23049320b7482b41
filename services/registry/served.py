"""Printers that an application serves: what they can do until it says so, and what of its words the spooler must know."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from libs.contracts.devices import Capabilities, MediaSupport
from libs.contracts.tickets import Collate, ColorMode, Media, Orientation, Quality, Sides

Word = TypeVar("Word")
_A4 = Media(21000, 29700, "iso_a4_210x297mm")
_LETTER = Media(21590, 27940, "na_letter_8.5x11in")
#: Graph's words for what decides how a task is made ready (graph-print.md 1.3).
_COLORS = {
    "auto": ColorMode.AUTO,
    "color": ColorMode.COLOR,
    "grayscale": ColorMode.MONOCHROME,
    "blackAndWhite": ColorMode.BI_LEVEL,
}
_SIDES = {
    "oneSided": Sides.ONE_SIDED,
    "flipOnLongEdge": Sides.TWO_SIDED_LONG_EDGE,
    "flipOnShortEdge": Sides.TWO_SIDED_SHORT_EDGE,
}
#: A media type (RFC 6838 section 4.2), with parameters or without.
_TYPE = re.compile(r"[A-Za-z0-9][\w.+!#$&^-]*/[A-Za-z0-9][\w.+!#$&^-]*(\s*;.*)?")

#: What its application does with a document nobody knows: nothing is ruled out, and two sheets are offered.
CAPABILITIES = Capabilities(
    formats=("application/pdf",),
    colors=(ColorMode.COLOR, ColorMode.MONOCHROME),
    default_color=ColorMode.COLOR,
    max_copies=999,
    orientations=tuple(Orientation),
    collates=tuple(Collate),
    qualities=tuple(Quality),
    default_quality=Quality.NORMAL,
    sides=tuple(Sides),
    default_sides=Sides.ONE_SIDED,
    media=(MediaSupport(_A4), MediaSupport(_LETTER)),
    default_media=_A4,
    resolutions=(300, 600),
)


def described(known: Capabilities, said: Mapping[str, Any]) -> Capabilities:
    """What it can do when its application says this in the members of Graph's printerCapabilities; what they leave out stays.

    Only what a task is made ready by: the door shows the rest as it was said.
    """
    copies = said.get("copiesPerJob")
    most = copies.get("end") if isinstance(copies, Mapping) else None
    return replace(
        known,
        formats=tuple(each.lower() for each in _texts(said.get("contentTypes")) if _TYPE.fullmatch(each)) or known.formats,
        colors=_translated(said, "colorModes", _COLORS) or known.colors,
        sides=_translated(said, "duplexModes", _SIDES) or known.sides,
        max_copies=most if isinstance(most, int) and most > 0 else known.max_copies,
        resolutions=tuple(each for each in _listed(said.get("dpis")) if isinstance(each, int)) or known.resolutions,
    )


def _listed(said: Any) -> list[Any]:
    return list(said) if isinstance(said, list | tuple) else []


def _texts(said: Any) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in _listed(said) if isinstance(one, str)))


def _translated(said: Mapping[str, Any], member: str, words: Mapping[str, Word]) -> tuple[Word, ...]:
    return tuple(words[each] for each in _texts(said.get(member)) if each in words)
