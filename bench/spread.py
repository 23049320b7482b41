"""Statistics of few repeats: the median, how far they lie apart, ratios of repeats that took turns."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some repeats, their quartiles and their ends."""

    median: float
    low: float
    high: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Raises ValueError without values."""
        if not values:
            raise ValueError("nothing was measured")
        low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
        return cls(median, low, high, min(values), max(values), len(values))

    def plain(self) -> dict[str, float]:
        """As JSON wants it."""
        return asdict(self)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours by theirs, turn by turn; where the turns differ in number, all of ours by the median of theirs.

    Neighbours in time share what else the machine did, which is why turns are divided and not medians.
    """
    if len(ours) == len(theirs):
        return [one / other for one, other in zip(ours, theirs, strict=True)]
    middle = statistics.median(theirs)
    return [one / middle for one in ours]


def percentile(values: Sequence[float], hundredth: int) -> float:
    """The value below which so many of a hundred lie; the largest where there are too few to say."""
    return sorted(values)[min(len(values) - 1, len(values) * hundredth // 100)]
