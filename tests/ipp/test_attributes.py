"""libs/ipp/attributes.py: reading what a printer says, and what it says wrongly."""

from datetime import UTC, datetime

import pytest

from libs.ipp.attributes import Attributes, Collection
from libs.ipp.values import (
    EnumValue,
    IntegerRange,
    Keyword,
    MimeMediaType,
    NameWithLanguage,
    Opaque,
    OutOfBand,
    Resolution,
    Text,
)

MOMENT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRINTER = Attributes(
    {
        "printer-state": EnumValue(3),
        "printer-state-reasons": [Keyword("media-empty-error"), Keyword("toner-low-report")],
        "document-format-supported": [MimeMediaType("application/pdf"), MimeMediaType("image/jpeg")],
        "copies-supported": IntegerRange(1, 99),
        "copies-default": 1,
        "color-supported": True,
        "printer-resolution-supported": [Resolution(300, 300), Resolution(600, 600)],
        "orientation-requested-default": OutOfBand.NO_VALUE,
        "printer-current-time": MOMENT,
        "printer-info": NameWithLanguage("Büro", "de"),
        "media-col-ready": [Collection({"media-size": Collection({"x-dimension": 21000})}), Collection()],
    }
)


def test_values_compare_with_plain_ones():
    assert PRINTER.first("printer-state") == 3
    assert "toner-low-report" in PRINTER.all("printer-state-reasons")
    assert PRINTER.strings("document-format-supported") == ("application/pdf", "image/jpeg")
    assert PRINTER.string("printer-info") == "Büro"


def test_each_syntax_is_read_as_what_it_is():
    assert PRINTER.integer("printer-state") == 3
    assert PRINTER.integers("copies-default") == (1,)
    assert PRINTER.boolean("color-supported") is True
    assert PRINTER.range("copies-supported") == IntegerRange(1, 99)
    assert PRINTER.resolutions("printer-resolution-supported") == (Resolution(300, 300), Resolution(600, 600))
    assert PRINTER.moment("printer-current-time") == MOMENT
    assert PRINTER.collections("media-col-ready")[0].collection("media-size").integer("x-dimension") == 21000


def test_a_number_may_stand_for_a_range():
    assert PRINTER.range("copies-default") == IntegerRange(1, 1)


def test_a_range_contains_its_ends():
    assert 1 in IntegerRange(1, 99)
    assert 99 in IntegerRange(1, 99)
    assert 100 not in IntegerRange(1, 99)


@pytest.mark.parametrize("name", ["orientation-requested-default", "no-such-attribute"])
def test_what_has_no_value_reads_like_what_is_not_there(name):
    assert PRINTER.first(name) is None
    assert PRINTER.all(name) == ()
    assert PRINTER.integer(name) is None
    assert PRINTER.range(name) is None


def test_an_out_of_band_value_is_there_for_who_wants_it():
    assert PRINTER["orientation-requested-default"] == (OutOfBand.NO_VALUE,)


def test_a_value_of_another_syntax_reads_like_none():
    wrong = Attributes({"printer-state": Text("idle"), "copies": True, "sides": 3, "when": Opaque(0x31, b"\0" * 11)})
    assert wrong.integer("printer-state") is None
    assert wrong.integer("copies") is None
    assert wrong.range("copies") is None
    assert wrong.string("sides") is None
    assert wrong.moment("when") is None
    assert wrong.collection("sides") is None


def test_attributes_are_joined_and_the_later_ones_win():
    assert dict(PRINTER | {"copies-default": 2, "x": Keyword("y")})["copies-default"] == (2,)
    assert list(Attributes({"a": 1}) | {"b": 2}) == ["a", "b"]
