"""Pages lose their colours and nothing else."""

import io

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat

from libs.contracts.tickets import Media
from services.converter.domain import Finishing
from services.converter.finish import finish
from services.converter.grey.seen import colored
from services.converter.workers import Limits
from tests.converter.grey.drawings import DRAWN, UNDERSTOOD, page, spaces

LIMITS = Limits(pages=50, pixels=20_000_000, bytes=10_000_000)
SHEET = Media(7056, 7056)  # 200 points


def made(data, **wanted):
    return finish(data, Finishing(grey=True, **wanted), LIMITS).data


def seen(data):
    """The first page as it looks, its text, and how many images it is made of."""
    document = pypdfium2.PdfDocument(data)
    first = document[0]
    picture = first.render(scale=1).to_pil().convert("RGB")
    text = first.get_textpage().get_text_bounded().strip()
    document.close()
    return picture, text


def weight(picture):
    """A grey picture of how light the other is."""
    return picture.convert("L")


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_is_understood_becomes_grey_and_text_stays_text(name):
    before, _ = seen(UNDERSTOOD[name])
    assert colored(before), "else there is nothing to prove"
    after, text = seen(made(UNDERSTOOD[name]))
    assert not colored(after)
    assert text.endswith("Readable")
    difference = ImageStat.Stat(ImageChops.difference(weight(before), weight(after)))
    assert difference.mean[0] < 12, "as light as it was"


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_not_understood_is_drawn(name):
    after, _ = seen(made(DRAWN[name]))
    assert not colored(after)
    before, _ = seen(DRAWN[name])
    assert ImageStat.Stat(ImageChops.difference(weight(before), weight(after))).mean[0] < 12


def test_several_pages_on_a_side_become_grey_with_all_they_share():
    data = made(UNDERSTOOD["forms and masks"], number_up=2, copies=2, sheet=SHEET)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 2
    after, text = seen(data)
    assert not colored(after)
    assert text == "Readable"


def test_a_page_without_colour_stays_what_it_is():
    grey = made(UNDERSTOOD["red, green and blue"])
    with pikepdf.open(io.BytesIO(made(grey))) as pdf, pikepdf.open(io.BytesIO(grey)) as before:
        assert pdf.pages[0].Contents.read_bytes() == before.pages[0].Contents.read_bytes()


def test_large_contents_become_grey_in_time_and_strings_stay_strings():
    lines = "\n".join(f"{number % 10 / 10} 0.2 0.7 rg {number % 200} {number % 190} 2 2 re f" for number in range(10_000))
    words = "0 0 1 RG BT /F 12 Tf 20 20 Td (\\(1 0 0 rg\\) and (0 0 1 k) ) Tj ET 0 0.9 0.9 0.1 k 5 5 50 50 re f % 1 0 0 rg"
    drawn = page(f"{lines}\n{words}")
    before, said = seen(drawn)
    after, text = seen(made(drawn))
    assert colored(before)
    assert not colored(after)
    assert text == said == "(1 0 0 rg) and (0 0 1 k)"
    assert ImageStat.Stat(ImageChops.difference(weight(before), weight(after))).mean[0] < 12


def test_contents_that_are_too_large_to_take_apart_are_drawn():
    spoken = "/Icc cs 0.9 0.1 0.1 sc 50 80 100 100 re f\n" * 40_000
    after, _ = seen(made(page(spoken, spaces)))
    assert not colored(after)


def test_without_being_asked_colours_stay():
    after, _ = seen(finish(UNDERSTOOD["inks"], Finishing(), LIMITS).data)
    assert colored(after)


def test_a_slight_tint_is_a_colour_and_rounding_is_none():
    assert not colored(Image.new("RGB", (4, 4), (100, 103, 100)))
    assert colored(Image.new("RGB", (4, 4), (100, 112, 100)))
