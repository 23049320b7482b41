"""What is measured: the table of the design, whole, and what `make bench` may take."""

import pytest

from bench.__main__ import _wanted, groups
from bench.measures import all_measures

#: Goals of the design's section 7, by their number: bounds and values in the order of the table.
TABLE = {
    "P1": ["at least 0.8 times", "at least 10 times"],
    "P2": ["at least 100 times"],
    "P3": ["at least 2.5 times", "at least 50 times"],
    "P4": ["at most 0.8 times"],
    "P5": ["at most 0.15 times", "at least 0.9 times", "at most 0.15 times", "at least 0.9 times"],
    "P6": ["at most 0.1 times", "at most 0.4 times"],
    "P7": ["at least 0.5 times", "at least 0.9 times"],
    "P8": ["at most 1.3 times", "at most 1.3 times"],
    "P9": ["at most 3 times", "at most 10 s"],
    "P10": ["at most 1.5 times", "at most 1 %"],
    "fair": ["at most 2 times"],
}


def test_every_row_of_the_table_is_measured_with_its_goals():
    known = all_measures()
    assert {number: [str(goal) for goal in known[number].goals] for number in TABLE} == TABLE
    assert list(known)[:10] == [f"P{number}" for number in range(1, 11)]
    assert {"growth-gateways", "growth-printers", "growth-stored"} <= known.keys()


def test_some_are_chosen_by_number_or_family():
    known = all_measures()
    assert [each.number for each in _wanted(known, "p3, P1")] == ["P1", "P3"]
    assert [each.number for each in _wanted(known, "growth")] == ["growth-gateways", "growth-printers", "growth-stored"]
    assert len(_wanted(known, "")) == len(known)
    with pytest.raises(ValueError, match="no measure P11"):
        _wanted(known, "P11")


def test_what_needs_the_same_server_is_taken_together():
    together = [[each.number for each in group] for group in groups(all_measures().values())]
    assert ["P2", "P3"] in together
    assert ["P8", "growth-stored"] in together


def test_all_of_it_takes_as_long_as_one_is_told():
    assert sum(max(each.expected for each in group) for group in groups(all_measures().values())) < 30 * 60
