"""Plain text: encodings, lines, pages, glyphs, and words that can be read back."""

import subprocess

import pytest

from libs.contracts.tickets import Orientation
from services.converter import glyphs
from services.converter.domain import Edges, Finishing, Layout, Rejected
from services.converter.typesetting import decoded, typeset, wrapped
from services.converter.workers import Limits
from tests.converter.samples import ink, read

LIMITS = Limits(pages=20, pixels=1, bytes=1_000_000)


@pytest.fixture(autouse=True, scope="module")
def fonts():
    glyphs.prepare()


def page(width: int = 21000, height: int = 29700, margin: int = 1000) -> Layout:
    return Layout(width, height, Edges(margin, margin, margin, margin), forced=True, margins_forced=False)


LABEL = page(6000, 1500, 200)


def made(text: str | bytes, layout: Layout | None = None, **wanted: object):
    data = text if isinstance(text, bytes) else text.encode()
    return typeset(data, layout or page(), Finishing(**wanted), LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_is_read_in_its_encoding(encoding):
    assert decoded("中文 text".encode(encoding)) == "中文 text"


def test_bytes_that_are_no_known_encoding_are_still_printed():
    assert decoded(b"caf\xe9 \xff\xff") == "café ÿÿ"


def test_words_can_be_read_back_from_the_paper(tmp_path):
    words = "订单 Nr. 42: 骨直角，“引号”、¥9.99 éüß Ж α ① ㎡ あア 한"
    path = tmp_path / "text.pdf"
    path.write_bytes(made(words).data)
    read_back = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    assert read_back.strip() == words


@pytest.mark.parametrize("letter", ["č", "ő", "ş", "λ", "Щ", "м", "€", "°", "®"])
def test_letters_of_every_alphabet_fill_one_cell(letter):
    """Twenty of them end where twenty figures do; a font of another width would overlap or leave holes."""
    left, _, right, _ = ink(made(letter * 20, LABEL).data)
    first, _, last, _ = ink(made("1" * 20, LABEL).data)
    half = 10 * 2540 / 72 / 4
    assert abs(left - first) < half
    assert abs(right - last) < half


def test_a_glyph_stands_as_far_from_its_origin_as_its_font_says():
    """`│` in the middle of its two cells: lines of a table meet at their corners."""
    left, _, right, _ = ink(made("│", LABEL).data)
    assert (left + right) / 2 == pytest.approx(LABEL.margins.left + 10 * 2540 / 72 / 2, abs=25)


def test_fonts_are_embedded_and_small(tmp_path):
    path = tmp_path / "text.pdf"
    path.write_bytes(made("收件人 张三").data)
    fonts = subprocess.run(["pdffonts", path], capture_output=True, check=True).stdout.decode().splitlines()[2:]
    assert fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts), "embedded, subset, with Unicode"
    assert path.stat().st_size < 8000


@pytest.mark.parametrize(
    ("line", "columns", "parts"),
    [
        ("short", 10, ["short"]),
        ("", 10, [""]),
        ("hello wide world", 10, ["hello wide", "world"]),
        ("abcdefghijklm", 5, ["abcde", "fghij", "klm"]),
        ("中文中文中", 6, ["中文中", "文中"]),
        ("ab中文", 5, ["ab中", "文"]),
        ("a\tb", 20, ["a       b"]),
        ("中\tb", 20, ["中      b"]),
        ("word 中文字", 8, ["word 中", "文字"]),
    ],
)
def test_long_lines_go_on_in_the_next(line, columns, parts):
    assert list(wrapped(line, columns)) == parts


def test_pages_are_filled_and_form_feeds_begin_new_ones():
    rows = int((29700 - 2000) / 100 / 25.4 * 72 / 12.5)
    assert made("\n".join(["x"] * rows)).pages == 1
    assert made("\n".join(["x"] * (rows + 1))).pages == 2
    assert made("a\fb\fc").pages == 3
    assert made("a\f").pages == 1
    assert made("a\r\nb\rc").pages == 1
    assert read(made("one\r\ntwo\rthree").data).texts[0].split() == ["one", "two", "three"]


def test_text_stays_inside_its_margins():
    left, top, right, bottom = ink(made("█" * 9000, page(10000, 15000, 800)).data)
    assert left >= 790
    assert top >= 700
    assert right <= 9210
    assert bottom <= 14300


def test_a_tiny_label_still_has_words():
    paper = read(made("小标签 A1", page(3000, 2000, 100)).data)
    assert paper.sizes == [(3000, 2000)]
    assert "小标签" in paper.text


def test_ranges_copies_and_several_pages_on_a_sheet_work_for_text_too():
    assert read(made("a\fb\fc", page_ranges=((2, 3),)).data).text.split() == ["b", "c"]
    assert made("a\fb\fc", copies=2).pages == 6
    assert made("a\fb\fc\fd", number_up=4).pages == 1
    assert made("a", orientation=Orientation.REVERSE_PORTRAIT).pages == 1


@pytest.mark.parametrize("text", ["罕见字 𠮷", "שלום", "สวัสดี", "مرحبا"])
def test_what_a_row_of_glyphs_cannot_show_is_left_to_the_browser(text):
    outcome = made(f"<{text}>&\f2")
    assert outcome.pages == 0
    assert f"&lt;{text}&gt;&amp;" in outcome.data.decode()
    assert outcome.data.count(b"<pre") == 2


def test_control_characters_and_marks_are_not_shown():
    assert read(made("a\x07bell\u200band\ufeffmark" + "s" * 60).data).text.strip() == "abellandmark" + "s" * 60


@pytest.mark.parametrize("data", [b"%PDF-1.4 ...", b"\x89PNG\r\n\x1a\n....", bytes(100), b"PK\x03\x04" + bytes(50)])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(Rejected, match="TEXT"):
        made(data)


def test_endless_text_is_refused():
    with pytest.raises(Rejected, match="more than 20 pages"):
        made("x\n" * 100_000)
