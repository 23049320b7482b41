"""The pieces of an upload as one document, streamed; where they overlap, each byte is taken once."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from libs.runtime.documents import Documents

Piece = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Part:
    """Of an object `count` bytes after the first `skip`."""

    name: str
    skip: int
    count: int


def cover(pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """What to read of pieces (first, last, object) that leave no gap, from the first byte on."""
    parts: list[Part] = []
    at = 0
    for first, last, name in sorted(pieces):
        if last >= at:
            parts.append(Part(name, at - first, last + 1 - at))
            at = last + 1
    return tuple(parts)


async def joined(documents: Documents, parts: Iterable[Part]) -> AsyncIterator[bytes]:
    """Their bytes one after the other. Raises `Missing`."""
    for part in parts:
        skip, left = part.skip, part.count
        async for data in documents.stream(part.name):
            piece = data[skip : skip + left]
            skip = max(0, skip - len(data))
            left -= len(piece)
            if piece:
                yield piece
            if not left:
                break
