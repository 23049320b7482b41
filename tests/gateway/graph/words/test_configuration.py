"""Graph's words of how to print and the ticket that they mean, both ways."""

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from libs.contracts.devices import Capabilities, CustomMedia, MediaSupport
from libs.contracts.fleet import Profile
from libs.contracts.tickets import (
    Collate,
    ColorMode,
    Direction,
    FeedOrientation,
    Margins,
    Media,
    Orientation,
    Quality,
    Scaling,
    Sides,
    Ticket,
)
from services.gateway.graph.problem import Problem
from services.gateway.graph.words.configuration import MEMBERS, configuration_of, given, ticket_of, written
from services.gateway.graph.words.enums import COLORS, DUPLEX, FEEDS, FINISHINGS, LAYOUTS, ORIENTATIONS, QUALITIES, SCALINGS
from tests.gateway.graph.calling import APP, a_printer
from tests.gateway.graph.jobs import a_job

ANY = a_printer(capabilities=Capabilities(max_copies=99))
WHOLE = {
    "collate": True,
    "colorMode": "grayscale",
    "copies": 3,
    "dpi": 600,
    "duplexMode": "flipOnLongEdge",
    "feedOrientation": "longEdgeFirst",
    "finishings": ["staple", "punchDualLeft", "none"],
    "fitPdfToPage": True,
    "inputBin": "tray-1",
    "margin": {"top": 10000, "bottom": 0, "left": 5000, "right": None},
    "mediaSize": "A4",
    "mediaType": "stationery",
    "multipageLayout": "clockwiseFromTopRight",
    "orientation": "reverseLandscape",
    "outputBin": "face-down",
    "pageRanges": [{"start": 1, "end": 2}, {"start": 5, "end": 5}],
    "pagesPerSheet": 4,
    "quality": "high",
    "scaling": "shrinkToFit",
}


def test_every_member_means_something():
    found = given({"configuration": WHOLE}, ANY)
    assert found == WHOLE
    assert set(WHOLE) == set(MEMBERS)
    assert ticket_of(found, ANY, Ticket(zoom=50)) == Ticket(
        copies=3,
        sides=Sides.TWO_SIDED_LONG_EDGE,
        color=ColorMode.MONOCHROME,
        orientation=Orientation.REVERSE_LANDSCAPE,
        media=Media(21000, 29700, "iso_a4_210x297mm"),
        margins=Margins(top=1000, bottom=0, left=500),
        page_ranges=((1, 2), (5, 5)),
        number_up=4,
        collate=Collate.COLLATED,
        quality=Quality.HIGH,
        scaling=Scaling.AUTO_FIT,
        zoom=50,
        tray="tray-1",
        media_type="stationery",
        resolution=600,
        finishings=("staple", "punch-dual-left"),
        output_bin="face-down",
        layout=Direction.TOBOTTOM_TOLEFT,
        feed_orientation=FeedOrientation.LONG_EDGE_FIRST,
    )
    assert configuration_of(a_job(configuration=written(found))) == WHOLE


def test_nulls_stay_null_and_unknown_members_do_not_count():
    found = given({"configuration": {"copies": None, "mediaColor": "red", "@odata.type": "x"}}, ANY)
    assert found == {"copies": None}
    assert ticket_of(found, ANY) == Ticket()
    assert given({}, ANY) == given({"configuration": None}, ANY) == {}
    assert configuration_of(a_job(configuration="{}")) == dict.fromkeys(MEMBERS)


def test_fitting_a_page_is_a_way_of_scaling_unless_one_is_named():
    assert ticket_of({"fitPdfToPage": True}, ANY).scaling is Scaling.FIT
    assert ticket_of({"fitPdfToPage": True, "scaling": "none"}, ANY).scaling is Scaling.NONE
    assert ticket_of({"fitPdfToPage": False}, ANY).scaling is None


def test_auto_is_the_printers_own_choice_where_it_has_no_such_mode():
    color = a_printer(capabilities=Capabilities(colors=(ColorMode.COLOR,)))
    assert ticket_of(given({"configuration": {"colorMode": "auto"}}, color), color).color is None
    able = a_printer(capabilities=Capabilities(colors=(ColorMode.COLOR, ColorMode.AUTO)))
    assert ticket_of(given({"configuration": {"colorMode": "auto"}}, able), able).color is ColorMode.AUTO
    silent = a_printer(capabilities=Capabilities())
    assert ticket_of(given({"configuration": {"colorMode": "color"}}, silent), silent).color is ColorMode.COLOR


