"""Headers, footers and watermarks as they are drawn: by words, by place and by colour."""

import io

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from libs.contracts.marks import Align, Place
from libs.contracts.tickets import Margins, Orientation
from services.converter import glyphs
from services.converter.domain import A4, Edges, Finishing, Rejected, Stamp
from services.converter.finish import finish
from services.converter.workers import Limits
from tests.converter.samples import ink, pages, picture, read, saved

LIMITS = Limits(pages=50, pixels=10**6, bytes=10**6)


@pytest.fixture(autouse=True, scope="module")
def fonts():
    glyphs.prepare()


def made(data: bytes, *stamps: Stamp, pictures: tuple[bytes, ...] = (), **wanted: object):
    return finish(data, Finishing(stamps=stamps, pictures=pictures, **wanted), LIMITS)


def blank(size=(595.276, 841.89), count=1) -> bytes:
    pdf = pikepdf.new()
    for _ in range(count):
        pdf.add_blank_page(page_size=size)
    return saved(pdf)


def shown(data: bytes, page: int = 0) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    try:
        return document[page].render(scale=1).to_pil().convert("RGB")
    finally:
        document.close()


def test_a_text_can_be_read_back_in_every_script_that_has_glyphs():
    outcome = made(blank(), Stamp(Place.HEADER, "机密 {page}/{pages} Привет {{x}"))
    assert read(outcome.data).text.strip() == "机密 1/1 Привет {x}"
    assert outcome.warnings == []


@pytest.mark.parametrize(("align", "place"), [(Align.LEFT, (1000, None)), (Align.CENTER, None), (Align.RIGHT, (None, 20000))])
def test_a_line_stands_where_it_should(align, place):
    left, top, right, bottom = ink(made(blank(), Stamp(Place.HEADER, "HEADER", align=align)).data)
    assert 450 < top < bottom < 1100
    if align is Align.CENTER:
        assert (left + right) / 2 == pytest.approx(10500, abs=60)
    elif align is Align.LEFT:
        assert left == pytest.approx(place[0], abs=60)
    else:
        assert right == pytest.approx(place[1], abs=60)


def test_a_footer_stands_at_the_foot_and_outside_of_what_cannot_be_printed():
    _, _, _, bottom = ink(made(blank(), Stamp(Place.FOOTER, "FOOTER"), sheet=A4, unprintable=Edges(0, 0, 1500, 0)).data)
    assert 27500 < bottom <= 28200


def test_lines_of_rules_stand_outside_and_none_covers_another():
    header = made(blank(), *(Stamp(Place.HEADER, word) for word in ("RULE", "HOUSE", "OWN")))
    footer = made(blank(), *(Stamp(Place.FOOTER, word) for word in ("RULE", "HOUSE", "OWN")))
    assert read(header.data).text.split() == ["RULE", "HOUSE", "OWN"]
    assert read(footer.data).text.split() == ["RULE", "HOUSE", "OWN"], "in the order in which they were drawn"
    at = [ink(made(blank(), *(Stamp(Place.FOOTER, "X") for _ in range(count))).data) for count in (1, 2)]
    assert at[1][3] == at[0][3], "the first of them stays at the edge"
    assert at[1][1] < at[0][1]
    first, all_three = (ink(made(blank(), *(Stamp(Place.HEADER, "X") for _ in range(count))).data) for count in (1, 3))
    assert all_three[3] - all_three[1] > 2.5 * (first[3] - first[1])


def test_what_is_too_wide_is_made_smaller():
    left, _, right, _ = ink(made(blank(), Stamp(Place.HEADER, "wide " * 90, size=12)).data)
    assert left >= 950
    assert right <= 20050


def test_marks_stand_on_every_side_with_the_count_of_printed_pages():
    outcome = made(pages("a", "b", "c", "d"), Stamp(Place.FOOTER, "{page}/{pages}"), number_up=2, sheet=A4)
    assert [text.split()[-1] for text in read(outcome.data).texts] == ["1/2", "2/2"]


