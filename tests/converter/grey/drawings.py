"""Pages that say red in all the ways in which PDF can."""

import io
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

RED = (0.9, 0.1, 0.1)
WORDS = "BT /F 24 Tf 20 20 Td (Readable) Tj ET"
SQUARE = "50 80 100 100 re f"


def page(contents, resources=None, **more):
    """A PDF with one page of 200 x 200 points; `resources` makes them, given the document."""
    with pikepdf.new() as pdf:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        own = Dictionary(Font=Dictionary(F=font))
        for name, value in (resources(pdf) if resources else {}).items():
            own[f"/{name}"] = value
        made = Dictionary(Type=Name.Page, MediaBox=[0, 0, 200, 200], Resources=own, **more)
        made.Contents = pdf.make_stream(contents.encode() if isinstance(contents, str) else contents)
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(made)))
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def tint(pdf, to=(0, 0.9, 0.9, 0.1)):
    return pdf.make_indirect(Dictionary(FunctionType=2, Domain=[0, 1], C0=[0] * len(to), C1=list(to), N=1))


def spaces(pdf):
    icc = pdf.make_stream(b"profile")
    icc.N, icc.Alternate = 3, Name.DeviceRGB
    sampled = pdf.make_stream(bytes((255, 255, 255, 230, 25, 25)))
    sampled.FunctionType, sampled.BitsPerSample = 0, 8
    sampled.Domain, sampled.Range, sampled.Size = Array([0, 1]), Array([0, 1, 0, 1, 0, 1]), Array([2])
    lab = Dictionary(WhitePoint=[0.95, 1, 1.09], Range=[-100, 100, -100, 100])
    return {
        "ColorSpace": Dictionary(
            Icc=Array([Name.ICCBased, icc]),
            Spot=Array([Name.Separation, Name.Crimson, Name.DeviceCMYK, tint(pdf)]),
            Sampled=Array([Name.DeviceN, Array([Name.Crimson]), Name.DeviceRGB, sampled]),
            Lab=Array([Name.Lab, lab]),
            Listed=Array([Name.Indexed, Name.DeviceRGB, 1, String(bytes((255, 255, 255, 230, 25, 25)))]),
        )
    }


def image(pdf, data, size, space=Name.DeviceRGB, **more):
    made = Stream(pdf, data)
    made.Type, made.Subtype, made.Width, made.Height = Name.XObject, Name.Image, *size
    made.BitsPerComponent = 8
    made.ColorSpace = space
    for name, value in more.items():
        made[f"/{name}"] = value
    return made


def jpeg(mode, color):
    out = io.BytesIO()
    Image.new(mode, (16, 16), color).save(out, "JPEG", quality=95)
    return out.getvalue()


def images(pdf):
    listed = Array([Name.Indexed, Name.DeviceRGB, 1, String(bytes((255, 255, 255, 230, 25, 25)))])
    mask = image(pdf, bytes(range(16)) * 16, (16, 16), Name.DeviceGray)
    return {
        "XObject": Dictionary(
            Plain=image(pdf, bytes((230, 25, 25)) * 256, (16, 16), SMask=mask),
            Listed=image(pdf, b"\1" * 256, (16, 16), listed),
            Photo=image(pdf, jpeg("RGB", (230, 25, 25)), (16, 16), Filter=Name.DCTDecode),
            # Pillow turns the inks around when it writes them, as Photoshop does: Decode says so.
            Inks=image(
                pdf, jpeg("CMYK", (0, 230, 230, 25)), (16, 16), Name.DeviceCMYK, Filter=Name.DCTDecode, Decode=Array([1, 0] * 4)
            ),
            Spot=image(pdf, b"\xff" * 256, (16, 16), Array([Name.Separation, Name.Crimson, Name.DeviceCMYK, tint(pdf)])),
            Turned=image(pdf, bytes((25, 230, 230)) * 256, (16, 16), Decode=Array([1, 0] * 3)),
        )
    }


def shadings(pdf):
    half = tint(pdf, RED)
    stitched = Dictionary(FunctionType=3, Domain=[0, 1], Functions=[half, half], Bounds=[0.5], Encode=[0, 1, 1, 0])
    axial = Dictionary(ShadingType=2, ColorSpace=Name.DeviceRGB, Coords=[0, 0, 200, 0], Function=half, Extend=[True, True])
    radial = Dictionary(
        ShadingType=3, ColorSpace=Name.DeviceRGB, Coords=[100, 100, 0, 100, 100, 90], Function=stitched, Background=list(RED)
    )
    return {
        "Shading": Dictionary(Axial=pdf.make_indirect(axial)),
        "Pattern": Dictionary(Radial=Dictionary(PatternType=2, Shading=pdf.make_indirect(radial))),
    }


def patterns(pdf):
    def cell(kind, contents):
        made = pdf.make_stream(contents)
        made.PatternType, made.PaintType, made.TilingType = 1, kind, 1
        made.BBox, made.XStep, made.YStep, made.Resources = Array([0, 0, 10, 10]), 10, 10, Dictionary()
        return made

    return {
        "Pattern": Dictionary(Own=cell(1, b"0.9 0.1 0.1 rg 0 0 5 5 re f"), Given=cell(2, b"0 0 5 5 re f")),
        "ColorSpace": Dictionary(Under=Array([Name.Pattern, Name.DeviceRGB])),
    }


