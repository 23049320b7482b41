"""The engines' fonts."""

import subprocess

import pytest

from services.converter.fonts import STANDINS, configuration, install


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("SimSun", "Noto Serif CJK SC"),
        ("宋体", "Noto Serif CJK SC"),
        ("KaiTi", "Noto Serif CJK SC"),
        ("FangSong_GB2312", "Noto Serif CJK SC"),
        ("SimHei", "Noto Sans CJK SC"),
        ("Microsoft YaHei", "Noto Sans CJK SC"),
        ("Calibri", "Carlito"),
        ("Arial", "Liberation Sans"),
        ("monospace", "WenQuanYi Zen Hei Mono"),
        ("No Such Font", "Noto Sans CJK SC"),
    ],
)
def test_a_font_that_is_not_here_has_its_stand_in(tmp_path, asked, found):
    install(tmp_path)
    environment = {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    match = subprocess.run(["fc-match", asked, "family"], env=environment, capture_output=True, text=True, check=True)
    assert found in match.stdout


def test_a_font_that_is_here_is_not_replaced():
    assert "<family>SimSun</family>" in configuration([])
    assert "<family>SimSun</family>" not in configuration(["simsun"])
    assert all(f"<family>{name}</family>" in configuration([]) for names in STANDINS.values() for name in names)


def test_accented_letters_of_even_width_are_not_put_together_from_parts(tmp_path):
    """A browser sets č from c and a loose caron, askew, where the font has these two and no č: then it takes no other font's."""
    install(tmp_path)
    environment = {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    match = subprocess.run(
        ["fc-match", "-f", "%{charset}", "monospace"], env=environment, capture_output=True, text=True, check=True
    )
    ranges = [tuple(int(edge, 16) for edge in (part + "-" + part).split("-")[:2]) for part in match.stdout.split()]
    has = {code for code in (0x010D, 0x0301, 0x030C) if any(first <= code <= last for first, last in ranges)}
    assert 0x010D in has or not has
