"""Row 30: documents that read the converter's files: pages, Office documents, pictures, PDF and XPS with links into /etc."""

import pytest

from libs.contracts.documents import Format, SealedRequest
from tests.converter import samples
from tests.converter.servers import serving
from tests.faults.rig import asking, canaries, internet, pdfbombs
from tests.faults.rig.internet import PUBLIC
from tests.faults.rig.names import naming
from tests.faults.rig.siege import PRINTED, Attack, besieged
from tests.faults.rig.sinks import sinking

REFUSED = ("unreachable", "mislabelled", "broken")
#: What no canary was put into, and nobody should see either.
OTHERS = ("/proc/self/environ", "/proc/1/environ", "/etc/shadow", "/proc/self/cmdline")
TAGS = (
    '<iframe src="{0}"></iframe><img src="{0}"><link rel=stylesheet href="{0}"><script src="{0}"></script>'
    '<object data="{0}"></object>'
    '<embed src="{0}"><embed src="view-source:{0}"><iframe src="view-source:{0}"></iframe><video src="{0}"></video>'
    '<style>@import "{0}"; @font-face {{font-family:x;src:url({0})}} p {{background:url({0})}}</style>'
    '<p style="font-family:x">words</p>'
    '<svg><image href="{0}" width=99 height=99 /><use href="{0}#x"/><foreignObject><iframe src="{0}"></iframe></foreignObject>'
    "</svg>"
    '<iframe srcdoc="<iframe src={0}></iframe>"></iframe><picture><source srcset="{0}"></picture><input type=image src="{0}">'
    '<iframe src="data:text/html,<iframe src={0}></iframe>"></iframe>'
)
SCRIPT = """<p id=p>words</p><script>
const show = t => {{ p.textContent += t }};
for (const at of {0}) {{
  fetch(at).then(r => r.text()).then(show).catch(() => 0);
  try {{ let x = new XMLHttpRequest(); x.open('GET', at, false); x.send(); show(x.responseText) }} catch (e) {{}}
  try {{ importScripts(at) }} catch (e) {{}}
  try {{ let f = document.createElement('iframe'); f.src = at; f.onload = () => {{ try {{ show(f.contentDocument.body.innerText) }}
    catch (e) {{}} }}; document.body.append(f) }} catch (e) {{}}
  try {{ let i = new Image(); i.onload = () => {{ let c = document.createElement('canvas'); c.getContext('2d').drawImage(i, 0, 0);
    document.body.append(c) }}; i.src = at }} catch (e) {{}}
  try {{ open(at, '_self') }} catch (e) {{}}
}}
</script>"""


def addresses(paths):
    """The paths as a document may write them."""
    written = ["file://{}", "file://localhost{}", "file:{}", "FILE://{}", "{}", "file:///proc/self/root{}", "file://127.0.0.1{}"]
    return [each.format(path) for path in paths for each in written[: 7 if path == "/etc/passwd" else 1]]


def attacks(planted):
    every = addresses([*planted.paths, *OTHERS])
    pages = "".join(TAGS.format(at) for at in every)
    urls = [at for at in every if ":" in at]
    made = [
        Attack("a page with tags of every kind", Format.HTML, pages.encode(), (PRINTED,)),
        Attack("the same without scripts", Format.HTML, pages.encode(), (PRINTED,), javascript=False),
        Attack("a page that scripts", Format.HTML, SCRIPT.format(every).encode(), (PRINTED,)),
        *(
            Attack(f"journey to {at}", Format.HTML, f"words<script>location = '{at}'</script>".encode(), (PRINTED,))
            for at in urls[:4]
        ),
        Attack("a docx", Format.WORD, asking.word(urls), (PRINTED,)),
        Attack("a pptx", Format.PPT, asking.slides([*planted.pictures, *urls[-4:]]), (PRINTED,)),
        Attack("an xlsx", Format.EXCEL, asking.workbook(urls), (PRINTED,)),
        Attack("an odt", Format.ODT, asking.text(urls), (PRINTED,)),
        Attack("an ods", Format.ODS, asking.sheet(urls), (PRINTED, "crash", "broken", "empty")),
        Attack("a PDF", Format.PDF, pdfbombs.acting(address="file:///etc/passwd"), (PRINTED,)),
        Attack("an XPS", Format.XPS, _xps(planted), (PRINTED, "broken")),
        Attack(
            "a formula",
            Format.ODF,
            samples.formula(f"<mtext><img src='file://{planted.pictures[0]}'/></mtext>"),
            (PRINTED, "broken"),
        ),
        Attack("a text", Format.TEXT, "\n".join(every).encode(), (PRINTED,)),
    ]
    svg = "".join(f'<image href="{at}" width="99" height="99"/>' for at in every)
    drawn = f"<svg xmlns='http://www.w3.org/2000/svg' width='99' height='99'>{svg}</svg>"
    made.append(
        Attack("a picture (svg) in a page", Format.HTML, f"<img src='data:image/svg+xml,{drawn}'>words".encode(), (PRINTED,))
    )
    made += [
        Attack(f"address {at}", kind, SealedRequest(at), REFUSED)
        for at in urls[:8]
        for kind in (Format.HTML, Format.PNG, Format.TEXT)
    ]
    made += [
        Attack(f"redirect {n}", kind, SealedRequest(f"http://{PUBLIC}/{n}"), REFUSED)
        for n in range(3)
        for kind in (Format.HTML, Format.PNG)
    ]
    return made


