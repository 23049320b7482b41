"""Sheets by the names that Graph has for them, and back (graph-print.md 2.4)."""

from libs.contracts.tickets import Media
from libs.ipp.media_names import make_name, parse_name

#: Graph's strings, with Microsoft's spelling, and the PWG 5101.1 name of each.
NAMES = {
    "A3": "iso_a3_297x420mm",
    "A4": "iso_a4_210x297mm",
    "A5": "iso_a5_148x210mm",
    "A6": "iso_a6_105x148mm",
    "JIS B4": "jis_b4_257x364mm",
    "JIS B5": "jis_b5_182x257mm",
    "JPN Hagaki": "jpn_hagaki_100x148mm",
    "North America 5x7in": "na_5x7_5x7in",
    "North America Executive": "na_executive_7.25x10.5in",
    "North America Goverment Letter": "na_govt-letter_8x10in",
    "North America Index 3x5in": "na_index-3x5_3x5in",
    "North America Index 4x8in": "custom_index-4x8_4x8in",
    "North America Index 5x8in": "na_index-5x8_5x8in",
    "North America Invoice": "na_invoice_5.5x8.5in",
    "North America Ledger": "na_ledger_11x17in",
    "North America Legal": "na_legal_8.5x14in",
    "North America Letter": "na_letter_8.5x11in",
    "Photo l 3.5x5in": "oe_photo-l_3.5x5in",
    "Business Card": "oe_business-card_2x3.5in",
    "Photo": "om_small-photo_100x150mm",
}
_BY_WORD = {graph.lower(): pwg for graph, pwg in NAMES.items()} | {"north america government letter": "na_govt-letter_8x10in"}
_SIZES = {size: graph for graph, pwg in NAMES.items() if (size := parse_name(pwg))}
#: How far a sheet may be off and still be the named one, in 1/100 mm: names in inches do not come out even.
_NEAR = 50


def to_graph(media: Media) -> str:
    """Graph's string for a sheet; of sizes that it has no string for, the PWG name or the printer's own."""
    for (width, height), graph in _SIZES.items():
        if abs(media.width - width) <= _NEAR and abs(media.height - height) <= _NEAR:
            return graph
    return media.name or make_name(media.width, media.height)


def from_graph(name: str) -> Media | None:
    """The sheet that a string names: Graph's own in any case, or a self-describing PWG name; None of any other."""
    pwg = _BY_WORD.get(name.strip().lower(), name.strip())
    size = parse_name(pwg)
    return Media(*size, pwg) if size and min(size) > 0 else None


def named(name: str) -> str:
    """What IPP calls a sheet as Graph does; a name that is no size stays as it is."""
    media = from_graph(name)
    return to_graph(media) if media else name
