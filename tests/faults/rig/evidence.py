"""The report of `make faults`: every row of the catalogue, what was done to it and what was seen, as JSON and as a page."""

import json
import os
import platform
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.catalogue import ROWS, SECTIONS

NAME = "faults.json"
Part = dict[str, Any]
_HEAD = """# What `make faults` saw

Written by `make faults`; not edited by hand. The rig, and what the invariants I1 to I8 are: [docs/faults.md](../faults.md).
"""


def update(folder: Path, parts: list[Part], *, commit: str, at: str, whole: bool) -> None:
    """Put what a run of that commit and day found into `faults.json` and `faults.md`; tests that it left out stay as they were.

    `whole`: it left none out, so nothing of before stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    tests: dict[tuple[int, str], Part] = {}
    if path.exists() and not whole:
        tests = {(row["row"], test["test"]): test for row in json.loads(path.read_text())["rows"] for test in row["tests"]}
    for part in parts:
        test = {**part, "commit": commit, "at": at}
        tests[test.pop("row"), test["test"]] = test
    machine = {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    found = [_found(number, [tests[key] for key in sorted(tests) if key[0] == number]) for number in ROWS]
    path.write_text(json.dumps({"machine": machine, "rows": found}, ensure_ascii=False, indent=1) + "\n")
    (folder / "faults.md").write_text(_page(machine, found))


def _found(number: int, tests: list[Part]) -> Part:
    return {"row": number, "fault": ROWS[number], "outcome": _outcome(tests), "tests": tests}


def _outcome(tests: list[Part]) -> str:
    if not tests:
        return "not run"
    return next((test["outcome"] for test in tests if test["outcome"] != "passed"), "passed")


def _page(machine: dict[str, Any], rows: list[Part]) -> str:
    tests = [test for row in rows for test in row["tests"]]
    passed = sum(row["outcome"] == "passed" for row in rows)
    runs = Counter((test["at"], test["commit"]) for test in tests)
    said = "; ".join(f"{count} tests at commit {commit} on {at}" for (at, commit), count in sorted(runs.items()))
    lines = [_HEAD, f"{machine['processors']} processors, {machine['system']}, Python {machine['python']}: {said}.", ""]
    checked = sum(test["checked"] for test in tests)
    lines += [f"**{passed} of {len(rows)} rows passed**; {checked:,} lines of history were looked through for all invariants.", ""]
    usual = runs.most_common(1)[0][0] if runs else ("", "")
    for letter, (title, numbers) in SECTIONS.items():
        lines += [f"## {letter}. {title}", ""]
        for row in rows:
            if row["row"] in numbers:
                lines += _row(row, usual)
    return "\n".join(lines)


def _row(row: Part, usual: tuple[str, str]) -> list[str]:
    """`usual`: the day and commit of most of the tests, which need not be said at each."""
    lines = [f"### {row['row']}. {row['fault'][0].upper()}{row['fault'][1:]}: {row['outcome']}", ""]
    for test in row["tests"]:
        lines += [_test(test, usual), ""]
        lines += [f"- Done: {sentence}" for sentence in test["did"]]
        lines += [f"- Seen: {sentence}" for sentence in test["saw"]]
        lines += [f"- {test['outcome'].capitalize()}: {' '.join(test['why'].split())}"] if test["outcome"] != "passed" else []
        lines += [""]
    return lines


def _test(test: Part, usual: tuple[str, str]) -> str:
    line = f"`{test['test']}`, {test['seconds']:.0f} s"
    if (test["at"], test["commit"]) != usual:
        line += f", at commit {test['commit']} on {test['at']}"
    return line if test["outcome"] == "passed" else f"{line}, **{test['outcome']}**"
