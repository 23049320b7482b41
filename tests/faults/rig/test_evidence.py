"""The report of `make faults`: a run of some rows leaves what is known of the others."""

import json

from tests.faults.rig.evidence import update


def part(row, test, *, outcome="passed", why=""):
    said = {"seconds": 1.0, "did": ["it was done"], "saw": [], "checked": 3}
    return {"row": row, "test": test, "outcome": outcome, "why": why, **said}


def told(folder):
    rows = json.loads((folder / "faults.json").read_text())["rows"]
    return {(row["row"], test["test"]): (test["outcome"], test["commit"]) for row in rows for test in row["tests"]}


def test_a_run_of_some_rows_takes_the_place_of_what_they_found_before(tmp_path):
    first = [part(9, "killed"), part(9, "stopped"), part(10, "led", outcome="failed", why="it\nstopped")]
    update(tmp_path, first, commit="aaa", at="2026-01-01", whole=True)
    assert "**1 of 40 rows passed**" in (tmp_path / "faults.md").read_text()
    update(tmp_path, [part(10, "led")], commit="bbb", at="2026-01-02", whole=False)
    assert told(tmp_path) == {(9, "killed"): ("passed", "aaa"), (9, "stopped"): ("passed", "aaa"), (10, "led"): ("passed", "bbb")}
    page = (tmp_path / "faults.md").read_text()
    assert "**2 of 40 rows passed**; 9 lines" in page
    assert "2 tests at commit aaa on 2026-01-01; 1 tests at commit bbb on 2026-01-02" in page
    assert "`led`, 1 s, at commit bbb on 2026-01-02\n" in page
    assert "`killed`, 1 s\n" in page


def test_a_whole_run_forgets_tests_that_are_no_more(tmp_path):
    update(tmp_path, [part(9, "renamed since")], commit="aaa", at="2026-01-01", whole=True)
    update(tmp_path, [part(9, "killed", outcome="failed", why="it\nstopped")], commit="bbb", at="2026-01-02", whole=True)
    assert told(tmp_path) == {(9, "killed"): ("failed", "bbb")}
    assert "- Failed: it stopped" in (tmp_path / "faults.md").read_text()
