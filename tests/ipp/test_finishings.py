"""Finishings by number and keyword (PWG 5100.1)."""

import pytest

from libs.ipp.finishings import KEYWORDS, NUMBERS, keywords


@pytest.mark.parametrize(
    ("number", "keyword"),
    [
        (3, "none"),
        (14, "jog-offset"),
        (16, "laminate"),
        (20, "staple-top-left"),
        (27, "edge-stitch-bottom"),
        (35, "staple-triple-bottom"),
        (50, "bind-left"),
        (63, "trim-after-job"),
        (74, "punch-dual-left"),
        (89, "punch-multiple-bottom"),
        (101, "fold-engineering-z"),
    ],
)
def test_a_number_is_a_keyword(number, keyword):
    assert (KEYWORDS[number], NUMBERS[keyword]) == (keyword, number)


def test_unknown_numbers_are_passed_over_and_each_is_said_once():
    assert len(KEYWORDS) == len(NUMBERS) == 70
    assert keywords((20, 4711, 3, 20)) == ("staple-top-left", "none")
