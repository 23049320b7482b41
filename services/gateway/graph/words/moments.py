"""Times as Graph writes them: UTC, always with its Z (graph-print.md 5.7, trap 11)."""

from datetime import UTC, datetime


def instant(at: int) -> str | None:
    """`2026-01-03T03:04:05.678Z` of ms since 1970; None of 0, which is no time."""
    if not at:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """Ms since 1970 of a date-time as programs send it, with Z, an offset, or neither (then it is UTC); of a day, its first.

    Raises `ValueError`.
    """
    found = datetime.fromisoformat(text.strip())
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