def _xps(planted):
    page = samples.package({}) and samples.xps()
    image = "".join(
        f'<Path Data="M 0,0 L 99,0 99,99 0,99 z"><Path.Fill><ImageBrush ImageSource="file://{path}" Viewbox="0,0,99,99" Viewport='
        '"0,0,99,99" ViewboxUnits="Absolute" ViewportUnits="Absolute"/></Path.Fill></Path>'
        for path in planted.paths
    )
    space = "http://schemas.microsoft.com/xps/2005/06"
    fixed = f'<FixedPage xmlns="{space}" Width="793.7" Height="1122.5" xml:lang="en">{image}</FixedPage>'
    return samples.repacked(page, {"1.fpage": fixed.encode()})


async def read_files(row):
    """All of it, in a network and among files of our own."""
    planted = internet.planted(row.folder / "data")
    made = attacks(planted)
    hops = {
        f"/{n}": at
        for n, at in enumerate(("file:///etc/passwd", "view-source:file:///etc/passwd", "file://localhost/etc/hostname"))
    }
    row.did(
        f"Canaries lay in {len(planted.texts)} texts and {len(planted.pictures)} pictures (among them /etc/passwd, /etc/hostname, "
        "a service account's token, /srv, /var/opt, the services' own keys) and in the converter's environment. "
        f"{len(made)} documents, two at the same time, asked for all of them: pages with tags, style sheets, scripts, "
        "frames, view-source: and journeys, docx (linked pictures, INCLUDEPICTURE, INCLUDETEXT, LINK, templates, "
        "chunks), pptx, xlsx, odt "
        "and ods (sections, linked tables, objects, frames, background pictures), SVG, PDF with outer streams, XPS; "
        "and the files as "
        "addresses, also by redirects."
    )
    positive = f"<p>{canaries.WORD}</p>".encode(), canaries.picture()
    async with sinking(("127.0.0.1", "10.0.0.5")) as sinks, naming({}), serving(hops, PUBLIC, port=80):
        places = await sinks.proven()
        good = (Format.TEXT, Format.WORD, Format.HTML)
        async with besieged(row, *good, waiting=good, convert_timeout=40.0) as siege:
            for kind, data in zip((Format.HTML, Format.PNG), positive, strict=True):
                assert canaries.found(await siege._convert(kind, data)), "the search finds a canary that is there"
            ends = await siege.against(*made, abreast=2, times=1)
            found = {
                end.attack.name: shown for end in ends if end.attack.kind is not Format.TEXT and (shown := canaries.found(end.made))
            }
            papers = [end for end in ends if end.made]
            assert all("root:" not in samples.read(end.made).text for end in papers)
            said = [end.attack.name for end in siege.ends if canaries.WORD in end.message]
            await siege.calm()
            assert (found, said, sinks.hits) == ({}, [], []), f"{found} {said} {sinks.hits}"
            row.saw(
                f"{len(papers)} PDFs were made: 0 canaries in their words, streams, bytes and pictures (the search found one in "
                "a PDF "
                "that had it, as a word and as a colour); no refusal quotes one; "
                f"{places} sinks on inner addresses had 0 hits ({places} in the control, when each was asked directly).",
                canaries=0,
                hits=0,
                pdfs=len(papers),
            )
        assert sinks.hits == [], "nor while the engines ended"


@pytest.mark.row(30)
@pytest.mark.timeout(500)
async def test_row_30_no_document_shows_a_file_of_the_converter(row):
    await internet.check(row, f"{__name__}:read_files")
