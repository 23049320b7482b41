"""Row 26: billions of laughs and external entities, in packages of Office, in flat XML, in pictures of pages."""

import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.faults.rig import bombs
from tests.faults.rig.alarms import alarmed
from tests.faults.rig.siege import PRINTED, Attack, besieged

REFUSED = ("hostile",)
SVG = "svg xmlns='http://www.w3.org/2000/svg'"
FLAT = "office:document office:mimetype='application/vnd.oasis.opendocument.text'"
#: Format, its package, the part that is written anew, and the root of that part.
PACKAGES = (
    (Format.WORD, samples.word, "word/document.xml", "w:document"),
    (Format.WORD, samples.word, "word/styles.xml", "w:styles"),
    (Format.WORD, samples.word, "[Content_Types].xml", "Types"),
    (Format.EXCEL, samples.excel, "xl/worksheets/sheet1.xml", "worksheet"),
    (Format.EXCEL, samples.excel, "xl/sharedStrings.xml", "sst"),
    (Format.PPT, samples.slides, "ppt/slides/slide1.xml", "p:sld"),
    (Format.ODF, samples.formula, "content.xml", "math"),
    (Format.XPS, samples.xps, "1.fpage", "FixedPage"),
)


def attacks(texts, address):
    made = []
    for kind, package, part, root in PACKAGES:
        xmls = {"laughs": bombs.laughs(root), "an entity of a file": bombs.external(root, f"file://{texts[0]}")}
        xmls |= {"an entity of an address": bombs.external(root, address), "a parameter entity": bombs.parameter(root, address)}
        xmls["laughs in UTF-16"] = bombs.laughs(root)
        for what, xml in xmls.items():
            data = xml.encode("utf-16" if "UTF-16" in what else "utf-8")
            made.append(Attack(f"{what} in {part} of {kind.value}", kind, samples.repacked(package(), {part: data}), REFUSED))
    for what, xml in (("laughs", bombs.laughs(FLAT)), ("an entity", bombs.external(FLAT, f"file://{texts[0]}"))):
        flat = f"a flat OpenDocument (fodt) with {what}"
        kinds = (Format.ODT, Format.WORD, Format.WPS)
        made += [Attack(f"{flat} as {kind.value}", kind, xml.encode(), ("mislabelled",)) for kind in kinds]
        made.append(Attack(f"{flat} as TEXT", Format.TEXT, xml.encode(), (PRINTED,)))
    for what, xml in (
        ("laughs", bombs.laughs(SVG)),
        ("a file's entity", bombs.external(SVG, f"file://{texts[0]}")),
        ("an address's entity", bombs.external(SVG, address)),
        ("a parameter entity", bombs.parameter(SVG, address)),
    ):
        packed = samples.repacked(samples.word(), {"word/media/image1.svg": xml.encode()})
        made.append(Attack(f"a picture (svg) with {what} in a docx", Format.WORD, packed, REFUSED))
        made.append(Attack(f"a picture (svg) with {what} as PNG", Format.PNG, xml.encode(), ("broken", "mislabelled")))
        made.append(Attack(f"a picture (svg) with {what} as HTML", Format.HTML, xml.encode(), (PRINTED,)))
    return made


@pytest.mark.row(26)
@pytest.mark.timeout(400)
async def test_row_26_entities_are_neither_resolved_nor_counted(row):
    async with alarmed(row) as alarms:
        made = attacks(alarms.planted.texts, alarms.addresses[0])
        row.did(
            f"Sent {len(made)} documents, each twice at the same time, while good ones went on, ten a second: a billion laughs "
            f"(also in UTF-16), external and parameter entities of a file and of an address, in the parts of docx, xlsx, pptx, odf "
            "and xps, as flat OpenDocument, and as SVG in a docx, as a picture and as a page."
        )
        async with besieged(row, Format.TEXT, Format.WORD, Format.TEXT, Format.HTML, waiting=(Format.WORD, Format.HTML)) as siege:
            opened = siege.opened_by_office()
            ends = await siege.against(*made)
            assert not opened & {len(each.data) for each in made}, "LibreOffice saw one of them"
            await alarms.silent(siege)
    papers = sum(1 for end in ends if end.made)
    row.saw(
        f"{papers} PDFs were made (of text, and of pages that say nothing of an entity); LibreOffice was given none of the "
        "documents.",
    )
