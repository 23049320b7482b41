"""Sheets by Graph's names."""

import pytest

from libs.contracts.tickets import Media
from services.gateway.graph.words.media import NAMES, from_graph, named, to_graph


@pytest.mark.parametrize("name", NAMES)
def test_each_name_leads_to_a_sheet_and_back(name):
    media = from_graph(name.upper())
    assert media is not None
    assert to_graph(media) == name
    assert to_graph(Media(media.width + 30, media.height - 30)) == name, "names in inches do not come out even"


def test_other_sizes_have_pwg_names():
    assert from_graph("iso_b5_176x250mm") == Media(17600, 25000, "iso_b5_176x250mm")
    assert to_graph(Media(17600, 25000, "iso_b5_176x250mm")) == "iso_b5_176x250mm"
    assert to_graph(Media(6000, 4000)) == "custom_60x40mm_60x40mm"
    assert from_graph("custom_60x40mm_60x40mm") == Media(6000, 4000, "custom_60x40mm_60x40mm")


def test_what_names_no_size_is_no_sheet():
    assert from_graph("Manager's special") is None
    assert from_graph("custom_none_0x0mm") is None
    assert named("roll_current") == "roll_current"
    assert named("na_letter_8.5x11in") == "North America Letter"


def test_the_misspelt_name_is_read_in_its_right_spelling_too():
    assert from_graph("North America Government Letter") == from_graph("North America Goverment Letter")
