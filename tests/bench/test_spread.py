"""Statistics of few repeats."""

import pytest

from bench.spread import Spread, percentile, ratios


def test_the_median_of_repeats_and_how_far_they_lie_apart():
    spread = Spread.of([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (spread.median, spread.low, spread.high, spread.least, spread.most, spread.count) == (3, 2, 4, 1, 5, 5)
    assert Spread.of([7.0]).plain() == {"median": 7, "low": 7, "high": 7, "least": 7, "most": 7, "count": 1}
    with pytest.raises(ValueError, match="nothing"):
        Spread.of([])


def test_turns_are_divided_by_their_neighbours():
    assert ratios([10.0, 30.0], [5.0, 10.0]) == [2, 3]
    assert ratios([10.0, 30.0, 40.0], [10.0]) == [1, 3, 4]


def test_a_percentile_of_few_is_the_largest():
    assert percentile([3.0, 1.0, 2.0], 99) == 3
    assert percentile([float(each) for each in range(1000)], 99) == 990
