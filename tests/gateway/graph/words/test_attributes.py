"""What an application says of its printer in IPP, octet by octet: the attributes of the official sample (graph-print.md 1.3)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ipp.attributes import Attributes, Collection
from libs.ipp.encoding import encode
from libs.ipp.message import Group, Response
from libs.ipp.tags import GroupTag
from libs.ipp.values import (
    EnumValue,
    IntegerRange,
    Keyword,
    MimeMediaType,
    NaturalLanguage,
    Opaque,
    OutOfBand,
    Resolution,
    Text,
    Uri,
)
from services.gateway.graph.http.members import read
from services.gateway.graph.problem import Problem
from services.gateway.graph.words import capabilities, defaults
from services.gateway.graph.words.attributes import attributes

A4, LETTER = Keyword("iso_a4_210x297mm"), Keyword("na_letter_8.5x11in")
COLUMN = Collection(
    {
        "media-size": Collection({"x-dimension": 21000, "y-dimension": 29700}),
        **{f"media-{edge}-margin": width for edge, width in (("top", 300), ("bottom", 500), ("left", 300), ("right", 300))},
    }
)
SAMPLE = {
    "generated-natural-language-supported": NaturalLanguage("en-us"),
    "ipp-versions-supported": [Keyword("1.1"), Keyword("2.0")],
    "printer-up-time": 4711,
    "printer-make-and-model": Text("Example Pull Queue"),
    "printer-more-info-manufacturer": Uri("https://example.com/"),
    "copies-supported": IntegerRange(1, 99),
    "copies-default": 1,
    "printer-resolution-default": Resolution(600, 600),
    "printer-resolution-supported": [Resolution(300, 300), Resolution(600, 1200), Resolution(118, 118, 4)],
    "sides-supported": [Keyword("one-sided"), Keyword("two-sided-long-edge"), Keyword("two-sided-short-edge")],
    "sides-default": Keyword("two-sided-long-edge"),
    "document-format-supported": [MimeMediaType("application/pdf"), MimeMediaType("application/oxps")],
    "document-format-default": MimeMediaType("application/pdf"),
    "document-format-preferred": MimeMediaType("application/pdf"),
    "pdl-override-supported": Keyword("attempted"),
    "output-bin-supported": [Keyword("face-down"), Keyword("tray-1")],
    "output-bin-default": Keyword("face-down"),
    "color-supported": True,
    "print-color-mode-supported": [Keyword("auto"), Keyword("color"), Keyword("monochrome"), Keyword("bi-level")],
    "print-color-mode-default": Keyword("auto"),
    "print-quality-supported": [EnumValue(3), EnumValue(4), EnumValue(5)],
    "print-quality-default": EnumValue(4),
    "multiple-document-handling-supported": [Keyword("separate-documents-collated-copies")],
    "print-scaling-supported": [Keyword("auto"), Keyword("auto-fit"), Keyword("fill"), Keyword("fit"), Keyword("none")],
    "print-scaling-default": Keyword("auto-fit"),
    "media-type-supported": [Keyword("stationery"), Keyword("labels")],
    "media-source-supported": [Keyword("auto"), Keyword("tray-1")],
    "media-supported": [A4, LETTER, Keyword("custom_min_10x10mm"), Keyword("roll_current")],
    "media-default": A4,
    "media-col-database": [COLUMN],
    "media-col-default": COLUMN,
    "media-col-supported": [Keyword("media-size")],
    "orientation-requested-default": EnumValue(3),
    "finishings-supported": [EnumValue(3), EnumValue(20), EnumValue(74), EnumValue(14)],
    "finishings-default": EnumValue(3),
    "printer-is-accepting-jobs": True,
}


def body(said, *, end=False):
    """A group of printer attributes, with nothing before it, and its end tag or not."""
    data = encode(Response(0, 1, (Group(GroupTag.PRINTER, Attributes(said)),)))[8:]
    return data if end else data[:-1]


@pytest.mark.parametrize("end", [True, False])
def test_the_attributes_of_the_sample_become_capabilities(end):
    assert len(SAMPLE) == 36
    found = attributes(body(SAMPLE, end=end))
    wanted = {
        "collation": True,
        "colorModes": ["auto", "color", "grayscale", "blackAndWhite"],
        "contentTypes": ["application/pdf", "application/oxps"],
        "copiesPerJob": {"start": 1, "end": 99},
        "dpis": [300, 600],
        "duplexModes": ["oneSided", "flipOnLongEdge", "flipOnShortEdge"],
        "finishings": ["none", "stapleTopLeft", "punchDualLeft"],
        "inputBins": ["auto", "tray-1"],
        "isColorPrintingSupported": True,
        "mediaSizes": ["A4", "North America Letter", "roll_current"],
        "mediaTypes": ["stationery", "labels"],
        "outputBins": ["face-down", "tray-1"],
        "qualities": ["low", "medium", "high"],
        "scalings": ["auto", "shrinkToFit", "fill", "fit", "none"],
        "bottomMargins": [5000],
        "topMargins": [3000],
        "leftMargins": [3000],
        "rightMargins": [3000],
    }
    assert found["capabilities"] == wanted
    assert found["accepting"] is True
    assert not {"state", "reasons"} & set(found)
    assert set(found["ipp"]) == set(SAMPLE)
    assert read(found["capabilities"], capabilities.MEMBERS, "capabilities") == wanted, "what is kept is what JSON could have said"


def test_the_defaults_are_told_by_graphs_names():
    found = attributes(body(SAMPLE))["defaults"]
    assert found == {
        "colorMode": "auto",
        "contentType": "application/pdf",
        "copiesPerJob": 1,
        "dpi": 600,
        "duplexMode": "flipOnLongEdge",
        "finishings": ["none"],
        "mediaSize": "A4",
        "orientation": "portrait",
        "outputBin": "face-down",
        "quality": "medium",
        "scaling": "shrinkToFit",
    }
    assert read(found, defaults.MEMBERS, "defaults") == found


def test_who_made_it_is_told_apart_from_the_model():
    said = attributes(body(SAMPLE))
    assert (said["manufacturer"], said["model"]) == ("Example", "Pull Queue")
    assert "manufacturer" not in attributes(body({"copies-default": 1}))
    assert attributes(body({"printer-make-and-model": Text("Example")})).get("model") is None


def test_words_that_graph_has_not_take_none_away():
    found = attributes(body({"sides-supported": [Keyword("on-the-spine")], "finishings-supported": OutOfBand.NO_VALUE}))
    assert found["capabilities"] == {"finishings": []}, "its sides are as they were, and it says itself that it finishes nothing"
    assert attributes(body({"sides-supported": [Keyword("on-the-spine"), Keyword("one-sided")]}))["capabilities"] == {
        "duplexModes": ["oneSided"]
    }


def test_only_what_is_said_changes():
    found = attributes(
        body({"printer-state": EnumValue(5), "printer-state-reasons": [Keyword("media-empty-error"), Keyword("none")]})
    )
    assert (found["capabilities"], found["defaults"]) == ({}, {})
    assert (found["state"], found["reasons"]) == ("stopped", ("media-empty-error",))
    assert "accepting" not in found


def test_pages_on_a_side_and_their_order_have_names_too():
    said = {
        "number-up-supported": IntegerRange(1, 9),
        "number-up-default": 2,
        "presentation-direction-number-up-supported": [Keyword("toright-tobottom"), Keyword("totop-toleft")],
        "orientation-requested-supported": [EnumValue(3), EnumValue(6), EnumValue(7)],
        "feed-orientation-supported": [Keyword("short-edge-first")],
        "page-ranges-supported": False,
    }
    found = attributes(body(said))
    assert found["capabilities"] == {
        "pagesPerSheet": [1, 2, 4, 6, 8, 9],
        "multipageLayouts": ["clockwiseFromTopLeft", "counterclockwiseFromBottomRight"],
        "orientations": ["portrait", "reversePortrait"],
        "feedOrientations": ["shortEdgeFirst"],
        "isPageRangeSupported": False,
    }
    assert found["defaults"] == {"pagesPerSheet": 2}


def test_every_value_can_be_kept_as_json():
    said = {
        "a": [True, 7, Text("x"), b"\x00\xff", IntegerRange(1, 2), Resolution(1, 2), Opaque(0x55, b"?")],
        "b": OutOfBand.NO_VALUE,
    }
    kept = attributes(body(said))["ipp"]
    assert json.loads(json.dumps(kept)) == {
        "a": [True, 7, "x", "AP8=", {"lower": 1, "upper": 2}, {"crossFeed": 1, "feed": 2, "units": 3}, {"tag": 85, "data": "Pw=="}],
        "b": [None],
    }


@pytest.mark.parametrize("data", [b"", b"\x04", b"\x02\x00\x00\x00", body(SAMPLE)[:-7], b"\x01" + body(SAMPLE)[1:]])
def test_what_is_no_group_of_attributes_is_refused(data):
    with pytest.raises(Problem, match="application/ipp") as refused:
        attributes(data)
    assert refused.value.status == 400


@given(st.binary(max_size=300))
def test_no_octets_do_harm(data):
    try:
        kept = attributes(b"\x04" + data)
    except Problem as problem:
        refused = problem
    else:
        refused = None
    assert refused.status == 400 if refused else json.loads(json.dumps(kept)) == kept
