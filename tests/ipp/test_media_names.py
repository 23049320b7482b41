"""Sizes of sheets in their names, whatever a printer calls them."""

import pytest

from libs.ipp.media_names import make_name, parse_name


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("iso_a4_210x297mm", (21000, 29700)),
        ("na_letter_8.5x11in", (21590, 27940)),
        ("custom_max_215.9x355.6mm", (21590, 35560)),
        ("ISO_A4_210X297MM", (21000, 29700)),
        ("iso_a4", None),
        (f"custom_max_{'9' * 400}x1mm", None),
        (f"custom_max_1.{'9' * 400}x1mm", None),
    ],
)
def test_a_name_says_its_size_or_nothing(name, size):
    assert parse_name(name) == size


def test_a_size_is_known_again_by_its_name():
    assert parse_name(make_name(10000, 14850)) == (10000, 14850)
