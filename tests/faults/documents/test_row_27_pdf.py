"""Row 27: PDF documents that grow without end, that act, that are broken or closed."""

import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.faults.rig import pdfbombs
from tests.faults.rig.alarms import alarmed
from tests.faults.rig.siege import PRINTED, Attack, besieged

BOMBS = [
    ("forms in forms, 2 to the 30th", lambda: pdfbombs.drawing_itself(30, 2), ("hostile",)),
    ("forms in forms, 100 to the 4th", lambda: pdfbombs.drawing_itself(4, 100), ("hostile",)),
    ("a form that draws itself", pdfbombs.within_itself, ("hostile",)),
    ("patterns in patterns, twelve deep", lambda: pdfbombs.drawing_itself(12, 2, "pattern"), ("hostile",)),
    ("Flate in Flate, eight times", lambda: pdfbombs.chained(8), ("hostile",)),
    ("Flate in Flate, four times: 30 MB", lambda: pdfbombs.chained(4), ("hostile", PRINTED, "timeout")),
    ("500 MB of content", lambda: pdfbombs.inflated(500_000_000, "content"), ("hostile",)),
    ("an image of 600 MB", lambda: pdfbombs.inflated(600_000_000, "image"), ("hostile",)),
    ("300 MB in a font's table", lambda: pdfbombs.inflated(300_000_000, "font"), ("hostile",)),
    ("a million pages", lambda: pdfbombs.many_pages(1_000_000), ("too-large", "timeout")),
    (
        "half a million pages, saying that it has one",
        lambda: pdfbombs.many_pages(500_000, told=1),
        ("timeout", "memory", "too-large"),
    ),
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


#: How many documents of one tenant that do not end are sent at the same time: each place of four workers and one more.
FLOOD = 10


@pytest.mark.row(27)
@pytest.mark.timeout(240)
async def test_row_27_pdf_bombs_end_within_their_limits_and_actions_are_stripped(row):
    made = [Attack(name, Format.PDF, make(), ends) for name, make, ends in BOMBS]
    row.did(
        "Sent each twice at the same time, while another tenant's good documents went on, ten a second: "
        + "; ".join(f"{each.name} ({len(each.data) / 1e6:.2g} MB)" for each in made)
        + "."
    )
    async with alarmed(row) as alarms, besieged(row, Format.TEXT, Format.PDF, convert_timeout=8.0) as siege:
        await siege.against(*made[:10])
        await siege.against(*made[10:])
        where = list(zip(2 * alarms.addresses, 2 * alarms.planted.paths, strict=False))
        acting = [
            Attack(f"every action there is, {n}", Format.PDF, pdfbombs.acting(address=at, path=path), (PRINTED,))
            for n, (at, path) in enumerate(where)
        ]
        owned = Attack("a password that only its owner needs", Format.PDF, pdfbombs.locked(owner_only=True), (PRINTED, "password"))
        ends = await siege.against(*acting, owned)
        kinds = {len(pdfbombs.acts(each.data)) for each in acting}
        assert min(kinds) > 12, "the search for actions finds them where they are"
        assert all("words" in samples.read(end.made).text for end in ends if end.attack in acting)
        assert {word for end in siege.ends if end.made for word in pdfbombs.acts(end.made)} == set()
        row.saw(
            f"{len(acting)} documents with {max(kinds)} kinds of actions, forms, attachments and outer streams each (Launch, "
            "JavaScript, SubmitForm, XFA, references to files and addresses) came out as their page and nothing else: 0 of them "
            "in any PDF that was made.",
            actions=0,
        )
        await alarms.silent(siege)


@pytest.mark.row(27)
@pytest.mark.timeout(240)
async def test_row_27_more_bombs_of_one_tenant_than_there_are_workers_leave_turns_to_others(row):
    bomb = pdfbombs.many_pages(400_000, told=1)
    row.did(
        f"{FLOOD} documents of one tenant that do not end (400,000 pages that say they are one, {len(bomb) / 1e6:.0f} MB) were "
        "sent at the same time to four workers, while another tenant's good documents went on."
    )
    attacks = [Attack(f"bomb {n}", Format.PDF, bomb, ("timeout", "memory", "too-large")) for n in range(FLOOD // 2)]
    async with besieged(row, Format.TEXT, Format.PDF, waiting=(Format.TEXT, Format.PDF), convert_timeout=6.0) as siege:
        siege.accepted.clear()  # all four workers are taken at once: others have to start beside seven bombs
        ends = await siege.against(*attacks, abreast=FLOOD // 2)
    assert {end.cause for end in ends} <= {"timeout", "memory", "too-large"}
    assert len(ends) == 2 * len(attacks)