def forms(pdf):
    inner = pdf.make_stream(b"0.9 0.1 0.1 rg 0 0 100 100 re f")
    inner.Subtype, inner.BBox, inner.Resources = Name.Form, Array([0, 0, 100, 100]), Dictionary()
    outer = pdf.make_stream(b"q /Inner Do Q")
    outer.Subtype, outer.BBox, outer.Resources = Name.Form, Array([0, 0, 100, 100]), Dictionary(XObject=Dictionary(Inner=inner))
    outer.Group = Dictionary(S=Name.Transparency, CS=Name.DeviceRGB, I=True)
    luminous = pdf.make_stream(b"1 0.5 0.5 rg 0 0 200 200 re f")
    luminous.Subtype, luminous.BBox, luminous.Resources = Name.Form, Array([0, 0, 200, 200]), Dictionary()
    luminous.Group = Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)
    mask = Dictionary(Type=Name.Mask, S=Name.Luminosity, G=luminous, BC=[0, 0, 0])
    return {"XObject": Dictionary(Outer=outer), "ExtGState": Dictionary(Masked=Dictionary(SMask=mask), Plain=Dictionary(ca=0.5))}


def glyphs(pdf):
    drawn = pdf.make_stream(b"1000 0 d0 0.9 0.1 0.1 rg 0 0 750 750 re f")
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type3,
        FontBBox=[0, 0, 750, 750],
        FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
        CharProcs=Dictionary(square=drawn),
        Encoding=Dictionary(Type=Name.Encoding, Differences=[97, Name.square]),
        FirstChar=97,
        LastChar=97,
        Widths=[1000],
        Resources=Dictionary(),
    )
    return {"Font": Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica), T=font)}


def mesh(pdf):
    """A triangle whose corners have colours of their own."""
    corners = b"".join(
        b"\0" + at + color for at, color in ((b"\x20\x40", b"\xff\0\0"), (b"\xd0\x40", b"\0\xff\0"), (b"\x80\xf0", b"\0\0\xff"))
    )
    made = Stream(pdf, zlib.compress(corners))
    made.Filter = Name.FlateDecode
    made.ShadingType, made.ColorSpace, made.BitsPerCoordinate, made.BitsPerComponent, made.BitsPerFlag = 4, Name.DeviceRGB, 8, 8, 8
    made.Decode = Array([0, 200, 0, 200, 0, 1, 0, 1, 0, 1])
    return {"Shading": Dictionary(Mesh=made)}


INLINE = b"q 100 0 0 100 50 80 cm BI /W 1 /H 1 /BPC 8 /CS /RGB ID \xe6\x19\x19\nEI Q "

#: Drawing -> a page in colour, which is understood whole.
UNDERSTOOD = {
    "red, green and blue": page(f"0.9 0.1 0.1 rg 0 0 1 RG 5 w {SQUARE} 40 70 120 120 re S {WORDS}"),
    "inks": page(f"0 0.9 0.9 0.1 k 1 0 0 0 K 5 w {SQUARE} 40 70 120 120 re S {WORDS}"),
    "a profile": page(f"/Icc cs 0.9 0.1 0.1 sc {SQUARE} {WORDS}", spaces),
    "a spot colour": page(f"/Spot cs 1 scn {SQUARE} {WORDS}", spaces),
    "a sampled ink": page(f"/Sampled cs 1 scn {SQUARE} {WORDS}", spaces),
    "a colour of Lab": page(f"/Lab cs 50 60 40 sc {SQUARE} {WORDS}", spaces),
    "a list": page(f"/Listed cs 1 sc {SQUARE} {WORDS}", spaces),
    "a colour that is saved": page(f"/Icc cs 0 1 0 sc q 0 g Q 0.9 0.1 0.1 sc {SQUARE} {WORDS}", spaces),
    "an image within": page(INLINE + WORDS.encode()),
    "shadings": page(f"q 0 100 200 100 re W n /Axial sh Q /Pattern cs /Radial scn 50 50 100 50 re f 0 g {WORDS}", shadings),
    "patterns": page(f"/Pattern cs /Own scn {SQUARE} /Under cs 0 0 1 /Given scn 0 150 40 40 re f 0 g {WORDS}", patterns),
    "forms and masks": page(
        f"q 1 0 0 1 50 80 cm /Plain gs /Outer Do Q q /Masked gs 0 0 1 rg 0 150 40 40 re f Q {WORDS}",
        forms,
        Group=Dictionary(S=Name.Transparency, CS=Name.DeviceRGB),
    ),
    "drawn glyphs": page(f"BT /T 100 Tf 50 80 Td (a) Tj ET {WORDS}", glyphs),
    **{
        f"an image: {name}": page(f"q 100 0 0 100 50 80 cm /{name} Do Q {WORDS}", images)
        for name in ("Plain", "Listed", "Photo", "Inks", "Spot", "Turned")
    },
}
#: The same, of which something is not.
DRAWN = {
    "a mesh": page(f"/Mesh sh 0 g {WORDS}", mesh),
    "a space that is not there": page(f"/Nothing cs 0.5 scn 1 0 0 rg {SQUARE} BI /W 1 /H 1 /BPC 8 /CS /What ID x EI {WORDS}"),
}
