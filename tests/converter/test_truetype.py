"""Fonts: what our reader finds is what fontTools finds, and what it cuts out is a font."""

import io
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from services.converter.truetype import Font

FACES = [
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 1),
    ("/usr/share/fonts/truetype/liberation2/LiberationMono-Regular.ttf", 0),
]


@pytest.fixture(params=FACES, ids=lambda face: Path(face[0]).stem)
def both(request):
    path, index = request.param
    return Font(Path(path), index), TTFont(path, fontNumber=index, lazy=True)


def test_characters_and_widths_are_found(both):
    ours, theirs = both
    best = theirs.getBestCmap()
    order = theirs.getReverseGlyphMap()
    assert set(best) <= set(ours.glyphs)
    assert all(ours.glyphs[code] == order[name] for code, name in best.items())
    for code in (0x20, 0x41, 0xE9, 0x416):
        assert ours.width(ours.glyphs[code]) == theirs["hmtx"][best[code]][0]


def test_a_subset_is_a_font_with_the_same_outlines(both):
    ours, theirs = both
    text = "Aéß Ж%il│"
    glyphs = [0, *dict.fromkeys(ours.glyphs[ord(character)] for character in text)]
    cut = TTFont(io.BytesIO(ours.subset(glyphs)))
    order, original = cut.getGlyphOrder(), theirs.getGlyphOrder()
    for number, glyph in enumerate(glyphs):
        here, there = cut["glyf"][order[number]], theirs["glyf"][original[glyph]]
        assert here.getCoordinates(cut["glyf"])[0] == there.getCoordinates(theirs["glyf"])[0]
        assert cut["hmtx"][order[number]] == theirs["hmtx"][original[glyph]], "as wide, and as far from its origin"


def test_a_font_without_truetype_outlines_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no TrueType outlines"):
        Font(Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"), 0)
