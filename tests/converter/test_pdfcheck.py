"""What is looked for in a PDF document before anything draws it."""

import base64
import io
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from services.converter import pdfcheck
from services.converter.domain import Finishing, Rejected
from services.converter.finish import finish
from services.converter.workers import Limits
from tests.converter import samples
from tests.faults.rig import pdfbombs

LIMITS = Limits(pages=100, pixels=10_000, bytes=100_000)


def packed(data, *filters):
    pdf = pikepdf.new()
    stream = pdf.make_stream(data, Filter=Array([Name(each) for each in filters]))
    pdf.add_blank_page().obj.Contents = stream
    return samples.saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def check(data, limits=LIMITS):
    with pdfcheck.opened(data, limits) as pdf:
        return len(pdf.pages)


@pytest.mark.parametrize(
    ("data", "filters"),
    [
        (zlib.compress(bytes(30_000_000)), ["/FlateDecode"]),
        (zlib.compress(zlib.compress(bytes(30_000_000))), ["/FlateDecode", "/FlateDecode"]),
        (base64.a85encode(zlib.compress(bytes(30_000_000))) + b"~>", ["/ASCII85Decode", "/FlateDecode"]),
        (zlib.compress(bytes(30_000_000)).hex().encode() + b">", ["/ASCIIHexDecode", "/FlateDecode"]),
        (zlib.compress(b"x"), ["/FlateDecode"] * 5),
    ],
    ids=["once", "twice", "ascii85", "hexadecimal", "five times"],
)
def test_what_unpacks_to_far_more_than_it_is_is_refused(data, filters):
    with pytest.raises(Rejected) as refused:
        check(packed(data, *filters))
    assert refused.value.reason == "document-security-error"


@pytest.mark.parametrize("data", [bytes(90_000), b"1 0 0 rg " * 50_000], ids=["blank", "long"])
def test_a_stream_that_only_packs_well_is_none(data):
    assert check(packed(zlib.compress(data), "/FlateDecode"), Limits(100, 10_000, 500_000)) == 1


@pytest.mark.parametrize(("edge", "good"), [(1000, True), (1001, False)])
def test_an_empty_image_may_unpack_to_all_its_pixels(edge, good):
    pdf = pikepdf.new()
    image = {"Type": Name.XObject, "Subtype": Name.Image, "Width": edge, "Height": edge, "BitsPerComponent": 8}
    stream = pdf.make_stream(zlib.compress(bytes(edge * edge * 3)), ColorSpace=Name.DeviceRGB, Filter=Name.FlateDecode, **image)
    pdf.add_blank_page().obj.Resources = Dictionary(XObject=Dictionary(A=stream))
    data = samples.saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    if good:
        assert check(data, Limits(100, 1_000_000, 1_000_000)) == 1
    else:
        with pytest.raises(Rejected, match="unpacks to far more"):
            check(data, Limits(100, 1_000_000, 1_000_000))


def test_a_broken_stream_is_none():
    assert check(packed(zlib.compress(bytes(900_000))[:200], "/FlateDecode"), Limits(100, 10_000, 10_000_000)) == 1


def form(pdf, content=b"", **keys):
    return pdf.make_stream(content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), **keys)


@pytest.mark.parametrize(("content", "good"), [(b"/A Do", False), (b"/A\nDo", False), (b"/#41 Do", False), (b"/AB Do", True)])
def test_a_form_may_name_itself_but_not_draw_itself(content, good):
    pdf = pikepdf.new()
    one = form(pdf, content)
    one.Resources = Dictionary(XObject=Dictionary(A=one))
    page = pdf.add_blank_page()
    page.obj.Resources, page.obj.Contents = Dictionary(XObject=Dictionary(A=one)), pdf.make_stream(b"/A Do")
    if good:
        assert check(samples.saved(pdf)) == 1
    else:
        with pytest.raises(Rejected, match="draws itself"):
            check(samples.saved(pdf))


@pytest.mark.parametrize(("levels", "good"), [(2, True), (8, False)])
def test_patterns_in_patterns_have_an_end(levels, good):
    pdf = pikepdf.new()
    keys = {"Type": Name.Pattern, "PatternType": 1, "PaintType": 1, "TilingType": 1, "BBox": [0, 0, 9, 9], "XStep": 9, "YStep": 9}
    inner = pdf.make_stream(b"0 0 9 9 re f", **keys)
    for _ in range(levels):
        inner = pdf.make_stream(b"/Pattern cs /P scn 0 0 9 9 re f", **keys, Resources=Dictionary(Pattern=Dictionary(P=inner)))
    pdf.add_blank_page().obj.Resources = Dictionary(Pattern=Dictionary(P=inner))
    if good:
        assert check(samples.saved(pdf)) == 1
    else:
        with pytest.raises(Rejected, match="draws itself"):
            check(samples.saved(pdf))


def test_nothing_that_lies_outside_of_the_document_is_left_in_it():
    with pikepdf.open(io.BytesIO(samples.pages("words"))) as pdf:
        outer = form(pdf, F=Dictionary(Type=Name.Filespec, F="/etc/passwd"), Ref=Dictionary(F="/etc/passwd", Page=0))
        outer.OPI = Dictionary({"/2.0": Dictionary(F="/etc/passwd")})
        pdf.pages[0].obj.Resources.XObject = Dictionary(R=outer)
        pdf.pages[0].obj.Contents = Array([pdf.pages[0].obj.Contents, pdf.make_stream(b" /R Do")])
        data = samples.saved(pdf)
    made = finish(data, Finishing(), Limits(10, 10_000, 1_000_000)).data
    assert b"passwd" in data
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert not any("passwd" in str(thing) for thing in pdf.objects)
    assert "words" in samples.read(made).text


def test_a_document_that_says_it_has_too_many_pages_is_not_read_any_further(monkeypatch):
    opened, look = [], pikepdf.open
    monkeypatch.setattr(pikepdf, "open", lambda *args, **given: opened.append(given) or look(*args, **given))
    kids = " ".join(f"{number} 0 R" for number in range(3, 203))
    bodies = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count 200/Kids[{kids}]>>"]
    with pytest.raises(Rejected, match="200 pages; at most 100"):
        check(pdfbombs.plain([*bodies, *["<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"] * 200]))
    assert [given.get("inherit_page_attributes") for given in opened] == [False], "what all pages inherit was not handed down"
