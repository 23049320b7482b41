"""Marks as what is drawn: variables and pictures."""

from datetime import UTC, datetime

from libs.contracts.devices import Target
from libs.contracts.documents import Format, Inline
from libs.contracts.marks import Mark, Place
from services.converter.stamps import stamps, values
from tests.converter.samples import order


def test_variables_are_filled_in_but_for_those_that_only_pages_know():
    about = values(order(Format.PDF, target=Target(name="Office")), datetime(2030, 1, 31, 8, 5, tzinfo=UTC))
    text = "{page}/{pages} {date} {time} {name} {device} {taskId} {{x} {other}"
    assert stamps((Mark(Place.HEADER, text),), about)[0].text == "{page}/{pages} 2030-01-31 08:05  Office t1 {{x} {other}"


def test_a_brace_in_a_name_is_no_variable():
    assert stamps((Mark(Place.HEADER, "{name}"),), {"name": "{pages}"})[0].text == "{{pages}"


def test_pictures_are_numbered_among_themselves():
    image = Inline(b"x")
    found = stamps((Mark(Place.HEADER, image=image), Mark(Place.FOOTER, "x"), Mark(Place.WATERMARK, image=image)), {})
    assert [each.picture for each in found] == [0, None, 1]


def test_colours_and_opacity_are_parts_of_one():
    found = stamps((Mark(Place.HEADER, "x", color="ff8000", opacity=25),), {})[0]
    assert found.color == (1.0, 128 / 255, 0.0)
    assert found.opacity == 0.25
