"""From what a measure sees to the page: every repeat, verdicts, plots; one measure taken again leaves the others alone."""

import json
from pathlib import Path

import pytest

from bench.evidence import update
from bench.findings import FAILED, MEASURED
from bench.measure import Measure, at_least, at_most
from bench.run import Run

ORDER = ["P1", "P2"]


async def _nothing(_run: Run) -> None: ...


def measure(number: str) -> Measure:
    goals = (at_least("rate, by theirs", 0.8), at_most("seconds", 10, "s"))
    return Measure(number=number, title=f"measure {number}", against="a peer", expected=1, take=_nothing, goals=goals)


async def taken(folder: Path, number: str, *, wrong: tuple[str, ...] = (), state: str = MEASURED) -> dict[str, dict]:
    run = Run([measure(number)], folder, folder / "findings.json", rounds=3)

    async def ours(turn: int) -> float:
        return 90.0 + turn

    async def theirs(_: int) -> dict[str, float]:
        return {"theirs": 100.0, "seconds taken": 12.0}

    await run.turns({"ours": "1/s", "theirs": "1/s", "seconds taken": "s"}, {"ours": ours, "theirs": theirs})
    run.compare("rate, by theirs", "ours", "theirs")
    run.compare("seconds", "seconds taken")
    for size in (10, 100):
        run.point("cost", ("printers", size), ("ms", size / 10))
    run.checked("3 tasks", wrong)
    run.note("a remark")
    facts = {"began": "2026-01-01T00:00:00+00:00", "seconds": 1.0, "load_before": 0.1, "rounds": 3, "quick": False}
    here = {
        "processors": 2,
        "processor": "one",
        "memory_gib": 4.0,
        "system": "Linux",
        "python": "3.11",
        "nats_server": "v2",
        "sync_ms": 1.0,
    }
    found = json.loads((folder / "findings.json").read_text())
    reason = {"reason": "it stumbled"} if state == FAILED else {}
    return {name: {**each, **facts, **reason, "state": state, "machine": {**here, "commit": "abc"}} for name, each in found.items()}


async def test_goals_and_results_stand_side_by_side(tmp_path):
    evidence = update(tmp_path, await taken(tmp_path, "P1"), ORDER)
    (found,) = evidence["measures"].values()
    assert found["series"]["ours"]["values"] == [90, 91, 92]
    assert [(each["spread"]["median"], each["met"]) for each in found["results"]] == [(0.91, True), (12, False)]
    page = (tmp_path / "bench.md").read_text()
    assert "| P1 | rate, by theirs | at least 0.8 times | 0.91 (0.9 to 0.92) | met |" in page
    assert "| P1 | seconds | at most 10 s | 12 (12 to 12) | **not met** |" in page
    assert "**1 of 2 goals are met.**" in page
    for plot in ("bench-goals.svg", "bench-p1-cost.svg"):
        assert f"({plot})" in page
        assert "<svg" in (tmp_path / plot).read_text()
        assert "<script" not in (tmp_path / plot).read_text()
        assert 'href="http' not in (tmp_path / plot).read_text()


async def test_whatever_came_out_wrong_counts_as_not_met(tmp_path):
    evidence = update(tmp_path, await taken(tmp_path, "P1", wrong=("1 accepted tasks are not on paper",)), ORDER)
    assert [each["met"] for each in evidence["measures"]["P1"]["results"]] == [False, False]
    page = (tmp_path / "bench.md").read_text()
    assert page.count("**not met: it came out wrong**") == 4
    assert "- **Wrong: 1 accepted tasks are not on paper**" in page


async def test_a_measure_taken_again_leaves_the_others_as_they_were(tmp_path):
    update(tmp_path, await taken(tmp_path, "P2"), ORDER)
    update(tmp_path, await taken(tmp_path, "P1", state=FAILED), ORDER)
    assert list(json.loads((tmp_path / "bench.json").read_text())["measures"]) == ORDER
    page = (tmp_path / "bench.md").read_text()
    assert "**Failed: it stumbled**" in page
    assert "| P2 | rate, by theirs | at least 0.8 times | 0.91 (0.9 to 0.92) | met |" in page


async def test_a_goal_that_nothing_was_held_against_is_not_met(tmp_path):
    run = Run([measure("P1")], tmp_path, tmp_path / "findings.json")
    run.keep()
    found = json.loads((tmp_path / "findings.json").read_text())["P1"]
    assert [(each["goal"], each["met"]) for each in found["results"]] == [("rate, by theirs", False), ("seconds", False)]
    with pytest.raises(KeyError):
        run.compare("another goal", "ours")
