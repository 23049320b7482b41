"""`config` as a ticket: millimetres, ranges, words, numbers as text, and refusals that name the field."""

import pytest

from libs.contracts.tickets import (
    Collate,
    ColorMode,
    Cut,
    Dither,
    Margins,
    Media,
    Orientation,
    Quality,
    Scaling,
    Sides,
    Subset,
    Ticket,
)
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.ticket import read_ticket


def ticket(**config):
    return read_ticket(Fields(config, "task.config"))


def refusal(**config):
    with pytest.raises(Rejected) as refused:
        ticket(**config)
    return str(refused.value)


def test_nothing_given_is_the_printers_own_setting():
    assert ticket() == Ticket()
    keys = (
        "pagesPerSheet",
        "copies",
        "marginTop",
        "orientation",
        "color",
        "side",
        "pageRanges",
        "paperConfig",
        "collate",
        "quality",
    )
    assert ticket(**dict.fromkeys(keys)) == Ticket()
    assert ticket(**dict.fromkeys(keys, "")) == Ticket()


def test_everything_given():
    assert ticket(
        pagesPerSheet=4,
        copies=3,
        marginTop=1,
        marginRight=2.5,
        marginBottom="0",
        marginLeft="12.345",
        orientation="LANDSCAPE",
        color="COLOR",
        side="ONESIDE",
        pageRanges="1-3,5,9",
        paperConfig={"width": 210, "height": 297},
        collate="UNCOLLATE",
        quality="HIGH",
    ) == Ticket(
        copies=3,
        sides=Sides.ONE_SIDED,
        color=ColorMode.COLOR,
        orientation=Orientation.LANDSCAPE,
        media=Media(21000, 29700),
        margins=Margins(100, 250, 0, 1234),
        page_ranges=((1, 3), (5, 5), (9, 9)),
        number_up=4,
        collate=Collate.UNCOLLATED,
        quality=Quality.HIGH,
    )


WORDS = [
    ("side", "ONESIDE", "sides", Sides.ONE_SIDED),
    ("side", "DUPLEX", "sides", Sides.TWO_SIDED_LONG_EDGE),
    ("side", "TUMBLE", "sides", Sides.TWO_SIDED_SHORT_EDGE),
    ("side", "ONE_SIDED", "sides", Sides.ONE_SIDED),
    ("side", "one-sided", "sides", Sides.ONE_SIDED),
    ("side", "simplex", "sides", Sides.ONE_SIDED),
    ("side", "duplex", "sides", Sides.TWO_SIDED_LONG_EDGE),
    ("side", "longEdge", "sides", Sides.TWO_SIDED_LONG_EDGE),
    ("side", "TWO_SIDED_LONG_EDGE", "sides", Sides.TWO_SIDED_LONG_EDGE),
    ("side", "two-sided-long-edge", "sides", Sides.TWO_SIDED_LONG_EDGE),
    ("side", "shortEdge", "sides", Sides.TWO_SIDED_SHORT_EDGE),
    ("side", "TWO_SIDED_SHORT_EDGE", "sides", Sides.TWO_SIDED_SHORT_EDGE),
    ("color", "COLOR", "color", ColorMode.COLOR),
    ("color", "MONOCHROME", "color", ColorMode.MONOCHROME),
    ("color", "BLACK", "color", ColorMode.MONOCHROME),
    ("color", "GRAY", "color", ColorMode.MONOCHROME),
    ("color", "color", "color", ColorMode.COLOR),
    ("orientation", "PORTRAIT", "orientation", Orientation.PORTRAIT),
    ("orientation", "reverse_landscape", "orientation", Orientation.REVERSE_LANDSCAPE),
    ("orientation", "reverse-portrait", "orientation", Orientation.REVERSE_PORTRAIT),
    ("collate", "COLLATE", "collate", Collate.COLLATED),
    ("collate", "COLLATED", "collate", Collate.COLLATED),
    ("collate", "UNCOLLATED", "collate", Collate.UNCOLLATED),
    ("quality", "LOW", "quality", Quality.DRAFT),
    ("quality", "NORMAL", "quality", Quality.NORMAL),
]


@pytest.mark.parametrize(("key", "word", "field", "meaning"), WORDS)
def test_words_in_many_spellings(key, word, field, meaning):
    assert getattr(ticket(**{key: word}), field) is meaning


