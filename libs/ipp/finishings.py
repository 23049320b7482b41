"""The values of `finishings`: their numbers and keywords (RFC 8011 section 5.2.6, PWG 5100.1 section 5.1)."""

from collections.abc import Iterable

#: The first number of each run, and the keywords from there on.
_RUNS = {
    3: "none staple punch cover bind saddle-stitch edge-stitch fold trim bale booklet-maker jog-offset coat laminate",
    20: "staple-top-left staple-bottom-left staple-top-right staple-bottom-right "
    "edge-stitch-left edge-stitch-top edge-stitch-right edge-stitch-bottom "
    "staple-dual-left staple-dual-top staple-dual-right staple-dual-bottom "
    "staple-triple-left staple-triple-top staple-triple-right staple-triple-bottom",
    50: "bind-left bind-top bind-right bind-bottom",
    60: "trim-after-pages trim-after-documents trim-after-copies trim-after-job",
    70: "punch-top-left punch-bottom-left punch-top-right punch-bottom-right "
    "punch-dual-left punch-dual-top punch-dual-right punch-dual-bottom "
    "punch-triple-left punch-triple-top punch-triple-right punch-triple-bottom "
    "punch-quad-left punch-quad-top punch-quad-right punch-quad-bottom "
    "punch-multiple-left punch-multiple-top punch-multiple-right punch-multiple-bottom",
    90: "fold-accordion fold-double-gate fold-gate fold-half fold-half-z fold-left-gate fold-letter fold-parallel fold-poster "
    "fold-right-gate fold-z fold-engineering-z",
}
KEYWORDS: dict[int, str] = {first + at: word for first, words in _RUNS.items() for at, word in enumerate(words.split())}
"""Number -> keyword."""
NUMBERS: dict[str, int] = {word: number for number, word in KEYWORDS.items()}
"""Keyword -> number."""


def keywords(numbers: Iterable[int]) -> tuple[str, ...]:
    """The keywords of those numbers that have one, each once, in their order."""
    return tuple(dict.fromkeys(KEYWORDS[number] for number in numbers if number in KEYWORDS))
