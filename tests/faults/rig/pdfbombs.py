"""PDF documents that grow, that act, that are broken, and a look at what is left of their actions."""

import io
import random
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name

from tests.converter import samples

#: Words of a PDF that make a viewer do something else than show pages (ISO 32000-2, 12.6, 7.11, 12.7).
ACTS = (
    *("/Launch", "/JavaScript", "/JS", "/OpenAction", "/AA", "/EmbeddedFile", "/EmbeddedFiles", "/SubmitForm", "/ImportData"),
    *("/GoToR", "/GoToE", "/URI", "/RichMedia", "/XFA", "/AcroForm", "/Movie", "/Sound", "/Rendition", "/Filespec", "/Annots"),
)


def chained(times: int) -> bytes:
    """A page whose content is packed so many times: 30 MB of nothing, and at last a few hundred bytes."""
    content = zlib.compress(bytes(30_000_000), 9)
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    pdf = pikepdf.new()
    pdf.add_blank_page().obj.Contents = pdf.make_stream(content, Filter=Array([Name.FlateDecode] * times))
    return _raw(pdf)


def inflated(size: int, where: str) -> bytes:
    """A page with one honest stream of so many bytes of nothing: its content, an image, a font, its colour space."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    packer = zlib.compressobj(9)
    begun = packer.compress(b"\n" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(9, zlib.DEFLATED, -15)
    million = rest.compress(b"\n" * 1_000_000) + rest.flush(zlib.Z_FULL_FLUSH)
    packed = begun + million * (size // 1_000_000 - 1) + b"\x03\x00" + bytes(4)
    stream = pdf.make_stream(packed, Filter=Name.FlateDecode)
    if where == "content":
        page.obj.Contents = stream
    elif where == "image":
        edge = int((size / 3) ** 0.5)
        stream.Type, stream.Subtype, stream.Width, stream.Height = Name.XObject, Name.Image, edge, edge
        stream.ColorSpace, stream.BitsPerComponent = Name.DeviceRGB, 8
        page.obj.Resources = Dictionary(XObject=Dictionary(I=stream))
        page.obj.Contents = pdf.make_stream(b"500 0 0 500 0 0 cm /I Do")
    else:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.X, Encoding=Name("/Identity-H"), ToUnicode=stream)
        page.obj.Resources = Dictionary(Font=Dictionary(F=pdf.make_indirect(font)))
        page.obj.Contents = pdf.make_stream(b"BT /F 9 Tf (x) Tj ET")
    return _raw(pdf)


def drawing_itself(levels: int, times: int, kind: str = "form") -> bytes:
    """Forms (or patterns) in so many levels, each of which draws the one below so many times."""
    pdf = pikepdf.new()
    box = Array([0, 0, 9, 9])
    form = pdf.make_stream(b"0 0 1 1 re f", Type=Name.XObject, Subtype=Name.Form, BBox=box)
    for _ in range(levels):
        if kind == "form":
            drawn, words = Dictionary(XObject=Dictionary(A=form)), b"/A Do " * times
            form = pdf.make_stream(words, Type=Name.XObject, Subtype=Name.Form, BBox=box, Resources=drawn)
        else:
            pattern = pdf.make_stream(
                b"/A Do" if "/Subtype" in form else b"/Pattern cs /P scn 0 0 900 900 re f",
                Type=Name.Pattern, PatternType=1, PaintType=1, TilingType=1, BBox=box, XStep=1, YStep=1,
                Resources=Dictionary(XObject=Dictionary(A=form)) if "/Subtype" in form else Dictionary(Pattern=Dictionary(P=form)),
            )  # fmt: skip
            form = pattern
    page = pdf.add_blank_page()
    if kind == "form":
        page.obj.Resources, page.obj.Contents = Dictionary(XObject=Dictionary(A=form)), pdf.make_stream(b"/A Do " * times)
    else:
        page.obj.Resources = Dictionary(Pattern=Dictionary(P=form))
        page.obj.Contents = pdf.make_stream(b"/Pattern cs /P scn 0 0 900 900 re f")
    return samples.saved(pdf)


def within_itself() -> bytes:
    """A form that draws itself, by way of another."""
    pdf = pikepdf.new()
    one, two = (pdf.make_stream(b"/A Do /A Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9])) for _ in range(2))
    one.Resources, two.Resources = Dictionary(XObject=Dictionary(A=two)), Dictionary(XObject=Dictionary(A=one))
    page = pdf.add_blank_page()
    page.obj.Resources, page.obj.Contents = Dictionary(XObject=Dictionary(A=one)), pdf.make_stream(b"/A Do")
    return samples.saved(pdf)


def tree(levels: int, *, kids: int = 10, told: int | None = None, loop: bool = False) -> bytes:
    """A tree of pages that shows one page `kids` to the power of `levels` times. `loop`: its leaves lead back to its root."""
    bodies = ["<</Type/Catalog/Pages 2 0 R>>"]
    for level in range(levels):
        below = 2 if loop and level == levels - 1 else level + 3
        count = kids ** (levels - level) if told is None else told
        bodies.append(f"<</Type/Pages/Count {count}/Kids[{f'{below} 0 R ' * kids}]>>")
    return plain([*bodies, "<</Type/Page/MediaBox[0 0 9 9]>>"])


def plain(bodies: list[str]) -> bytes:
    """A file of these objects, numbered from 1; the first is its catalog."""
    data, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += f"{number} 0 obj {body} endobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode() + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(data + f"trailer <</Size {len(places) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())


def many_pages(count: int, told: int = 0) -> bytes:
    """So many pages, each an object of its own; `told`: how many it says that it has."""
    kids = " ".join(f"{number} 0 R" for number in range(3, count + 3))
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    tree = f"<</Type/Pages/Resources<<>>/Count {told or count}/Kids[{kids}]>>"
    return plain(["<</Type/Catalog/Pages 2 0 R>>", tree, *[page] * count])


def deep(levels: int) -> bytes:
    """An array within an array within an array."""
    return plain(["<</Type/Catalog/Pages 2 0 R/X " + "[" * levels + "]" * levels + ">>", "<</Type/Pages/Count 0/Kids[]>>"])


def broken(kind: str) -> bytes:
    """A good document, broken: its table of objects, its end, its lengths, or some of its bytes."""
    data = samples.pages("broken")
    if kind == "xref":
        return data.replace(b"00000 n", b"99999 n").replace(b"startxref\n", b"startxref\n9")
    if kind == "lengths":
        return data.replace(b"/Length ", b"/Length 99")
    if kind == "end":
        return data[: len(data) // 2]
    if kind == "previous":
        return data.replace(b"trailer <<", b"trailer << /Prev 15 ")
    chance = random.Random(7)
    return bytes(chance.randrange(256) if place > 20 and chance.random() < 0.02 else byte for place, byte in enumerate(data))


def locked(owner_only: bool = False) -> bytes:
    """A document with a password; `owner_only`: it opens without one."""
    with pikepdf.open(io.BytesIO(samples.pages("locked"))) as pdf:
        return samples.saved(pdf, encryption=pikepdf.Encryption(user="" if owner_only else "secret", owner="secret", R=6))


def acting(words: str = "words", address: str = "http://127.0.0.1/x", path: str = "/etc/passwd") -> bytes:
    """A document of one page that does everything it can besides being shown: with an address and a file."""
    with pikepdf.open(io.BytesIO(samples.pages(words))) as pdf:
        file = Dictionary(Type=Name.Filespec, F=path, UF=path)
        actions = [
            Dictionary(S=Name.Launch, F="/bin/sh", Win=Dictionary(F="cmd.exe", P="/c calc")),
            Dictionary(S=Name.JavaScript, JS=f"this.submitForm('{address}'); app.launchURL('{address}'); app.alert(1)"),
            Dictionary(S=Name.URI, URI=address),
            Dictionary(S=Name.SubmitForm, F=Dictionary(FS=Name.URL, F=address), Flags=0),
            Dictionary(S=Name.ImportData, F=file),
            Dictionary(S=Name.GoToR, F=file, D=Array([0, Name.Fit])),
            Dictionary(S=Name.GoToE, F=file, D=Array([0, Name.Fit])),
            Dictionary(S=Name.Rendition, OP=0),
        ]
        first = pdf.make_indirect(actions[1])
        pdf.Root.OpenAction = first
        pdf.Root.AA = Dictionary(WC=first, WP=first, DP=first)
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["x", first])))
        pdf.Root.URI = Dictionary(Base=address)
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="f", V="v", Rect=[9, 9, 99, 30], AA=Dictionary(F=first)
        )
        field.MK, field.F = Dictionary(), 4
        fields = Array([pdf.make_indirect(field)])
        pdf.Root.AcroForm = Dictionary(Fields=fields, XFA=pdf.make_stream(b"<xdp/>"), DA="/Helv 0 Tf", NeedAppearances=True)
        links = [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 99, 99], F=4, A=action) for action in actions]
        screen = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 99, 99], F=4)
        attached = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[0, 0, 9, 9], FS=file)
        page = pdf.pages[0].obj
        page.AA = Dictionary(O=actions[0], C=first)
        page.Annots = Array([*fields, *(pdf.make_indirect(each) for each in (*links, screen, attached))])
        page.Resources.XObject = Dictionary(R=_elsewhere(pdf, address, path), O=_opi(pdf, path))
        page.Contents = Array([page.Contents, pdf.make_stream(b"\nq /R Do /O Do Q")])
        pdf.attachments["evil.exe"] = b"MZ"
        return samples.saved(pdf)


def _elsewhere(pdf: pikepdf.Pdf, address: str, path: str) -> pikepdf.Object:
    """A form whose pages lie in another document (a reference XObject), and a stream whose bytes do."""
    form = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    form.Ref = Dictionary(F=Dictionary(FS=Name.URL, F=address), Page=0)
    form.F = Dictionary(Type=Name.Filespec, F=path)
    return form


def _opi(pdf: pikepdf.Pdf, path: str) -> pikepdf.Object:
    """A picture whose better one lies in a file (OPI)."""
    picture = pdf.make_stream(b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
    picture.ColorSpace = Name.DeviceGray
    picture.OPI = Dictionary({"/2.0": Dictionary(Type=Name.OPI, Version=2.0, F=path)})
    return picture


def acts(data: bytes) -> list[str]:
    """The words in a PDF's objects that make a viewer act."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        names = {str(name) for thing in pdf.objects for name in _names(thing)}
    return sorted(names & set(ACTS))


def _names(thing: object) -> list[str]:
    """Every key and every name within one object, as far as it does not lead to another one."""
    if isinstance(thing, Name):
        return [str(thing)]
    if isinstance(thing, Array):
        return [name for each in thing for name in _own(each)]
    if isinstance(thing, (Dictionary, pikepdf.Stream)):
        return [name for key, value in thing.items() for name in (str(key), *_own(value))]
    return []


def _own(value: object) -> list[str]:
    return [] if isinstance(value, pikepdf.Object) and value.is_indirect else _names(value)


def _raw(pdf: pikepdf.Pdf) -> bytes:
    return samples.saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
