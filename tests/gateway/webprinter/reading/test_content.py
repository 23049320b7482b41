"""Documents as clients give them: every pair, every spelling, and a sentence for everything else."""

import base64
import io
import zipfile

import pytest

from libs.contracts.devices import Capabilities
from libs.contracts.documents import RAW_MEDIA_TYPE, Format, Inline, Remote, SealedRequest, Stored
from libs.contracts.message import decode
from libs.runtime.seal import Opener
from services.gateway.webprinter.reading.content import PAIRS, Source
from tests.gateway.fakes import door, printer

#: webprinter.md 1.5: the seed's 15 pairs ...
SEED = {
    *((Format.HTML, source) for source in ("STRING", "URL")),
    *((each, source) for each in ("PNG", "JPG", "BMP", "WORD", "EXCEL", "PPT") for source in ("URL", "BASE64")),
    (Format.TEXT, "STRING"),
}
#: ... and ours.
DOCUMENTS = ("PDF", "WEBP", "WPS", "ODT", "ODS", "ODP", "ODG", "ODF", "XPS", "PWG")
OURS = {
    *((each, source) for each in DOCUMENTS for source in ("URL", "BASE64")),
    *((each, source) for each in ("ESCPOS", "ZPL", "TSPL", "RAW") for source in ("STRING", "URL", "BASE64")),
    *(("TEXT", source) for source in ("URL", "BASE64")),
    ("HTML", "BASE64"),
}
CONTENT = {"STRING": "hello", "BASE64": base64.b64encode(b"hello").decode(), "URL": "https://example.com/a"}


def test_the_seed_has_fifteen_pairs():
    assert len(SEED) == 15
    assert {(str(each), str(source)) for each, sources in PAIRS.items() for source in sources} == SEED | OURS


@pytest.mark.parametrize("source", ["STRING", "BASE64", "URL"])
@pytest.mark.parametrize("wanted", list(Format))
async def test_each_pair_is_accepted_or_refused(tmp_path, wanted, source):
    task = {"mediaFormat": wanted, "mediaSource": source, "content": CONTENT[source]}
    async with door(tmp_path) as rig:
        rig.mirror.put(printer("Office", capabilities=Capabilities(formats=("application/pdf", RAW_MEDIA_TYPE))))
        if (wanted, source) in SEED | OURS:
            document = (await rig.printed(**task)).document
            assert document.format == wanted
            assert isinstance(document.content, Remote if source == "URL" else Inline)
            assert source == "URL" or document.content.data == b"hello"
        else:
            message = await rig.refused(**task)
            assert message.startswith(f"task.mediaSource must be URL or BASE64 for {wanted}") or "BASE64 or URL" in message


ALIASES = {
    "JPEG": Format.JPG,
    "jpeg": Format.JPG,
    "html": Format.HTML,
    "Doc": Format.WORD,
    "DOCX": Format.WORD,
    "XLS": Format.EXCEL,
    "XLSX": Format.EXCEL,
    "XLSXX": Format.EXCEL,
    "PPTX": Format.PPT,
    "TXT": Format.TEXT,
    "pdf": Format.PDF,
}


@pytest.mark.parametrize(("alias", "wanted"), ALIASES.items())
async def test_formats_have_other_names(tmp_path, alias, wanted):
    async with door(tmp_path) as rig:
        task = await rig.printed(mediaFormat=alias, mediaSource="base64", content="aGVsbG8=")
        assert task.document.format is wanted


async def test_a_file_is_refused_with_a_way_out(tmp_path):
    async with door(tmp_path) as rig:
        message = await rig.refused(mediaFormat="PDF", mediaSource="FILE", content="/etc/passwd")
        assert "FILE" in message
        assert "BASE64" in message
        assert "passwd" not in message


@pytest.mark.parametrize("wanted", ["TIFF", "SVG", "", 7, ["HTML"]])
async def test_an_unknown_format_is_named(tmp_path, wanted):
    async with door(tmp_path) as rig:
        if wanted == "":
            assert (await rig.printed(mediaFormat=wanted, mediaSource="STRING", content="x")).document.format is Format.TEXT
        else:
            assert "task.mediaFormat must be one of HTML" in await rig.refused(mediaFormat=wanted, content="x")


@pytest.mark.parametrize("task", [{}, {"content": None}, {"content": ""}, {"content": 7}, {"content": {"a": 1}}])
async def test_without_content_there_is_nothing_to_print(tmp_path, task):
    async with door(tmp_path) as rig:
        assert "task.content" in await rig.refused(mediaFormat="TEXT", **task)


async def test_blanks_are_nothing_to_print(tmp_path):
    async with door(tmp_path) as rig:
        assert "task.content" in await rig.refused(mediaFormat="TEXT", mediaSource="STRING", content=" \n ")