def test_a_watermark_is_large_slanting_and_pale():
    stamp = Stamp(Place.WATERMARK, "CONFIDENTIAL", size=0, color=(1.0, 0.0, 0.0), opacity=0.3, angle=45)
    outcome = made(blank(), stamp)
    left, top, right, bottom = ink(outcome.data)
    assert right - left > 12000
    assert bottom - top > 12000
    assert (left + right) / 2 == pytest.approx(10500, abs=600)
    reds = {color for _, color in shown(outcome.data).getcolors(10**6) if color != (255, 255, 255)}
    assert min(reds, key=lambda color: color[1])[1] == pytest.approx(178, abs=6)


def test_a_watermark_lies_over_or_under_what_the_page_shows():
    data = blank()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.pages[0].Contents = pdf.make_stream(b"0 0 1 rg 0 0 596 842 re f")
        data = saved(pdf)
    over = Stamp(Place.WATERMARK, "XXXX", size=100, color=(1.0, 0.0, 0.0))
    assert (255, 0, 0) in {color for _, color in shown(made(data, over).data).getcolors(10**6)}
    under = Stamp(Place.WATERMARK, "XXXX", size=100, color=(1.0, 0.0, 0.0), under=True)
    assert {color for _, color in shown(made(data, under).data).getcolors(10**6)} == {(0, 0, 255)}


def test_two_watermarks_do_not_lie_on_each_other():
    stamps = [Stamp(Place.WATERMARK, word, size=30) for word in ("FIRST", "SECOND")]
    _, top, _, bottom = ink(made(blank(), *stamps).data)
    assert bottom - top > 8000


def test_an_image_keeps_its_colours_its_size_and_what_is_transparent():
    logo = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    logo.paste((0, 128, 0, 255), (20, 0, 40, 20))
    outcome = made(blank(), Stamp(Place.HEADER, picture=0, align=Align.LEFT, size=20), pictures=(saved(logo, format="PNG"),))
    left, top, right, bottom = ink(outcome.data)
    assert right - left == pytest.approx(706, abs=30), "only its right half shows anything"
    assert bottom - top == pytest.approx(706, abs=30)
    assert (0, 128, 0) in {color for _, color in shown(outcome.data).getcolors(10**6)}


def test_an_image_as_watermark_is_as_large_as_suits():
    outcome = made(
        blank(), Stamp(Place.WATERMARK, picture=0, size=0, opacity=0.5), pictures=(picture("JPEG", (200, 100), "black"),)
    )
    left, _, right, _ = ink(outcome.data)
    assert right - left == pytest.approx(21000 * 0.8, abs=100)


def test_an_image_that_is_none_or_a_bomb_is_refused():
    with pytest.raises(Rejected, match="damaged"):
        made(blank(), Stamp(Place.HEADER, picture=0), pictures=(picture("PNG")[:60],))
    with pytest.raises(Rejected, match="too large"):
        made(blank(), Stamp(Place.HEADER, picture=0), pictures=(saved(Image.new("1", (2000, 2000)), format="PNG"),))


def test_on_a_side_that_stands_on_its_head_so_do_its_marks():
    upright = ink(made(blank(), Stamp(Place.HEADER, "HEAD", align=Align.LEFT), sheet=A4).data)
    left, top, right, bottom = ink(
        made(blank(), Stamp(Place.HEADER, "HEAD", align=Align.LEFT), sheet=A4, orientation=Orientation.REVERSE_PORTRAIT).data
    )
    assert (21000 - right, 29700 - bottom, 21000 - left, 29700 - top) == pytest.approx(upright, abs=40)


def test_marks_move_and_shrink_with_nothing():
    plain = ink(made(blank(), Stamp(Place.HEADER, "HEAD"), sheet=A4).data)
    moved = made(blank(), Stamp(Place.HEADER, "HEAD"), sheet=A4, offset_x=3000, margins=Margins(3000, 3000, 3000, 3000))
    assert ink(moved.data) == pytest.approx(plain, abs=10)


def test_what_no_font_shows_is_told():
    assert "no font here can show" in made(blank(), Stamp(Place.HEADER, "\u05d0\u05d1")).warnings[0]


def test_a_long_document_shares_fonts_and_marks():
    one = len(made(blank(), Stamp(Place.HEADER, "机密文件")).data)
    many = len(made(blank(count=40), Stamp(Place.HEADER, "机密文件")).data)
    assert many < one + 40 * 900
