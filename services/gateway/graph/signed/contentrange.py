"""`Content-Range` of an upload: which bytes of how many come (RFC 9110 section 14.4, graph-print.md 1.7)."""

import re

from services.gateway.graph.problem import Problem, bad

#: The documents once write `bytes=` where the standard has a space.
_RANGE = re.compile(r"\s*bytes(?:\s*=\s*|\s+)(\d{1,18})\s*-\s*(\d{1,18})\s*/\s*(\d{1,18}|\*)\s*", re.IGNORECASE | re.ASCII)
_OLD = re.compile(r"\s*bytes(?:\s*=\s*|\s+)(\d{1,18})\s*-\s*(\d{1,18})\s*(?:/\s*(\d{1,18})\s*)?", re.IGNORECASE | re.ASCII)


def span_of(header: str, size: int) -> tuple[int, int]:
    """The first and the last position, both inclusive, of a document of `size` bytes.

    Raises `Problem`: 400 for what is no range of this document, 416 for one outside of it.
    """
    example = f"Content-Range: bytes 0-{size - 1}/{size}"
    found = _RANGE.fullmatch(header)
    if found is None:
        raise bad(f"Say which bytes these are in Content-Range, as in {example}.", "Content-Range")
    if found[3] not in ("*", str(size)) and int(found[3]) != size:
        raise bad(f"Content-Range says {found[3]} bytes, and {size} were announced: write {example}.", "Content-Range")
    first, last = int(found[1]), int(found[2])
    if not first <= last < size:
        text = f"Bytes {first} to {last} are none of this document: it has bytes 0 to {size - 1}."
        raise Problem(416, "invalidRange", text, target="Content-Range", headers={"Content-Range": f"bytes */{size}"})
    return first, last


def old_span_of(header: str) -> tuple[int, int, int]:
    """First and last position and the length of all, of `Range: bytes=0-9/25` as beta's uploadData has it (graph-print.md 1.13).

    Without a length the bytes from the first one on are all there are. Raises `Problem` 400.
    """
    found = _OLD.fullmatch(header)
    if found is None or (found[3] is None and int(found[1])) or not int(found[1]) <= int(found[2]):
        text = "Say which bytes these are, and of how many unless these are all, in Range, as in Range: bytes=0-1048575/4000000."
        raise bad(text, "Range")
    first, last = int(found[1]), int(found[2])
    return first, last, int(found[3]) if found[3] else last + 1


def is_missing(span: tuple[int, int], missing: tuple[tuple[int, int], ...]) -> bool:
    """Whether some byte of `span` has not come yet."""
    return any(first <= span[1] and span[0] <= last for first, last in missing)
