"""The pieces of an upload as one document; where they overlap, each byte is taken once."""

from collections.abc import Iterable

from libs.runtime.folder import Part

Piece = tuple[int, int, str]


def cover(pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """What to read of pieces (first, last, object) that leave no gap, from the first byte on."""
    parts: list[Part] = []
    at = 0
    for first, last, name in sorted(pieces):
        if last >= at:
            parts.append(Part(name, at - first, last + 1 - at))
            at = last + 1
    return tuple(parts)
