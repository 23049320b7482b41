from dataclasses import replace

import pytest

from libs.contracts.devices import Capabilities, CustomMedia, MediaSupport
from libs.contracts.tickets import Collate, ColorMode, FeedOrientation, Media, Quality, Sides, Ticket
from libs.ipp.attributes import Attributes, Collection
from libs.ipp.media_names import make_name, parse_name
from libs.ipp.values import EnumValue, Resolution
from services.agent.cups.options import options
from services.agent.drivers import Declined
from services.agent.ipp.ticket import fitting, job_attributes

A4 = Media(21000, 29700, "iso_a4_210x297mm")
LETTER = Media(21590, 27940, "na_letter_8.5x11in")
CAN = Capabilities(
    media=(MediaSupport(A4), MediaSupport(LETTER)),
    custom_media=CustomMedia(5000, 21600, 5000, 35600),
    max_copies=5,
    sides=(Sides.ONE_SIDED,),
)
FULL = Ticket(
    copies=5,
    sides=Sides.ONE_SIDED,
    color=ColorMode.COLOR,
    media=A4,
    collate=Collate.UNCOLLATED,
    quality=Quality.DRAFT,
)


def test_what_a_printer_does_not_say_anything_about_is_left_to_it():
    ticket = Ticket(sides=Sides.TWO_SIDED_LONG_EDGE, color=ColorMode.COLOR, media=A4, quality=Quality.DRAFT)
    assert job_attributes(ticket, Attributes(), Capabilities()) == {}


def test_values_are_those_that_the_printer_knows():
    said = Attributes(
        {
            "media-supported": ["iso_a4_210x297mm"],
            "print-color-mode-supported": ["auto", "monochrome"],
            "print-quality-supported": [3, 4],
            "multiple-document-handling-supported": ["separate-documents-uncollated-copies"],
            "print-scaling-supported": ["auto", "none"],
        }
    )
    assert job_attributes(FULL, said, CAN) == {
        "media": "iso_a4_210x297mm",
        "print-scaling": "none",
        "copies": 5,
        "multiple-document-handling": "separate-documents-uncollated-copies",
        "sides": "one-sided",
        "print-color-mode": "auto",
        "print-quality": 3,
    }


def test_a_tray_and_a_type_of_paper_go_with_the_sheet():
    said = Attributes({"media-col-supported": ["media-size", "media-source", "media-type"]})
    can = Capabilities(sources=("auto", "tray-2"), media_types=("labels",))
    assert job_attributes(Ticket(tray="tray-2", media_type="labels"), said, can) == {
        "media-col": Collection({"media-source": "tray-2", "media-type": "labels"})
    }


@pytest.mark.parametrize(
    ("ticket", "sentence"),
    [
        (Ticket(tray="cellar"), "The printer has no tray cellar. It has auto, tray-2."),
        (Ticket(media_type="velvet"), "The printer has no paper of the type velvet. It names none: leave the choice to it."),
        (Ticket(quality=Quality.HIGH), "The printer has no quality high. It has normal."),
        (Ticket(sides=Sides.TWO_SIDED_SHORT_EDGE), "The printer has no mode two-sided-short-edge. It has one-sided."),
        (Ticket(copies=2, collate=Collate.COLLATED), "The printer has no order of copies collated. It has uncollated."),
        (Ticket(output_bin="cellar"), "The printer has no output bin cellar. It has face-up."),
        (Ticket(finishings=("none", "fold-z")), "The printer has no finishing fold-z. It has none, staple-top-left."),
        (
            Ticket(feed_orientation=FeedOrientation.LONG_EDGE_FIRST),
            "The printer has no way to feed paper long-edge-first. It names none: leave the choice to it.",
        ),
        (Ticket(copies=6), "The printer makes at most 5 copies of a document, not 6."),
    ],
)
def test_what_a_printer_does_not_have_is_declined_and_never_left_out(ticket, sentence):
    can = replace(CAN, sources=("auto", "tray-2"), qualities=(Quality.NORMAL,), collates=(Collate.UNCOLLATED,))
    can = replace(can, output_bins=("face-up",), finishings=("none", "staple-top-left"))
    with pytest.raises(Declined) as no:
        job_attributes(ticket, Attributes(), can)
    assert no.value.message == sentence
    with pytest.raises(Declined):
        options(ticket, can)


