"""Printers that an application serves: what they can do until it says so, and what of its words the spooler must know."""

import re
from collections.abc import Mapping
from typing import Any

from libs.contracts.devices import Capabilities, MediaSupport
from libs.contracts.tickets import Collate, ColorMode, Media, Orientation, Quality, Sides

_A4 = Media(21000, 29700, "iso_a4_210x297mm")
_LETTER = Media(21590, 27940, "na_letter_8.5x11in")
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


def formats(capabilities: Mapping[str, Any], ipp: Mapping[str, Any]) -> tuple[str, ...]:
    """The media types that it takes, by what its application says in Graph's words or in IPP's; none: it does not say."""
    said = capabilities.get("contentTypes") or ipp.get("document-format-supported") or ()
    each = [said] if isinstance(said, str) else said
    good = [one.strip().lower() for one in each if isinstance(one, str) and _TYPE.fullmatch(one.strip())]
    return tuple(dict.fromkeys(good))
