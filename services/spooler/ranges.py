"""Byte ranges of an upload, pure: closed pairs (first, last) of positions, as in `Content-Range` (RFC 9110 section 14.4)."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same bytes in as few spans as there can be, in order; spans that touch are one."""
    whole: list[Span] = []
    for first, last in sorted(spans):
        if whole and first <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(whole[-1][1], last))
        else:
            whole.append((first, last))
    return tuple(whole)


def missing(spans: Iterable[Span], size: int) -> tuple[Span, ...]:
    """What is not in `spans` of `size` bytes, in order, closed (graph-print.md trap 3)."""
    gaps: list[Span] = []
    next_byte = 0
    for first, last in merged(spans):
        if first > next_byte:
            gaps.append((next_byte, min(first, size) - 1))
        next_byte = max(next_byte, last + 1)
    if next_byte < size:
        gaps.append((next_byte, size - 1))
    return tuple(gap for gap in gaps if gap[0] <= gap[1] < size)


def brings(new: Span, spans: Sequence[Span]) -> bool:
    """Whether `new` has bytes that `spans` do not have."""
    first, last = new
    return bool(missing(((a - first, b - first) for a, b in _within(new, spans)), last - first + 1))


def together(spans: Iterable[Span]) -> int:
    """Bytes of all spans; those that stand in several count as often."""
    return sum(last - first + 1 for first, last in spans)


def _within(outer: Span, spans: Iterable[Span]) -> list[Span]:
    """The parts of `spans` inside of `outer`."""
    cut = [(max(first, outer[0]), min(last, outer[1])) for first, last in spans]
    return [(first, last) for first, last in cut if first <= last]
