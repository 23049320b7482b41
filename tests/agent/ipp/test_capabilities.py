import pytest

from libs.contracts.devices import Capabilities, CustomMedia, MediaSupport
from libs.contracts.tickets import ColorMode, FeedOrientation, Margins, Media
from libs.ipp.attributes import Attributes, Collection
from libs.ipp.values import IntegerRange, Resolution, Text
from services.agent.ipp.capabilities import rated, read


def test_a_printer_that_says_nothing_can_nothing_for_certain():
    assert read(Attributes()) == Capabilities(formats=(), monochrome=False)


LONG = FeedOrientation.LONG_EDGE_FIRST


@pytest.mark.parametrize(
    ("said", "colors", "monochrome"),
    [
        ({"color-supported": True}, (ColorMode.COLOR, ColorMode.MONOCHROME), False),
        ({"color-supported": False}, (ColorMode.MONOCHROME,), True),
        ({"print-color-mode-supported": ["auto", "color"]}, (ColorMode.AUTO, ColorMode.COLOR, ColorMode.MONOCHROME), False),
        ({"print-color-mode-supported": ["auto"], "color-supported": False}, (ColorMode.AUTO,), True),
        (
            {"print-color-mode-supported": ["color", "process-monochrome", "bi-level"]},
            (ColorMode.COLOR, ColorMode.MONOCHROME, ColorMode.BI_LEVEL),
            True,
        ),
    ],
)
def test_a_printer_leaves_colours_away_itself_or_has_it_done_before(said, colors, monochrome):
    can = read(Attributes(said))
    assert (can.colors, can.monochrome) == (colors, monochrome)


@pytest.mark.parametrize(("said", "pages"), [({}, 0), ({"pages-per-minute": 28}, 28), ({"pages-per-minute": -1}, 0)])
def test_how_fast_it_is_is_read_where_it_says_so(said, pages):
    assert rated(Attributes(said)) == pages


def test_what_it_does_with_paper_is_read():
    column = Collection({"media-type": "labels", "media-color": "white", "media-source": "tray-1"})
    can = read(
        Attributes(
            {
                "finishings-supported": [3, 20, 14, 4711],
                "finishings-default": [3],
                "output-bin-supported": ["face-down", "face-up", "a bin"],
                "output-bin-default": "face-down",
                "feed-orientation-supported": ["long-edge-first", "sideways"],
                "feed-orientation-default": "long-edge-first",
                "media-color-supported": ["white", "blue"],
                "media-col-default": column,
                "printer-resolution-default": Resolution(600, 600),
                "document-format-default": "application/octet-stream",
                "printer-make-and-model": "Example\x1b[31m Laser 12",
            }
        )
    )
    assert (can.finishings, can.default_finishings) == (("none", "staple-top-left", "jog-offset"), ("none",))
    assert (can.output_bins, can.default_output_bin) == (("face-down", "face-up"), "face-down")
    assert (can.feed_orientations, can.default_feed_orientation) == ((LONG,), LONG)
    assert (can.media_colors, can.default_media_color, can.default_media_type) == (("white", "blue"), "white", "labels")
    assert (can.default_source, can.default_resolution, can.default_format) == ("tray-1", 600, "application/octet-stream")
    assert can.make_and_model == "Example [31m Laser 12"


def test_an_old_printer_s_sheets_are_read_from_their_names():
    can = read(
        Attributes(
            {
                "media-supported": ["na_letter_8.5x11in", "iso_a4_210x297mm", "custom_min_50x50mm", "custom_max_216x356mm", "a4"],
                "media-default": "iso_a4_210x297mm",
                "media-top-margin-supported": [0, 423],
                "color-supported": False,
            }
        )
    )
    assert [each.media for each in can.media] == [
        Media(21590, 27940, "na_letter_8.5x11in"),
        Media(21000, 29700, "iso_a4_210x297mm"),
    ]
    assert can.media[0].margins == Margins(423, 0, 0, 0)
    assert can.default_media == Media(21000, 29700, "iso_a4_210x297mm")
    assert can.custom_media == CustomMedia(5000, 21600, 5000, 35600)
    assert can.colors == (ColorMode.MONOCHROME,)


def test_sheets_without_margins_come_after_those_that_every_printer_can_do():
    def entry(edge: int, **more) -> Collection:
        size = Collection({"x-dimension": 21000, "y-dimension": 29700})
        edges = {f"media-{side}-margin": edge for side in ("top", "right", "bottom", "left")}
        return Collection({"media-size": size, **edges, **more})

    can = read(Attributes({"media-col-database": [entry(0), entry(423), entry(423, **{"media-source": "main"})]}))
    assert [each.margins.top for each in can.media] == [423, 423, 0]
    assert can.media[1] == MediaSupport(Media(21000, 29700), Margins(423, 423, 423, 423), "main")


def test_what_a_hostile_printer_says_is_bounded_and_harmless():
    size = Collection({"x-dimension": -5, "y-dimension": 2**31 - 1})
    can = read(
        Attributes(
            {
                "copies-supported": IntegerRange(-(2**31), 2**31 - 1),
                "media-col-database": [Collection({"media-size": size})],
                "media-source-supported": ["tray\n1", "main", "x" * 1000, "\x1b[31mred"],
                "document-format-supported": ["application/pdf", "text/html\r\nX: y", "<script>"],
                "printer-resolution-supported": [Resolution(0, 0), Resolution(-1, 5), Resolution(600, 600)],
                "media-supported": [f"custom_{number}_{number}x{number}mm" for number in range(1, 5000)],
            }
        )
    )
    assert can.max_copies == 9999
    assert can.sources == ("main",)
    assert can.formats == ("application/pdf",)
    assert can.resolutions == (600,)
    assert len(can.media) <= 400
    assert all(each.media.width > 0 for each in can.media)


def test_a_name_is_one_line_whatever_is_in_it():
    name = Text("ACME\r\n\x1b[31m \u2028Laser\u202e \u7532" + "x" * 2000)
    assert read(Attributes({"printer-make-and-model": name})).make_and_model[:20] == "ACME [31m Laser \u7532xxx"
    assert len(read(Attributes({"printer-make-and-model": name})).make_and_model) == 127
