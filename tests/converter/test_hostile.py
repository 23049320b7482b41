"""Documents that are broken, closed, mislabelled or made to hurt: each ends with a keyword and a sentence, and hurts nobody."""

import io
import struct
import zipfile
import zlib

import msoffcrypto
import openpyxl
import pikepdf
import pytest
from PIL import Image

from libs.contracts.documents import Engine, Format, SealedRequest
from libs.contracts.tickets import Media, Ticket
from services.converter.conversion import Rejected
from tests.converter import samples
from tests.converter.samples import read
from tests.converter.servers import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "CANARY-7f3a"


def locked_word() -> bytes:
    out = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(samples.word())).encrypt("secret", out)
    return out.getvalue()


def locked_pdf() -> bytes:
    with pikepdf.open(io.BytesIO(samples.pages("x"))) as pdf:
        return samples.saved(pdf, encryption=pikepdf.Encryption(user="secret", owner="secret"))


def zip_bomb() -> bytes:
    return samples.repacked(samples.word(), {"word/media/big.bin": bytes(300_000_000)}, level=1)


def lying_zip_bomb() -> bytes:
    """The headers say that the big part is small."""
    packed = bytearray(samples.repacked(samples.word(), {"word/media/big.bin": bytes(50_000_000)}))
    for place in (packed.find(struct.pack("<I", 50_000_000)), packed.rfind(struct.pack("<I", 50_000_000))):
        packed[place : place + 4] = struct.pack("<I", 1000)
    return bytes(packed)


def nested_zip() -> bytes:
    inner = b"x" * 1000
    for _ in range(4):
        inner = samples.repacked(samples.word(), {"inner.zip": inner})
    return inner


def many_parts() -> bytes:
    return samples.repacked(samples.word(), {f"word/part{number}.xml": b"" for number in range(20_000)}, level=0)


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{entities}]><w:document>&l9;</w:document>'
    return samples.repacked(samples.word(), {"word/document.xml": document.encode()})


def image_bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def lying_bitmap() -> bytes:
    data = bytearray(samples.picture("BMP", (40, 40)))
    struct.pack_into("<ii", data, 18, 60_000, 60_000)
    return bytes(data)


def packed_pdf() -> bytes:
    content = bytes(1_000_000)
    for _ in range(8):
        content = zlib.compress(content)
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    page.obj.Contents = pdf.make_stream(content, Filter=pikepdf.Array([pikepdf.Name.FlateDecode] * 8))
    return samples.saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def endless_pdf() -> bytes:
    """Thirty forms, each of which draws the one below twice."""
    pdf = pikepdf.new()
    form = pdf.make_stream(b"0 0 1 1 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1])
    for _ in range(30):
        drawn = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=form))
        form = pdf.make_stream(
            b"/A Do /A Do", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1], Resources=drawn
        )
    page = pdf.add_blank_page()
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=form))
    page.obj.Contents = pdf.make_stream(b"/A Do")
    return samples.saved(pdf)


