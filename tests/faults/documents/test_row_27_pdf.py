"""Row 27: PDF documents that grow without end, that act, that are broken or closed."""

import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.converter.servers import serving
from tests.faults.rig import pdfbombs
from tests.faults.rig.siege import PRINTED, Attack, besieged

BOMBS = [
    ("forms in forms, 2 to the 30th", lambda: pdfbombs.drawing_itself(30, 2), ("hostile",)),
    ("forms in forms, 100 to the 4th", lambda: pdfbombs.drawing_itself(4, 100), ("hostile",)),
    ("a form that draws itself", pdfbombs.within_itself, ("hostile",)),
    ("patterns in patterns, twelve deep", lambda: pdfbombs.drawing_itself(12, 2, "pattern"), ("hostile",)),
    ("Flate in Flate, eight times", lambda: pdfbombs.chained(8), ("hostile",)),
    ("Flate in Flate, four times: 30 MB", lambda: pdfbombs.chained(4), ("hostile", PRINTED)),
    ("500 MB of content", lambda: pdfbombs.inflated(500_000_000, "content"), ("hostile",)),
    ("an image of 600 MB", lambda: pdfbombs.inflated(600_000_000, "image"), ("hostile",)),
    ("300 MB in a font's table", lambda: pdfbombs.inflated(300_000_000, "font"), ("hostile",)),
    ("a million pages", lambda: pdfbombs.many_pages(1_000_000), ("too-large", "memory", "timeout")),
    ("a million pages that are one", lambda: pdfbombs.tree(6), ("too-large", "broken")),
    ("a thousand million pages that are one", lambda: pdfbombs.tree(9), ("too-large", "broken")),
    ("the same, saying that it has one", lambda: pdfbombs.tree(9, told=1), ("too-large", "hostile", "broken")),
    ("a tree of pages that leads back to its root", lambda: pdfbombs.tree(3, told=1, loop=True), ("broken", "hostile")),
    ("an array 100,000 deep", lambda: pdfbombs.deep(100_000), ("broken", "empty")),
    ("a broken table of objects", lambda: pdfbombs.broken("xref"), (PRINTED, "broken")),
    ("a table that leads to nowhere", lambda: pdfbombs.broken("previous"), (PRINTED, "broken")),
    ("wrong lengths", lambda: pdfbombs.broken("lengths"), (PRINTED, "broken")),
    ("a cut document", lambda: pdfbombs.broken("end"), (PRINTED, "broken", "empty")),
    ("noise", lambda: pdfbombs.broken("noise"), (PRINTED, "broken", "empty")),
    ("a password", pdfbombs.locked, ("password",)),
]


@pytest.mark.row(27)
@pytest.mark.timeout(240)
async def test_row_27_pdf_bombs_end_within_their_limits_and_actions_are_stripped(row):
    made = [Attack(name, Format.PDF, make(), ends) for name, make, ends in BOMBS]
    row.did(
        "Sent each twice at the same time, while good documents went on, ten a second: "
        + "; ".join(f"{each.name} ({len(each.data) / 1e6:.2g} MB)" for each in made)
        + "."
    )
    async with serving({}) as sink, besieged(row, Format.TEXT, Format.PDF, convert_timeout=8.0) as siege:
        for first in range(0, len(made), 7):
            await siege.against(*made[first : first + 7])
        acting = Attack("every action there is", Format.PDF, pdfbombs.acting(address=sink.url + "/x"), (PRINTED,))
        owned = Attack("a password that only its owner needs", Format.PDF, pdfbombs.locked(owner_only=True), (PRINTED, "password"))
        ends = await siege.against(acting, owned)
        assert len(pdfbombs.acts(acting.data)) > 12, "the search for actions finds them where they are"
        printed = next(end.made for end in ends if end.attack is acting)
        assert "words" in samples.read(printed).text
        assert {word for end in siege.ends if end.made for word in pdfbombs.acts(end.made)} == set()
        assert sink.seen == []
    row.saw(
        f"A document with {len(pdfbombs.acts(acting.data))} kinds of actions, forms, attachments and outer streams (Launch, "
        "JavaScript, SubmitForm, XFA, references to files and addresses) came out as its page and nothing else: 0 of them in any "
        "PDF that was made; the address that they named had 0 hits.",
        actions=0,
        hits=0,
    )