@pytest.mark.parametrize("task", [None, {}, [], "x"])
async def test_a_task_is_an_object(tmp_path, task):
    async with door(tmp_path) as rig:
        answer = await rig.command("newPrintTask", {"task": task})
        assert answer["success"] is False
        assert answer["message"].startswith("task ")


RAW = bytes(range(256))
PLAIN = base64.b64encode(RAW).decode()
SPELLINGS = {
    "plain": PLAIN,
    "without padding": PLAIN.rstrip("="),
    "URL-safe": base64.urlsafe_b64encode(RAW).decode(),
    "in lines": "\r\n".join(PLAIN[start : start + 76] for start in range(0, len(PLAIN), 76)),
    "with blanks around": f"  {PLAIN}\n",
    "with a prefix": f"data:application/pdf;base64,{PLAIN}",
    "with a long prefix": f"data:application/pdf;name=a.pdf;charset=utf-8;BASE64,{PLAIN}",
    "with a bare prefix": f"DATA:;base64,{PLAIN}",
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_base64_in_every_spelling(tmp_path, content):
    async with door(tmp_path) as rig:
        task = await rig.printed(mediaFormat="PDF", mediaSource="BASE64", content=content)
        assert task.document.content.data == RAW


BROKEN = {
    "prose": "this is not base64!",
    "one letter": "a",
    "cut in the middle": PLAIN[:-3],
    "Chinese": "打印",
    "padding within": "aGVs=bG8=",
    "a prefix without base64": "data:text/plain,hello",
    "a prefix without a comma": "data:application/pdf;base64",
    "nothing after the prefix": "data:application/pdf;base64,",
    "only padding": "====",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_not_base64_is_refused(tmp_path, content):
    async with door(tmp_path) as rig:
        assert (await rig.refused(mediaFormat="PDF", mediaSource="BASE64", content=content)).startswith("task.content")


@pytest.mark.parametrize("content", ["https://example.org/a.pdf", " unim://79gft24uh7uoAAAA"])
async def test_an_address_that_is_called_base64_is_told_from_broken_base64(tmp_path, content):
    async with door(tmp_path) as rig:
        message = await rig.refused(mediaFormat="PDF", mediaSource="BASE64", content=content)
        assert message == "task.content is an address and not base64: write URL in task.mediaSource."


async def test_large_documents_go_to_the_store_and_small_ones_ride_along(tmp_path):
    async with door(tmp_path) as rig:
        task = await rig.printed(mediaFormat="TEXT", content="x" * 8192)
        assert task.document.content == Inline(b"x" * 8192)
        task = await rig.printed(mediaFormat="TEXT", content="x" * 8193)
        assert isinstance(task.document.content, Stored)
        assert task.document.content.name == f"main/{task.id}/source"
        assert task.document.content.size == 8193
        large = base64.b64encode(b"y" * 3_000_000).decode()
        task = await rig.printed(mediaFormat="PDF", mediaSource="BASE64", content=large)
        assert await rig.gateway.documents.get(task.document.content.name) == b"y" * 3_000_000


def office(part):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("[Content_Types].xml", "<x/>")
        package.writestr(part, "<x/>")
    return buffer.getvalue()


def compound(stream):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + stream.encode("utf-16-le") + bytes(100)


SNIFFED = {
    "pdf": (b"%PDF-1.7\n", Format.PDF),
    "png": (b"\x89PNG\r\n\x1a\n....", Format.PNG),
    "jpg": (b"\xff\xd8\xff\xe0....", Format.JPG),
    "bmp": (b"BM......", Format.BMP),
    "docx": (office("word/document.xml"), Format.WORD),
    "xlsx": (office("xl/workbook.xml"), Format.EXCEL),
    "pptx": (office("ppt/presentation.xml"), Format.PPT),
    "doc": (compound("WordDocument"), Format.WORD),
    "xls": (compound("Workbook"), Format.EXCEL),
    "ppt": (compound("PowerPoint Document"), Format.PPT),
    "html": (b"<!DOCTYPE html><p>x", Format.HTML),
    "text": ("打印一页".encode(), Format.TEXT),
}


@pytest.mark.parametrize(("data", "wanted"), SNIFFED.values(), ids=SNIFFED.keys())
async def test_base64_without_a_format_tells_what_it_is(tmp_path, data, wanted):
    content = base64.b64encode(data).decode()
    async with door(tmp_path) as rig:
        assert (await rig.printed(content=content, mediaSource="BASE64")).document.format is wanted
        assert (await rig.printed(content=content)).document.format is wanted


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03", b"PK\x03\x04 something", compound("Nothing"), b"\xff\xfe\xfd"])
async def test_bytes_that_tell_nothing_are_refused(tmp_path, data):
    async with door(tmp_path) as rig:
        message = await rig.refused(content=base64.b64encode(data).decode(), mediaSource="BASE64")
        assert message.startswith("task.mediaFormat is missing")


async def test_strings_without_a_format_are_html_or_text(tmp_path):
    async with door(tmp_path) as rig:
        assert (await rig.printed(content="  <html><body>x")).document.format is Format.HTML
        assert (await rig.printed(content="<p>x</p>", mediaSource="STRING")).document.format is Format.HTML
        assert (await rig.printed(content="1 < 2", mediaSource="STRING")).document.format is Format.TEXT
        assert (await rig.printed(content="<p>x</p>", mediaFormat="HTML")).document.content == Inline(b"<p>x</p>")


NAMED = {
    "https://example.com/": (Format.HTML, "", "example.com"),
    "http://www.baidu.com": (Format.HTML, "", "www.baidu.com"),
    "HTTP://Example.COM/a.PDF?x=1.docx": (Format.PDF, "a.PDF", "example.com"),
    "https://example.com:8443/d/Offer%20%E6%89%93.docx": (Format.WORD, "Offer 打.docx", "example.com"),
    "https://u:p@example.com/list.xls#part": (Format.EXCEL, "list.xls", "example.com"),
    "https://[2001:db8::1]/x.jpeg": (Format.JPG, "x.jpeg", "2001:db8::1"),
    "https://example.com/print.aspx?id=7": (Format.HTML, "print.aspx", "example.com"),
    "https://example.com/readme.txt": (Format.TEXT, "readme.txt", "example.com"),
}


@pytest.mark.parametrize(("url", "expected"), NAMED.items())
async def test_addresses_tell_format_and_name(tmp_path, url, expected):
    wanted, name, host = expected
    async with door(tmp_path) as rig:
        task = await rig.printed(content=url)
        assert task.document.format is wanted
        assert task.name == (name or task.id)
        assert task.document.content.host == host
        opener = Opener(rig.keys.path("seal.key"))
        assert decode(SealedRequest, opener.open(task.document.content.sealed)) == SealedRequest(url)


REFUSED = [
    "ftp://example.com/a.pdf",
    "file:///etc/passwd",
    "unim://abcdef",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://",
    "https:///path",
    "http://:80/",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/\nHost: x",
    "https://[::1/",
    "example.com/a.pdf",
    "https://example.com/" + "a" * 8001,
]


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: url[:30].encode("unicode_escape").decode())
async def test_other_addresses_are_refused(tmp_path, url):
    async with door(tmp_path) as rig:
        assert (await rig.refused(content=url, mediaSource="URL", mediaFormat="HTML")).startswith("task.content")


async def test_switches_count_at_both_levels_and_are_on(tmp_path):
    async with door(tmp_path) as rig:

        async def switches(**task):
            document = (await rig.printed(mediaFormat="HTML", content="<p>x", **task)).document
            return document.javascript, document.background

        assert await switches() == (True, True)
        assert await switches(javascript=None, printBackground=None) == (True, True)
        assert await switches(javascript=False, printBackground="false") == (False, False)
        assert await switches(config={"javascript": 0, "printBackground": "0"}) == (False, False)
        assert await switches(javascript=True, config={"javascript": False}) == (True, True)
        assert "task.javascript" in await rig.refused(mediaFormat="HTML", content="x", javascript="maybe")


async def test_sources_have_no_case(tmp_path):
    async with door(tmp_path) as rig:
        assert (await rig.printed(content="x", mediaSource=" string", mediaFormat="text")).document.content == Inline(b"x")
        assert "task.mediaSource must be one of STRING" in await rig.refused(content="x", mediaSource="PIGEON")


def test_every_source_is_known():
    assert set(Source) == {"STRING", "BASE64", "URL", "FILE"}


@pytest.mark.parametrize("content", ["unim://byj3aq4jwjy8oy%2Bx", " UNIM://byj3aq4jwjy8oy+x\n", "unim://"])
@pytest.mark.parametrize("wanted", ["TEXT", "HTML", None])
async def test_the_address_of_an_upload_is_never_printed_as_a_text(tmp_path, content, wanted):
    async with door(tmp_path) as rig:
        said = await rig.refused(mediaFormat=wanted, mediaSource="STRING", content=content)
        assert said == "task.content is the address of an uploaded file and no text: write URL in task.mediaSource."


async def test_a_text_about_uploads_is_a_text(tmp_path):
    async with door(tmp_path) as rig:
        document = (await rig.printed(mediaFormat="TEXT", mediaSource="STRING", content="unim://abc is an address")).document
        assert document.content.data == b"unim://abc is an address"


@pytest.mark.parametrize("headers", [{}, [], "", None])
async def test_no_headers_in_every_spelling(tmp_path, headers):
    async with door(tmp_path) as rig:
        task = {"mediaFormat": "HTML", "mediaSource": "URL", "content": "https://example.com/a", "headers": headers}
        assert isinstance((await rig.printed(**task)).document.content, Remote)
