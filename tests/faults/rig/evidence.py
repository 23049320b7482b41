"""The report of `make faults`: every row of the catalogue, what was done to it and what was seen, as JSON and as a page."""

import json
import os
import platform
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.faults.catalogue import ROWS, SECTIONS

Part = dict[str, Any]
_HEAD = """# What `make faults` saw

Written by `make faults`; not edited by hand. The rig, and what the invariants I1 to I8 are: [docs/faults.md](../faults.md).
"""


def write(folder: Path, parts: list[Part]) -> None:
    """`faults.json` and `faults.md` of all parts of one run."""
    machine = {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    rows = defaultdict(list)
    for part in parts:
        rows[part.pop("row")].append(part)
    found = [
        {"row": number, "fault": fault, "outcome": _outcome(rows[number]), "tests": rows[number]} for number, fault in ROWS.items()
    ]
    (folder / "faults.json").write_text(json.dumps({"machine": machine, "rows": found}, ensure_ascii=False, indent=1) + "\n")
    (folder / "faults.md").write_text(_page(machine, found))


def _outcome(tests: list[Part]) -> str:
    if not tests:
        return "not run"
    return next((test["outcome"] for test in tests if test["outcome"] != "passed"), "passed")


def _page(machine: dict[str, Any], rows: list[Part]) -> str:
    passed = sum(row["outcome"] == "passed" for row in rows)
    checked = sum(test["checked"] for row in rows for test in row["tests"])
    lines = [_HEAD, f"{machine['processors']} processors, {machine['system']}, Python {machine['python']}."]
    lines += [f"**{passed} of {len(rows)} rows passed**; {checked:,} lines of history were looked through for all invariants.", ""]
    for letter, (title, numbers) in SECTIONS.items():
        lines += [f"## {letter}. {title}", ""]
        for row in rows:
            if row["row"] in numbers:
                lines += _row(row)
    return "\n".join(lines)


def _row(row: Part) -> list[str]:
    lines = [f"### {row['row']}. {row['fault'][0].upper()}{row['fault'][1:]}: {row['outcome']}", ""]
    for test in row["tests"]:
        lines += [
            f"`{test['test']}`, {test['seconds']:.0f} s" + ("" if test["outcome"] == "passed" else f", **{test['outcome']}**"),
            "",
        ]
        lines += [f"- Done: {sentence}" for sentence in test["did"]]
        lines += [f"- Seen: {sentence}" for sentence in test["saw"]]
        lines += [f"- {test['outcome'].capitalize()}: {' '.join(test['why'].split())}"] if test["outcome"] != "passed" else []
        lines += [""]
    return lines
