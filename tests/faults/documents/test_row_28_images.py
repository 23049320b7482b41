"""Row 28: images that are bombs, lie about their size, move, or are of unusual kinds."""

import io

import pikepdf
import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.faults.rig import imagebombs
from tests.faults.rig.alarms import alarmed
from tests.faults.rig.siege import PRINTED, Attack, besieged

BOMBS = [
    ("a PNG of 50,000 x 50,000", Format.PNG, lambda: imagebombs.png(50_000, 50_000, rows=200), ("too-large",)),
    (
        "a PNG of 2,000,000,000 x 2,000,000,000",
        Format.PNG,
        lambda: imagebombs.png(2 * 10**9, 2 * 10**9, rows=0, depth=1, color=0),
        None,
    ),
    ("a PNG of 1 x 2,000,000,000", Format.PNG, lambda: imagebombs.png(1, 2 * 10**9, rows=9), ("too-large",)),
    (
        "a PNG of 7,000 x 7,000 that is all there",
        Format.PNG,
        lambda: imagebombs.png(7_000, 7_000, rows=7_000),
        (PRINTED, "timeout"),
    ),
    ("a PNG with 500 MB of text", Format.PNG, lambda: imagebombs.text_bomb(500_000_000), (PRINTED, "broken")),
    ("a PNG with a colour profile of 500 MB", Format.PNG, lambda: imagebombs.profile_bomb(500_000_000), (PRINTED, "broken")),
    ("a BMP that says 60,000 x 60,000", Format.BMP, lambda: imagebombs.bitmap(60_000, 60_000), ("too-large",)),
    ("a BMP that says -5 x -5", Format.BMP, lambda: imagebombs.bitmap(-5, -5), ("broken", "too-large")),
    ("a BMP that says 6,000 x 6,000 and is 40 x 40", Format.BMP, lambda: imagebombs.bitmap(6_000, 6_000), ("broken",)),
    ("a BMP with an unknown packing", Format.BMP, lambda: imagebombs.bitmap(40, 40, compression=77), ("broken",)),
    ("a BMP whose pixels begin after its end", Format.BMP, lambda: imagebombs.bitmap(40, 40, offset=2**31), ("broken",)),
    ("a BMP of 7,000 x 7,000 in 2 kB", Format.BMP, lambda: imagebombs.runs(7_000), (PRINTED, "broken", "timeout")),
    ("a JPEG that says 65,000 x 65,000", Format.JPG, lambda: imagebombs.jpeg(65_000, 65_000), ("too-large",)),
    ("a JPEG that says 7,000 x 7,000 and is 40 x 40", Format.JPG, lambda: imagebombs.jpeg(7_000, 7_000), (PRINTED, "broken")),
    ("a JPEG with 1,000 scans", Format.JPG, lambda: imagebombs.scans(1_000), (PRINTED, "broken", "timeout")),
    ("a WebP of 16,383 x 16,383", Format.WEBP, lambda: imagebombs.webp(16_383, 16_383), ("too-large", "broken")),
]
MOVING = [
    ("an animated PNG of 300 frames", Format.PNG, lambda: imagebombs.animated("PNG", 300, (300, 300)), (PRINTED,)),
    ("an animated WebP of 300 frames", Format.WEBP, lambda: imagebombs.animated("WEBP", 300, (300, 300)), (PRINTED,)),
]
ODD = [
    (
        f"{mode} in {kind}",
        Format.JPG if kind == "JPEG" else Format[kind],
        lambda mode=mode, kind=kind: imagebombs.deep(mode, kind),
        (PRINTED,),
    )
    for mode, kind in (("I;16", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("1", "BMP"))
]


@pytest.mark.row(28)
@pytest.mark.timeout(400)
async def test_row_28_image_bombs_are_refused_by_their_header(row):
    made = [Attack(name, kind, make(), ends or ("too-large", "broken")) for name, kind, make, ends in BOMBS]
    moving = [Attack(name, kind, make(), ends) for name, kind, make, ends in MOVING]
    odd = [Attack(name, kind, make(), ends) for name, kind, make, ends in ODD]
    async with alarmed(row) as alarms, besieged(row, Format.TEXT, Format.PNG, Format.TEXT, Format.JPG) as siege:
        odd.append(Attack("a PNG that names files and addresses", Format.PNG, imagebombs.asking(alarms.addresses), (PRINTED,)))
        row.did(
            "Sent each twice at the same time, while good documents went on, ten a second: "
            + "; ".join(f"{each.name} ({len(each.data) / 1000:.3g} kB)" for each in (*made, *moving, *odd))
            + "."
        )
        await siege.against(*made[:8])
        await siege.against(*made[8:])
        ends = await siege.against(*moving, *odd)
        await alarms.silent(siege)
    for end in ends:
        with pikepdf.open(io.BytesIO(end.made)) as pdf:
            pictures = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Image"]
            assert len(pdf.pages) == len(pictures) == 1, end.attack.name
            assert pictures[0].get("/BitsPerComponent") in (1, 8)
            assert "/SMask" not in pictures[0]
            assert pictures[0].get("/ColorSpace") != "/DeviceCMYK"
    for end in (end for end in ends if "animated" in end.attack.name):
        assert samples.read(end.made).sizes
        assert samples.ink(end.made)
    refused = [end for end in siege.ends if end.cause == "too-large"]
    assert max(end.seconds for end in refused) < 5
    row.saw(
        f"What is too large was refused by what its header says, after {max(end.seconds for end in refused):.2f} s at the most; "
        f"16 bit, CMYK, transparency, palettes and {len(moving)} animations came out as one page with one plain picture each: 8 or "
        "1 bit, RGB or grey, without a soft mask, of an animation its first frame."
    )
