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
