"""PWG raster: decoded page by page, and refused by its header."""

import io
import struct

import pytest
from PIL import Image

from services.converter import pwg
from services.converter.domain import Finishing, Rejected
from services.converter.finish import finish
from services.converter.workers import Limits
from tests.converter.samples import ink, pages, picture, read

LIMITS = Limits(pages=10, pixels=10**6, bytes=10**7)
#: Mode -> bits a colour, bits a pixel, colour space (PWG 5102.4).
MODES = {"RGB": (8, 24, 19), "L": (8, 8, 18), "K": (8, 8, 3), "1": (1, 1, 3)}


def header(width: int, height: int, mode: str = "L", dpi: int = 72) -> bytes:
    bits, pixel, space = MODES[mode]
    made = bytearray(1796)
    made[:9] = b"PwgRaster"
    struct.pack_into(">II", made, 276, dpi, dpi)
    struct.pack_into(">II", made, 372, width, height)
    struct.pack_into(">IIIII", made, 384, bits, pixel, (width * pixel + 7) // 8, 0, space)
    return bytes(made)


def lines(image: Image.Image, mode: str) -> bytes:
    """Every line once, each pixel as a literal of its own or a run."""
    out = bytearray()
    unit = max(1, MODES[mode][1] // 8)
    size = (image.width * MODES[mode][1] + 7) // 8
    data = image.tobytes()
    for row in range(image.height):
        out.append(0)
        line = data[row * size : (row + 1) * size]
        for first in range(0, size, unit * 64):
            part = line[first : first + unit * 64]
            same = part == part[:unit] * (len(part) // unit)
            count = len(part) // unit
            out += bytes([count - 1]) + part[:unit] if same else bytes([(257 - count) % 256]) + part
    return bytes(out)


def raster(*images: Image.Image, mode: str = "RGB", dpi: int = 72) -> bytes:
    return pwg.SYNC + b"".join(header(each.width, each.height, mode, dpi) + lines(each, mode) for each in images)


def drawing(mode: str) -> Image.Image:
    image = Image.new(mode, (100, 80), 1 if mode == "1" else "white")
    image.paste(0, (10, 20, 60, 50))
    return image


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_pages_come_out_as_they_were(mode):
    made = pwg.to_pdf(raster(drawing(mode), drawing(mode), mode=mode), LIMITS)
    assert len(read(made).texts) == 2
    assert read(made).sizes[0] == (3528, 2822)
    assert ink(made) == pytest.approx((353, 706, 2117, 1764), abs=40)


@pytest.mark.parametrize("mode", ["K", "1"])
def test_black_may_be_one_instead_of_nothing(mode):
    shown = drawing("L" if mode == "K" else "1")
    ones = Image.frombytes(shown.mode, shown.size, bytes(255 - byte for byte in shown.tobytes()))
    made = pwg.to_pdf(raster(ones, mode=mode), LIMITS)
    assert ink(made) == pytest.approx((353, 706, 2117, 1764), abs=40)


def test_a_line_may_repeat_and_end_in_white():
    rows = bytes([79]) + bytes([9, 0]) + bytes([128])
    made = pwg.to_pdf(pwg.SYNC + header(100, 80) + rows, LIMITS)
    assert ink(made) == pytest.approx((0, 0, 353, 2822), abs=40)


def test_the_resolution_tells_the_size():
    made = pwg.to_pdf(raster(drawing("RGB"), dpi=36), LIMITS)
    assert read(made).sizes == [(7056, 5644)]
    assert finish(made, Finishing(), LIMITS).pages == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (pwg.SYNC, "no pages"),
        (pwg.SYNC + header(100, 80), "damaged"),
        (raster(drawing("RGB"))[:-50], "damaged"),
        (pwg.SYNC + header(100_000, 100_000), "100000 x 100000 pixels"),
        (pwg.SYNC + b"x" * 2000, "damaged"),
        (picture("PNG"), "a PNG image"),
        (pages("x"), "a PDF document"),
        (b"hello", "no PWG raster"),
    ],
    ids=["empty", "no lines", "cut", "bomb", "rubbish", "png", "pdf", "text"],
)
def test_what_is_no_raster_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(Rejected, match=sentence):
        pwg.to_pdf(data, LIMITS)


def test_many_pages_are_bounded_by_their_headers():
    blank = header(1000, 999) + bytes([255, 128]) * 4
    with pytest.raises(Rejected, match="page 5"):
        pwg.to_pdf(pwg.SYNC + blank * 6, LIMITS)


def test_it_is_what_pillow_wrote():
    image = Image.effect_noise((90, 70), 80)
    made = pwg.to_pdf(raster(image, mode="L"), LIMITS)
    assert io.BytesIO(made).read(5) == b"%PDF-"
    assert read(made).sizes == [(3175, 2469)]
