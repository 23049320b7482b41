"""Row 25: Office packages that unpack to gigabytes, to packages in packages, to a million parts."""

import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.faults.rig import asking, bombs
from tests.faults.rig.alarms import alarmed
from tests.faults.rig.siege import PRINTED, Attack, besieged

REFUSED = ("hostile",)


def attacks(addresses):
    gigabytes = bombs.zip_bomb(10_000_000_000)
    asks = asking.word(addresses)
    return [
        Attack("300 MB in a docx that asks", Format.WORD, samples.repacked(asks, {"word/big.bin": bytes(300_000_000)}, 1), REFUSED),
        Attack("the same docx without them", Format.WORD, asks, (PRINTED, "broken")),
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
@pytest.mark.timeout(400)
async def test_row_25_zip_bombs_are_refused_before_libreoffice_starts(row):
    async with alarmed(row) as alarms, besieged(row, Format.TEXT, Format.WORD, Format.TEXT, Format.TEXT) as siege:
        made = attacks(alarms.addresses)
        row.did(
            "Sent each twice at the same time, while good documents went on, ten a second: "
            + "; ".join(f"{each.name} ({len(each.data) / 1e6:.2g} MB)" for each in made)
            + "."
        )
        bombs_only = [each for each in made if each.ends != (PRINTED, "broken")]
        opened = siege.opened_by_office()
        for five in (made[:5], made[5:]):
            for end in await siege.against(*five):
                if end.attack in bombs_only:
                    assert end.reason in ("document-security-error", "document-format-error")
                    assert end.seconds < 5, f"{end.attack.name} was looked at for {end.seconds:.1f} s"
        assert not opened & {len(each.data) for each in bombs_only}, "LibreOffice saw a bomb"
        assert len(samples.word()) in opened
        await alarms.silent(siege)
    row.saw("LibreOffice was given none of them: each was refused by its list of parts, or while it was unpacked piece by piece.")
