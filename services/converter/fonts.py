"""The engines' font configuration: simplified Chinese forms first, and stand-ins for fonts that Chinese documents name."""

import subprocess
from collections.abc import Collection
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

_SERIF, _SANS = "Noto Serif CJK SC", "Noto Sans CJK SC"
#: The font of plain text, too. Noto Sans Mono CJK has accents and not all accented letters: a browser puts them together askew.
_MONO = "WenQuanYi Zen Hei Mono"

#: Fonts that documents name and Debian has not, by what stands in for them.
STANDINS: dict[str, tuple[str, ...]] = {
    _SERIF: (
        *("SimSun", "NSimSun", "宋体", "新宋体", "SimSun-ExtB", "STSong", "STZhongsong", "华文宋体", "华文中宋", "Songti SC"),
        *("FangSong", "FangSong_GB2312", "仿宋", "仿宋_GB2312", "STFangsong", "华文仿宋"),
        *("KaiTi", "KaiTi_GB2312", "楷体", "楷体_GB2312", "STKaiti", "华文楷体", "Kaiti SC", "Source Han Serif SC"),
    ),
    _SANS: (
        *("SimHei", "黑体", "STHeiti", "华文黑体", "STXihei", "华文细黑", "Heiti SC", "PingFang SC", "Source Han Sans SC"),
        *("Microsoft YaHei", "Microsoft YaHei UI", "微软雅黑", "DengXian", "等线", "YouYuan", "幼圆", "LiSu", "隶书"),
    ),
}


@cache
def installed() -> frozenset[str]:
    """The families of this machine's fonts, in small letters. An administrator's own SimSun wins over its stand-in."""
    listed = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False)  # noqa: S607 - from PATH
    return frozenset(name.strip().lower() for line in listed.stdout.splitlines() for name in line.split(","))


def configuration(present: Collection[str]) -> str:
    """A `fonts.conf` that adds to the system's own; `present` are families that need no stand-in."""
    generic = "".join(_generic(name, family) for name, family in (("sans-serif", _SANS), ("serif", _SERIF), ("monospace", _MONO)))
    aliases = "".join(
        # Preferred, not only accepted: Chromium takes a stand-in for the named font only when it comes first.
        f'<alias binding="same"><family>{escape(name)}</family><prefer><family>{family}</family></prefer></alias>\n'
        for family, names in STANDINS.items()
        for name in names
        if name.lower() not in present
    )
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f'<include ignore_missing="yes">/etc/fonts/fonts.conf</include>\n{generic}{aliases}'
        # A Chinese character that no named font has: the simplified face, not the first of the collection.
        f'<match target="pattern"><edit name="family" mode="append_last"><string>{_SANS}</string></edit></match>\n'
        "</fontconfig>\n"
    )


def install(folder: Path) -> None:
    """Write the configuration where engines look for it, `fonts.conf` in their folder."""
    path = folder / "fonts.conf"
    path.write_text(configuration(installed()))
    path.chmod(0o644)


def _generic(name: str, family: str) -> str:
    test = f'<test name="family" compare="eq"><string>{name}</string></test>'
    edit = f'<edit name="family" mode="append" binding="strong"><string>{family}</string></edit>'
    return f'<match target="pattern">{test}{edit}</match>\n'