def many_pages() -> bytes:
    """A page tree that shows one page a million times: 6 levels of 10 kids."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    data = bytearray(b"%PDF-1.4\n")
    places = []

    def add(number: int, body: str) -> None:
        places.append(len(data))
        data.extend(f"{number} 0 obj {body} endobj\n".encode())

    add(1, "<</Type/Catalog/Pages 2 0 R>>")
    for level in range(6):
        kids = f"{level + 3} 0 R " * 10
        add(level + 2, f"<</Type/Pages/Count {10 ** (6 - level)}/Kids[{kids}]>>")
    add(8, "<</Type/Page/MediaBox[0 0 9 9]>>")
    start = len(data)
    data.extend(f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode())
    data.extend(b"".join(b"%010d 00000 n \n" % place for place in places))
    data.extend(f"trailer <</Size {len(places) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())
    return bytes(data)


PASSWORD, FORMAT, SECURITY, UNPRINTABLE = (
    "document-password-error",
    "document-format-error",
    "document-security-error",
    "document-unprintable-error",
)
REJECTED = [
    ("a locked docx", Format.WORD, locked_word, PASSWORD, "password"),
    ("a locked pdf", Format.PDF, locked_pdf, PASSWORD, "password"),
    ("an empty file", Format.WORD, lambda: b"", FORMAT, "empty"),
    ("an empty text", Format.TEXT, lambda: b"", FORMAT, "empty"),
    ("a cut docx", Format.WORD, lambda: samples.word()[:-3000], FORMAT, "damaged"),
    ("a cut doc", Format.WORD, lambda: samples.old("doc")[:2000], FORMAT, ""),
    ("a cut pdf", Format.PDF, lambda: samples.pages("x")[:200], FORMAT, "damaged"),
    ("a cut png", Format.PNG, lambda: samples.picture("PNG", (900, 900), color=None)[:200], FORMAT, "damaged"),
    ("random bytes as docx", Format.WORD, lambda: bytes(range(256)) * 40, FORMAT, "WORD"),
    ("random bytes as text", Format.TEXT, lambda: bytes(range(256)) * 40, FORMAT, "TEXT"),
    ("random bytes as image", Format.JPG, lambda: bytes(range(256)) * 40, FORMAT, "JPG"),
    ("random bytes as pdf", Format.PDF, lambda: bytes(range(256)) * 40, FORMAT, "PDF"),
    ("random bytes as html", Format.HTML, lambda: bytes(range(256)) * 40, FORMAT, "HTML"),
    ("html as docx", Format.WORD, lambda: b"<html><body>x", FORMAT, "write HTML"),
    ("html as pdf", Format.PDF, lambda: b"<html><body>x", FORMAT, "write HTML"),
    ("xlsx as docx", Format.WORD, samples.excel, FORMAT, "write EXCEL"),
    ("docx as pptx", Format.PPT, samples.word, FORMAT, "write WORD"),
    ("pdf as html", Format.HTML, lambda: samples.pages("x"), FORMAT, "write PDF"),
    ("pdf as text", Format.TEXT, lambda: samples.pages("x"), FORMAT, "write PDF"),
    ("png as jpg", Format.JPG, lambda: samples.picture("PNG"), FORMAT, "write PNG"),
    ("pdf as png", Format.PNG, lambda: samples.pages("x"), FORMAT, "write PDF"),
    ("gif as png", Format.PNG, lambda: samples.picture("GIF"), FORMAT, "GIF"),
    ("a zip as xlsx", Format.EXCEL, lambda: samples.repacked(_zip(), {"a": b"b"}), FORMAT, "ZIP"),
    ("a zip bomb", Format.WORD, zip_bomb, SECURITY, "unpacks"),
    ("a zip bomb with false headers", Format.WORD, lying_zip_bomb, None, ""),
    ("a zip in a zip in a zip", Format.WORD, nested_zip, SECURITY, "unpacks"),
    ("a zip of very many parts", Format.WORD, many_parts, SECURITY, "unpacks"),
    ("a billion laughs", Format.WORD, billion_laughs, SECURITY, "entities"),
    ("an image bomb", Format.PNG, image_bomb, UNPRINTABLE, "50000 x 50000"),
    ("a bitmap with a false head", Format.BMP, lying_bitmap, UNPRINTABLE, "60000 x 60000"),
    ("a pdf packed eight times", Format.PDF, packed_pdf, SECURITY, "packed"),
    ("a pdf that draws itself", Format.PDF, endless_pdf, SECURITY, "draws itself"),
    ("a pdf of a million pages", Format.PDF, many_pages, None, ""),
]


def _zip() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


@pytest.mark.parametrize(("kind", "make", "reason", "word"), [pytest.param(*row[1:], id=row[0]) for row in REJECTED])
async def test_it_is_rejected_with_a_reason_that_a_person_understands(convert, kind, make, reason, word):
    with pytest.raises(Rejected) as rejected:
        await convert(kind, make())
    assert reason is None or rejected.value.reason == reason
    assert word in rejected.value.message
    assert rejected.value.message.endswith(".")


async def test_actions_scripts_and_files_are_taken_out_of_a_pdf(convert):
    with pikepdf.open(io.BytesIO(samples.pages("words"))) as pdf:
        launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="/bin/sh")
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.Root.OpenAction, pdf.Root.AA = script, pikepdf.Dictionary(WC=script)
        pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=pikepdf.Array(["x", script])))
        pdf.pages[0].obj.AA = pikepdf.Dictionary(O=launch)
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=launch)
        pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(link)])
        pdf.attachments["evil.exe"] = b"MZ"
        data = samples.saved(pdf)
    finished = await convert(Format.PDF, data)
    made = finished.path.read_bytes()
    with pikepdf.open(io.BytesIO(made)) as pdf:
        everything = " ".join(str(thing) for thing in pdf.objects)
    for word in ("Launch", "JavaScript", "EmbeddedFile", "OpenAction", "/AA"):
        assert word not in everything
    assert "words" in read(made).text


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "CMYK", "I;16", "1"])
async def test_an_image_of_any_kind_is_made_plain(convert, mode):
    image = Image.new(mode, (60, 40), 1 if mode in ("1", "P") else None)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    data = samples.saved(image, format=kind)
    finished = await convert(Format.JPG if mode == "CMYK" else Format.PNG, data, Ticket(media=Media(6000, 4000)))
    with pikepdf.open(finished.path) as pdf:
        images = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Image"]
        assert len(images) == 1
        assert "/SMask" not in images[0]
        assert images[0].get("/BitsPerComponent") in (1, 8)


async def test_an_animated_image_shows_its_first_frame(convert):
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    data = samples.saved(frames[0], format="PNG", save_all=True, append_images=frames[1:])
    assert (await convert(Format.PNG, data)).pages == 1


async def test_a_mirrored_photograph_is_put_right(convert):
    photo = Image.new("RGB", (200, 100), "white")
    photo.paste("black", (0, 0, 50, 100))
    exif = Image.Exif()
    exif[0x0112] = 2
    data = samples.saved(photo, format="JPEG", exif=exif, quality=95)
    finished = await convert(Format.JPG, data, Ticket(media=Media(20000, 10000)))
    left, _, _, _ = samples.ink(finished.path)
    assert left > 10000, "the dark part is on the right"


@pytest.mark.parametrize("scheme", ["http:", "file:", "vnd.sun.star.expand:file:", "vnd.sun.star.pkg:file:"])
async def test_what_a_word_document_links_to_is_neither_fetched_nor_shown(convert, tmp_path, scheme):
    secret = tmp_path / "canary.png"
    secret.write_bytes(samples.picture("PNG", (400, 400), color="#000"))
    tmp_path.chmod(0o755)
    secret.chmod(0o644)
    async with serving({"/canary.png": secret.read_bytes()}) as server:
        url = f"{server.url}/canary.png" if scheme == "http:" else f"{scheme}//{secret}"
        finished = await convert(Format.WORD, samples.linked_picture(url))
        assert server.seen == []
    with pikepdf.open(finished.path) as pdf:
        assert not [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Image"]
    assert "before the picture" in read(finished.path).text


async def test_a_spreadsheet_asks_nobody(convert):
    book = openpyxl.Workbook()
    async with serving({"/x": b"<a>secret</a>"}) as server:
        book.active["A1"] = f'=WEBSERVICE("{server.url}/x")'
        book.active["A2"] = f'=IMPORTXML("{server.url}/x","//a")'
        book.active["A3"] = "='file:///etc/[passwd]x'!A1"
        book.active["A4"] = '=cmd|" /C touch /tmp/canary"!A0'
        book.active["A5"] = "words"
        finished = await convert(Format.EXCEL, samples.saved(book))
        assert server.seen == []
    text = read(finished.path).text
    assert "words" in text
    assert "secret" not in text
    assert "root:" not in text


async def test_a_page_cannot_show_this_machines_files(convert):
    page = f"""<p id=p>words</p>
    <iframe src="file:///etc/hostname"></iframe><img src="file:///etc/hostname"><embed src="view-source:file:///etc/passwd">
    <link rel=stylesheet href="file:///etc/passwd"><object data="file:///etc/passwd">{CANARY}</object>
    <script>fetch('file:///etc/passwd').then(r => r.text()).then(t => p.textContent = t)
    let x = new XMLHttpRequest(); x.open('GET', 'file:///etc/passwd'); x.onload = () => p.textContent = x.responseText; x.send()
    location = 'file:///etc/passwd'</script>"""
    finished = await convert(Format.HTML, page.encode())
    text = read(finished.path).text
    assert "root:" not in text
    assert "words" in text


SENSES = """
<img src="{0}/img"><link rel=stylesheet href="{0}/css"><script src="{0}/script"></script><iframe src="{0}/frame"></iframe>
<object data="{0}/object"></object><embed src="{0}/embed"><video src="{0}/video"></video><audio src="{0}/audio"></audio>
<link rel=prefetch href="{0}/prefetch"><link rel=preload as=image href="{0}/preload"><link rel=preconnect href="{0}">
<link rel=dns-prefetch href="{0}"><a ping="{0}/ping" href="{0}/a" id=a></a><form id=f action="{0}/form" method=post></form>
<style>body{{background:url({0}/bg)}} @font-face{{font-family:x;src:url({0}/font)}} p{{font-family:x}}</style>
<style>@import "{0}/import";</style><p>words</p>
<script>
fetch('{0}/fetch', {{mode:'no-cors'}}); navigator.sendBeacon('{0}/beacon'); new EventSource('{0}/events')
new Image().src='{0}/image'
let x = new XMLHttpRequest(); x.open('GET', '{0}/xhr'); x.send(); new WebSocket('{0}/ws'.replace('http', 'ws'))
try {{ new Worker(URL.createObjectURL(new Blob(["fetch('{0}/worker')"]))) }} catch (e) {{}}
try {{ navigator.serviceWorker.register('{0}/sw') }} catch (e) {{}}
try {{ new RTCPeerConnection({{iceServers:[{{urls:'stun:{1}'}}]}}).createDataChannel('x') }} catch (e) {{}}
window.open('{0}/popup'); a.click()
</script>
"""


@pytest.mark.parametrize("javascript", [True, False])
async def test_nothing_in_a_page_reaches_an_inner_address(convert, javascript):
    async with serving({}, host="127.0.0.2") as inner, serving({}) as allowed:
        hops = {f"/{name}": f"{inner.url}/{name}" for name in ("img", "frame", "fetch", "css", "script", "xhr")}
        async with serving(hops) as hopping:
            for target in (inner.url, hopping.url, f"http://[::ffff:127.0.0.2]:{inner.port}", f"http://2130706434:{inner.port}"):
                page = SENSES.format(target, target[7:]).encode()
                finished = await convert(Format.HTML, page, Ticket(media=Media(10000, 10000)), javascript=javascript)
                assert finished.pages >= 1
            assert "/img" in hopping.paths, "the way through an allowed address was tried"
        assert inner.seen == []
        assert allowed.seen == []


async def test_the_tasks_headers_go_to_its_own_address_only(convert):
    async with serving({"/landed": b"landed", "/img": samples.picture("PNG")}) as other:
        page = f'<p>words</p><img src="{other.url}/img"><img src="/own">'.encode()
        async with serving({"/page": page, "/away": f"{other.url}/landed", "/own": samples.picture("PNG")}) as first:
            secret = (("Cookie", "session=secret"), ("Authorization", "Bearer secret"), ("X-Key", "secret"))
            await convert(Format.HTML, SealedRequest(f"{first.url}/page", secret))
            await convert(Format.HTML, SealedRequest(f"{first.url}/away", secret))
            await convert(Format.PNG, SealedRequest(f"{first.url}/own", secret))
    assert all(asked.headers["cookie"] == "session=secret" and asked.headers["x-key"] == "secret" for asked in first.seen)
    assert {"/landed", "/img"} <= set(other.paths)
    assert not any("secret" in str(asked.headers) for asked in other.seen)


async def test_an_address_that_no_browser_takes_is_refused_and_harms_no_browser(convert, converter):
    await converter.ready(Engine.HTML)
    browser = converter.engines.browsers.current
    with pytest.raises(Rejected, match="not a valid one"):
        await convert(Format.HTML, SealedRequest("http://[::1%25lo]/", ()))
    assert converter.engines.browsers.current is browser
