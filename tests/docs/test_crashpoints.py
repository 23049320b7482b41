"""Every point at which a process can be told to die is listed."""

import re

import pytest

from docs.generator.crashpoints import ROOT, passed, points, sources

PASSED = passed()
LISTED = {point.name: source for source in sources() for point in points(source)}


def test_every_point_that_the_code_passes_is_listed():
    assert {name: files for name, files in PASSED.items() if name not in LISTED} == {}


def test_every_point_that_is_listed_is_passed():
    composed = [
        re.sub(r"\\\{[^}]*\\\}", "[a-z-]+", re.escape(pattern))
        for path in sorted(ROOT.glob("services/**/*.py"))
        for pattern in re.findall(r'\bcrashpoint\(f"([^"]+)"\)', path.read_text())
    ]
    never = [name for name in LISTED if name not in PASSED and not any(re.fullmatch(each, name) for each in composed)]
    assert never == []


@pytest.mark.parametrize("name", LISTED)
def test_a_point_is_named_for_where_it_is(name):
    owner = LISTED[name].parent.name
    assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
    if owner != "runtime":
        assert name.startswith(f"{owner}-")


def test_no_two_points_have_the_same_name():
    names = [point.name for source in sources() for point in points(source)]
    assert len(names) == len(set(names))