def words(table):
    return st.none() | st.sampled_from(table.names)


TENS = st.integers(0, 900).map(lambda at: at * 10)
CONFIGURATIONS = st.fixed_dictionaries(
    {},
    optional={
        "colorMode": words(COLORS),
        "duplexMode": words(DUPLEX),
        "feedOrientation": words(FEEDS),
        "finishings": st.lists(st.sampled_from([each for each in FINISHINGS.names if each != "none"]), min_size=1, unique=True),
        "multipageLayout": words(LAYOUTS),
        "orientation": words(ORIENTATIONS),
        "quality": words(QUALITIES),
        "scaling": words(SCALINGS),
        "copies": st.integers(1, 99),
        "pagesPerSheet": st.integers(1, 100),
        "dpi": st.none() | st.integers(1, 9600),
        "collate": st.none() | st.booleans(),
        "mediaSize": st.sampled_from(("A4", "North America Letter", "North America Goverment Letter", "Business Card", "Photo")),
        "margin": st.fixed_dictionaries(dict.fromkeys(("top", "bottom", "left", "right"), TENS)),
    },
)  # fmt: skip


@settings(deadline=None)
@for_all(CONFIGURATIONS)
def test_what_a_ticket_means_is_what_was_asked_for(configuration):
    found = given({"configuration": configuration}, ANY)
    told = configuration_of(a_job(ticket=ticket_of(found, ANY)))
    asked = {name: value for name, value in configuration.items() if value is not None and (name, value) != ("colorMode", "auto")}
    assert {name: value for name, value in told.items() if value is not None} == {"copies": 1, "pagesPerSheet": 1, **asked}


TRAYS = a_printer(
    capabilities=Capabilities(
        sources=("tray-1", "tray-2"),
        media=(MediaSupport(Media(21000, 29700, "iso_a4_210x297mm")), MediaSupport(Media(10000, 5000, "oe_label"))),
        custom_media=CustomMedia(5000, 12000, 5000, 20000),
        resolutions=(300, 600),
        finishings=("staple",),
        max_copies=5,
    ),
)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("inputBin", "TRAY-1"), ("mediaSize", "a4"), ("mediaSize", "oe_label"), ("mediaSize", "iso_a6_105x148mm"), ("dpi", 300),
        ("finishings", ["staple"]), ("finishings", []), ("copies", 9999), ("pagesPerSheet", 3), ("duplexMode", "flipOnShortEdge"),
    ],
)  # fmt: skip
def test_what_a_printer_can_is_taken(member, value):
    assert given({"configuration": {member: value}}, TRAYS) == {member: value}


@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("inputBin", "tray-3", "tray-1, tray-2"),
        ("mediaSize", "A3", "A4"),
        ("mediaSize", "nonsense", "A4"),
        ("dpi", 1200, "300, 600"),
        ("finishings", ["fold"], "staple"),
        ("copies", 0, "at least 1"),
        ("copies", 10_000, "from 1 to 9999"),
        ("pagesPerSheet", 101, "1, 2, 4"),
        ("margin", {"top": 3_000_000}, "microns"),
        ("pageRanges", [7], "start"),
        ("quality", 3, "low, medium, high"),
    ],
)
def test_what_it_cannot_is_refused_with_what_it_can(member, value, says):
    with pytest.raises(Problem) as caught:
        given({"configuration": {member: value}}, TRAYS)
    assert caught.value.status == 400
    assert caught.value.target.startswith(f"configuration.{member}")
    assert says in caught.value.message


def test_a_printer_that_an_application_serves_can_what_it_said():
    said = {"colorModes": ["color"], "collation": False, "isPageRangeSupported": False, "pagesPerSheet": [1, 2]}
    served = a_printer(served_by=APP, profile=Profile(display="Pull", capabilities=said))
    for member, value in (
        ("colorMode", "grayscale"), ("collate", True), ("pageRanges", [{"start": 1, "end": 1}]), ("pagesPerSheet", 4),
    ):  # fmt: skip
        with pytest.raises(Problem):
            given({"configuration": {member: value}}, served)
    assert given({"configuration": {"collate": False, "colorMode": "Color"}}, served) == {"collate": False, "colorMode": "color"}
