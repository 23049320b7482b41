"""Headers, footers and watermarks as clients write them."""

import base64

import pytest

from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.documents import Inline, Stored
from libs.contracts.marks import Align, Mark, Place
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.marks import read_marks
from tests.converter.samples import picture
from tests.gateway.fakes import SN, door, printer

PNG = picture("PNG", (4, 4))
SENT = base64.b64encode(PNG).decode()


def marks(**fields):
    return read_marks(Fields(fields, "task.config"))


def refusal(**fields):
    with pytest.raises(Rejected) as refused:
        marks(**fields)
    return str(refused.value)


def test_a_text_is_enough():
    assert marks(header="top", footer="{page}/{pages}", watermark="SECRET") == (
        Mark(Place.HEADER, "top"),
        Mark(Place.FOOTER, "{page}/{pages}"),
        Mark(Place.WATERMARK, "SECRET", size=0, color="808080", opacity=30, angle=45),
    )


@pytest.mark.parametrize("nothing", [None, "", [], {"text": ""}, {"left": ""}])
def test_nothing_is_nothing(nothing):
    assert marks(header=nothing) == ()


@pytest.mark.parametrize("nothing", [{}, {"left": None}, {"size": 9}])
def test_an_object_without_words_is_named(nothing):
    assert refusal(header=nothing) == "task.config.header says nothing: give it a text, or an image in base64."


def test_an_object_says_how():
    assert marks(header={"text": "x", "align": "right", "size": "12", "color": "#F00", "opacity": 0.5, "angle": 3}) == (
        Mark(Place.HEADER, "x", align=Align.RIGHT, size=12, color="ff0000", opacity=50, angle=3),
    )
    assert marks(watermark={"text": "x", "layer": "under", "opacity": 80})[0].under is True


def test_a_line_has_three_places():
    found = marks(footer={"left": "l", "center": {"text": "c", "size": 7}, "right": {"image": SENT}})
    assert [(mark.align, mark.text, mark.size) for mark in found] == [
        (Align.LEFT, "l", 9),
        (Align.CENTER, "c", 7),
        (Align.RIGHT, "", 0),
    ]
    assert found[2].image == Inline(PNG)


@pytest.mark.parametrize("sent", [SENT, f"data:image/png;base64,{SENT}", SENT.rstrip("="), SENT[:20] + "\n" + SENT[20:]])
def test_an_image_comes_in_base64(sent):
    assert marks(watermark={"image": sent})[0].image == Inline(PNG)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"header": 7}, "task.config.header must be a text, or an object with a text or an image; it is 7."),
        ({"header": "{foo}"}, "task.config.header has '{foo}', which is no variable: write {page}, {pages}"),
        ({"header": "a { b"}, "task.config.header has '{ b', which is no variable"),
        ({"header": "x" * 501}, "task.config.header must have at most 500 characters"),
        ({"header": {"text": "x", "color": "sky"}}, "task.config.header.color must be a colour such as #808080"),
        ({"header": {"text": "x", "size": -1}}, "task.config.header.size must be a number from 0 to 500 (points)"),
        ({"header": {"left": {"text": "x", "align": "up"}}}, "task.config.header.left.align must be one of LEFT"),
        ({"watermark": {"image": "!!"}}, "task.config.watermark.image is not base64"),
        ({"watermark": {"image": "aGVsbG8="}}, "task.config.watermark.image must be a PNG or a JPEG"),
        ({"watermark": {"image": 7}}, "task.config.watermark.image must be an image in base64"),
        ({"watermark": {"image": "A" * 100_000}}, "task.config.watermark.image must be an image of at most 8 KB"),
        ({"watermark": {"image": SENT, "text": "x"}}, "task.config.watermark has a text and an image"),
    ],
)
def test_what_is_not_good_is_named(fields, sentence):
    assert refusal(**fields).startswith(sentence)


def test_a_brace_is_written_twice():
    assert marks(header="{{page}")[0].text == "{{page}"


async def test_rules_come_first_and_are_not_removed(tmp_path):
    rule, house = Mark(Place.HEADER, "device"), Mark(Place.FOOTER, "client")
    async with door(tmp_path) as rig:
        rig.mirror.put(printer(marks=(rule,)))
        rig.mirror.put(ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT, marks=(house,)))
        task = await rig.printed(content="<p>x", header="task", config={"header": "config", "footer": None})
        assert task.ticket.marks == (rule, house, Mark(Place.HEADER, "config"), Mark(Place.HEADER, "task"))
        assert (await rig.printed(content="<p>x", header=None, config={"header": ""})).ticket.marks == (rule, house)


async def test_a_large_image_goes_to_the_store_with_its_task(tmp_path):
    large = picture("PNG", (60, 60), "red") + bytes(10_000)
    async with door(tmp_path) as rig:
        task = await rig.printed(content="<p>x", watermark={"image": base64.b64encode(large).decode()}, footer={"image": SENT})
        stored = task.ticket.marks[1].image
        assert isinstance(stored, Stored)
        assert stored.name == f"main/{task.id}/mark-1"
        assert await rig.gateway.documents.get(stored.name) == large
        assert task.ticket.marks[0].image == Inline(PNG)
