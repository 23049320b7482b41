"""Graph's words of how to print, as the official SDK knows them."""

import pytest
from msgraph.generated.models.print_color_mode import PrintColorMode
from msgraph.generated.models.print_duplex_mode import PrintDuplexMode
from msgraph.generated.models.print_finishing import PrintFinishing
from msgraph.generated.models.print_multipage_layout import PrintMultipageLayout
from msgraph.generated.models.print_orientation import PrintOrientation
from msgraph.generated.models.print_quality import PrintQuality
from msgraph.generated.models.print_scaling import PrintScaling
from msgraph.generated.models.printer_feed_orientation import PrinterFeedOrientation

from libs.contracts.tickets import ColorMode, Direction, FeedOrientation, Orientation, Quality, Scaling, Sides
from libs.ipp.finishings import NUMBERS
from services.gateway.graph.words import enums


@pytest.mark.parametrize(
    ("words", "theirs", "ours"),
    [
        (enums.COLORS, PrintColorMode, ColorMode),
        (enums.DUPLEX, PrintDuplexMode, Sides),
        (enums.ORIENTATIONS, PrintOrientation, Orientation),
        (enums.QUALITIES, PrintQuality, Quality),
        (enums.SCALINGS, PrintScaling, Scaling),
        (enums.FEEDS, PrinterFeedOrientation, FeedOrientation),
        (enums.LAYOUTS, PrintMultipageLayout, Direction),
    ],
)
def test_every_word_is_known_on_both_sides(words, theirs, ours):
    assert set(words.names) == {each.value for each in theirs} - {"unknownFutureValue"}
    assert [words.of(words.to(each)) for each in ours] == list(ours)
    assert [words.of(name.upper()) for name in words.names] == [words.of(name) for name in words.names]


def test_finishings_go_by_name_and_not_by_number():
    assert set(enums.FINISHINGS.names) == {each.value for each in PrintFinishing} - {"unknownFutureValue"}
    pairs = {
        "edge-stitch": "stitchEdge",
        "edge-stitch-left": "stitchLeftEdge",
        "punch-dual-left": "punchDualLeft",
        "fold-z": "foldZ",
    }
    assert {keyword: enums.FINISHINGS.to(keyword) for keyword in pairs} == pairs
    assert {keyword for keyword in NUMBERS if enums.FINISHINGS.to(keyword) is None} == {
        "jog-offset",
        "punch-multiple-left",
        "punch-multiple-top",
        "punch-multiple-right",
        "punch-multiple-bottom",
    }


def test_what_nobody_knows_means_nothing():
    assert enums.COLORS.of("unknownFutureValue") is None
    assert enums.COLORS.to(None) is None
    assert enums.FINISHINGS.all(["none", "jog-offset", "none"]) == ["none"]
