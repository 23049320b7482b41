"""Row 25: Office packages that unpack to gigabytes, to packages in packages, to a million parts."""

import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.faults.rig import bombs
from tests.faults.rig.siege import Attack, besieged

REFUSED = ("hostile",)


def attacks():
    gigabytes = bombs.zip_bomb(10_000_000_000)
    return [
        Attack("10 GB in ten parts of a docx", Format.WORD, gigabytes, REFUSED),
        Attack("the same as WPS", Format.WPS, gigabytes, REFUSED),
        Attack("10 GB in parts that share their bytes", Format.WORD, bombs.overlapping(100), REFUSED),
        Attack("900 MB behind a header that tells 1 kB", Format.WORD, bombs.lying(900_000_000), ("hostile", "broken")),
        Attack(
            "300 MB in an xlsx",
            Format.EXCEL,
            samples.repacked(samples.excel(), {"xl/big.xml": bytes(300_000_000)}, level=1),
            REFUSED,
        ),
        Attack("packages in packages, seven deep", Format.WORD, bombs.nested(6), REFUSED),
        Attack("a million parts", Format.WORD, bombs.many_entries(1_000_000), REFUSED),
        Attack("300 MB in an XPS", Format.XPS, samples.repacked(samples.xps(), {"big.xml": bytes(300_000_000)}, level=1), REFUSED),
    ]


@pytest.mark.row(25)
@pytest.mark.timeout(180)
async def test_row_25_zip_bombs_are_refused_before_libreoffice_starts(row):
    made = attacks()
    row.did(
        "Sent each twice at the same time, while good documents went on, ten a second: "
        + "; ".join(f"{each.name} ({len(each.data) / 1e6:.2g} MB)" for each in made)
        + "."
    )
    async with besieged(row, Format.TEXT, Format.WORD, Format.TEXT, Format.TEXT) as siege:
        opened = siege.opened_by_office()
        for four in (made[:4], made[4:]):
            for end in await siege.against(*four):
                assert end.reason in ("document-security-error", "document-format-error")
                assert end.seconds < 5, f"{end.attack.name} was looked at for {end.seconds:.1f} s"
        assert not opened & {len(each.data) for each in made}, "LibreOffice saw a bomb"
        assert len(samples.word()) in opened
    row.saw("LibreOffice was given none of them: each was refused by its list of parts, or while it was unpacked piece by piece.")