@pytest.mark.parametrize("key", ["side", "color", "orientation", "collate", "quality"])
@pytest.mark.parametrize("value", ["PURPLE", 7, True, [], {"a": 1}, "x" * 10_000])
def test_a_wrong_word_is_named_with_the_right_ones(key, value):
    message = refusal(**{key: value})
    assert message.startswith(f"task.config.{key} must be one of ")
    assert len(message) < 200


RANGES = {
    "1": ((1, 1),),
    "1-3,5,9": ((1, 3), (5, 5), (9, 9)),
    " 2 - 4 , 7 ": ((2, 4), (7, 7)),
    "1,,3,": ((1, 1), (3, 3)),
    "1，3": ((1, 1), (3, 3)),
    "9,1-2": ((9, 9), (1, 2)),
    "5-5": ((5, 5),),
    "": (),
    "  ": (),
}


@pytest.mark.parametrize(("given", "ranges"), RANGES.items())
def test_page_ranges(given, ranges):
    assert ticket(pageRanges=given).page_ranges == ranges


def test_a_page_may_be_a_number():
    assert ticket(pageRanges=3).page_ranges == ((3, 3),)


BAD_RANGES = ["0", "3-1", "-2", "1-", "a", "1-3-5", "1.5", "1-999999999", "1;2", "all", "Lorem ipsum", "٣", "9" * 30, "1," * 1500]


@pytest.mark.parametrize("given", [*BAD_RANGES, ["1-3"], True])
def test_bad_page_ranges_are_named(given):
    message = refusal(pageRanges=given)
    assert message.startswith("task.config.pageRanges must ")
    assert len(message) < 200


def test_who_gives_page_ranges_otherwise_is_told_how_they_are_written():
    assert refusal(pageRanges=[1, 3]) == "task.config.pageRanges must be a text such as 1-3,5,9; it is an array."
    assert "or be left out for all pages" in refusal(pageRanges="all")


@pytest.mark.parametrize("key", ["copies", "pagesPerSheet"])
@pytest.mark.parametrize(("given", "number"), [(2, 2), ("2", 2), (2.0, 2), (" 3 ", 3), ("4.0", 4), (None, 1), ("", 1)])
def test_whole_numbers_in_every_dress(key, given, number):
    assert getattr(ticket(**{key: given}), {"copies": "copies", "pagesPerSheet": "number_up"}[key]) == number


@pytest.mark.parametrize("key", ["copies", "pagesPerSheet"])
@pytest.mark.parametrize(
    "given", [0, -1, 1.5, "1.5", "two", 10**9, 10**400, 1e300, True, [], {}, "1e3", "0x2", "1_0", "٣", "9" * 500]
)
def test_other_numbers_are_refused(key, given):
    message = refusal(**{key: given})
    assert message.startswith(f"task.config.{key} must be a ")
    assert len(message) < 200


def test_copies_go_up_to_9999():
    assert ticket(copies=9999).copies == 9999
    assert "from 1 to 9999" in refusal(copies=10_000)


@pytest.mark.parametrize("key", ["marginTop", "marginRight", "marginBottom", "marginLeft"])
@pytest.mark.parametrize("given", [-1, "-0.1", 80_000_000.5, 1001, "wide", False])
def test_absurd_margins_are_refused(key, given):
    assert refusal(**{key: given}).startswith(f"task.config.{key} must be a number from 0 to 1000 (mm)")


def test_margins_leave_something_of_the_sheet():
    paper = {"width": 100, "height": 60}
    assert ticket(paperConfig=paper, marginTop=29, marginBottom=30).margins == Margins(2900, None, 3000, None)
    assert "margin" in refusal(paperConfig=paper, marginLeft=50, marginRight=50)
    assert "margin" in refusal(paperConfig=paper, marginTop=100)


@pytest.mark.parametrize(
    ("paper", "media"),
    [
        ({"width": 210, "height": 297}, Media(21000, 29700)),
        ({"width": "101.6", "height": 152.4}, Media(10160, 15240)),
        ({"width": 100, "height": 60}, Media(10000, 6000)),
        ({"width": None, "height": None}, None),
        ({}, None),
        ({"name": "A4"}, Media(21000, 29700)),
        ({"name": "Letter", "width": None}, Media(21590, 27940)),
        ({"name": "anything", "width": 80, "height": 3000}, Media(8000, 300000)),
        ("a5", Media(14800, 21000)),
        (None, None),
    ],
)
@pytest.mark.parametrize("key", ["paperConfig", "paper"])
def test_paper_in_millimetres(key, paper, media):
    assert ticket(**{key: paper}).media == media