def test_what_becomes_of_the_paper_is_told_in_numbers_and_words():
    ticket = Ticket(
        finishings=("staple-top-left", "punch-dual-left"), output_bin="face-up", feed_orientation=FeedOrientation.LONG_EDGE_FIRST
    )
    can = Capabilities(
        finishings=("none", "staple-top-left", "punch-dual-left"),
        output_bins=("face-up",),
        feed_orientations=(FeedOrientation.LONG_EDGE_FIRST,),
    )
    wanted = {"finishings": [20, 74], "output-bin": "face-up", "feed-orientation": "long-edge-first"}
    assert job_attributes(ticket, Attributes(), can) == wanted
    assert options(ticket, can).items() >= wanted.items()
    assert all(isinstance(each, EnumValue) for each in job_attributes(ticket, Attributes(), can)["finishings"])
    assert job_attributes(Ticket(finishings=("none",)), Attributes(), Capabilities()) == {}


@pytest.mark.parametrize(
    ("color", "known", "mode"),
    [
        (ColorMode.AUTO, ["auto", "color"], "auto"),
        (ColorMode.AUTO, ["color", "monochrome"], "color"),
        (ColorMode.BI_LEVEL, ["monochrome", "bi-level"], "bi-level"),
        (ColorMode.BI_LEVEL, ["color", "monochrome"], "monochrome"),
        (ColorMode.MONOCHROME, ["auto", "process-monochrome"], "process-monochrome"),
        (ColorMode.MONOCHROME, ["auto", "color"], None),
        (ColorMode.COLOR, ["auto"], "auto"),
        (None, ["auto"], None),
    ],
)
def test_a_colour_mode_is_the_printers_own_or_the_next_best(color, known, mode):
    made = job_attributes(Ticket(color=color), Attributes({"print-color-mode-supported": known}), Capabilities())
    assert made.get("print-color-mode") == mode


def test_a_queue_is_asked_for_grey_only_if_it_can():
    grey = Ticket(color=ColorMode.MONOCHROME)
    assert options(grey, Capabilities(colors=(ColorMode.COLOR, ColorMode.MONOCHROME)))["print-color-mode"] == "monochrome"
    software = Capabilities(colors=(ColorMode.COLOR, ColorMode.MONOCHROME), monochrome=False)
    assert "print-color-mode" not in options(grey, software)


def test_a_resolution_is_one_of_the_printers_own():
    can = Capabilities(resolutions=(300, 600))
    wanted = {"printer-resolution": Resolution(600, 600)}
    assert job_attributes(Ticket(resolution=600), Attributes(), can) == wanted
    assert options(Ticket(resolution=600), can).items() >= wanted.items()
    for kept in (can, Capabilities()):
        with pytest.raises(Declined, match="no resolution 1200"):
            job_attributes(Ticket(resolution=1200), Attributes(), kept)


def test_a_tray_is_declined_by_a_printer_that_lists_it_and_takes_no_word_for_it():
    with pytest.raises(Declined, match="does not let a task choose its tray"):
        job_attributes(Ticket(tray="main"), Attributes(), Capabilities(sources=("main",)))


def test_the_sheet_is_given_by_its_exact_size_where_that_is_understood():
    said = Attributes({"media-col-supported": ["media-size", "media-source"]})
    assert job_attributes(Ticket(media=Media(10000, 15000)), said, CAN) == {
        "media-col": Collection({"media-size": Collection({"x-dimension": 10000, "y-dimension": 15000})})
    }


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (Media(21000, 29700), A4),
        (Media(20990, 29720), A4),
        (Media(29700, 21000), A4),
        (Media(10000, 15000), Media(10000, 15000, "custom_100x150mm_100x150mm")),
        (Media(30000, 10000), Media(10000, 30000, "custom_100x300mm_100x300mm")),
    ],
)
def test_the_printer_s_own_sheet_of_that_size_is_found(wanted, got):
    assert fitting(wanted, CAN) == got


def test_a_sheet_that_the_printer_does_not_have_is_declined_with_what_it_has():
    with pytest.raises(Declined, match=r"no sheet of 600 x 900 mm\. It takes iso_a4_210x297mm, na_letter_8\.5x11in"):
        fitting(Media(60000, 90000), CAN)


def test_a_printer_that_does_not_say_what_it_has_is_trusted():
    assert fitting(Media(60000, 90000), Capabilities()) == Media(60000, 90000)


@pytest.mark.parametrize(("width", "height"), [(10000, 15000), (6200, 2999), (21590, 27940)])
def test_a_name_that_we_make_says_its_size(width, height):
    assert parse_name(make_name(width, height)) == (width, height)


@pytest.mark.parametrize("name", ["a4", "iso_a4_210x297", "iso_a4_x297mm", ""])
def test_a_name_that_says_no_size_says_none(name):
    assert parse_name(name) is None