@pytest.mark.parametrize(
    "paper",
    [
        {"width": -210, "height": 297},
        {"width": 0, "height": 0},
        {"width": 210},
        {"height": 297},
        {"width": 1e9, "height": 297},
        {"width": "wide", "height": 297},
        {"name": "Papyrus"},
        "Papyrus",
        [210, 297],
        7,
    ],
)
def test_nonsense_paper_is_refused(paper):
    assert refusal(paperConfig=paper).startswith("task.config.paperConfig")


@pytest.mark.parametrize("config", [[1], "x", 7, True])
async def test_config_is_an_object(config):
    with pytest.raises(Rejected, match=r"task\.config must be an object"):
        Fields({"config": config}, "task").inside("config")


@pytest.mark.parametrize("config", [None, "", {}, []])
def test_an_empty_object_is_spelled_in_several_ways(config):
    assert Fields({"config": config}, "task").inside("config").values == {}


def test_a_number_that_is_meant_as_a_text_keeps_all_its_digits():
    assert Fields({"name": 20261122000000001}).text("name") == "20261122000000001"
    for lossy in (10**70, 1e20):
        with pytest.raises(Rejected, match=r"^name must be a text; it is a number far too large: write it in quotation marks\.$"):
            Fields({"name": lossy}).text("name")


@pytest.mark.parametrize(
    ("given", "scaling", "zoom"),
    [
        ("NOSCALE", Scaling.NONE, 100),
        ("AUTO", Scaling.AUTO, 100),
        ("fit", Scaling.FIT, 100),
        ("Fill", Scaling.FILL, 100),
        (80, Scaling.NONE, 80),
        ("150%", Scaling.NONE, 150),
        (" 62.5 % ", Scaling.NONE, 62),
        (None, None, 100),
        ("", None, 100),
    ],
)
def test_a_scale_is_a_word_or_a_percentage(given, scaling, zoom):
    made = ticket(scale=given)
    assert (made.scaling, made.zoom) == (scaling, zoom)


@pytest.mark.parametrize("given", ["LARGE", 5, 1001, "-20%", True, [80], {}, "8" * 99])
def test_a_scale_that_is_none_is_named(given):
    assert refusal(scale=given).startswith("task.config.scale must be NOSCALE, AUTO, FIT, FILL or a percentage from 10 to 1000")


@pytest.mark.parametrize(("given", "turn"), [(90, 90), ("270", 270), (-90, 270), (360, 0), (180.0, 180), (None, 0)])
def test_a_turn_is_a_quarter_of_a_circle(given, turn):
    assert ticket(rotate=given).rotate == turn


@pytest.mark.parametrize("given", [45, "left", True, [90]])
def test_another_turn_is_refused(given):
    assert refusal(rotate=given).startswith("task.config.rotate must be 0, 90, 180 or 270 degrees")


def test_everything_that_is_done_in_the_document():
    made = ticket(offsetX="-1.5", offsetY=3, oddEven="odd", reverse="true", repeats="4", tray="Tray 2", mediaType="labels")
    assert (made.offset_x, made.offset_y, made.subset, made.reverse, made.repeats) == (-150, 300, Subset.ODD, True, 4)
    assert (made.tray, made.media_type) == ("Tray 2", "labels")
    assert ticket(oddEven="ALL").subset is None
    assert "must be one of ALL, ODD and EVEN" in refusal(oddEven="SOME")


def test_what_concerns_receipts():
    made = ticket(cut="FULL", drawer=1, dither="threshold")
    assert (made.cut, made.drawer, made.dither) == (Cut.FULL, True, Dither.THRESHOLD)
    assert ticket(cut="half").cut is Cut.PARTIAL
    assert ticket(drawer=False).drawer is False


def test_labels_of_the_old_sdk_are_not_looked_at():
    assert ticket(labels=["a", {"b": 1}]) == Ticket()
