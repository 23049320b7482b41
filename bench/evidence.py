"""The evidence in a folder: bench.json with every repeat, and the page and plots that are made of it."""

import json
from pathlib import Path
from typing import Any

from bench.page import page
from bench.plots import plots

NAME = "bench.json"
Evidence = dict[str, Any]


def update(folder: Path, found: dict[str, dict[str, Any]], order: list[str]) -> Evidence:
    """Put what was found in its place; other measures stay as they were. `order`: the numbers as the page has them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    before: Evidence = json.loads(path.read_text()) if path.exists() else {"measures": {}}
    measures = {**before["measures"], **found}
    evidence = {"measures": {number: measures[number] for number in order if number in measures}}
    path.write_text(json.dumps(evidence, ensure_ascii=False, indent=1) + "\n")
    show(folder, evidence)
    return evidence


def show(folder: Path, evidence: Evidence) -> None:
    """The page and its plots, from what is known."""
    for old in folder.glob("bench-*.svg"):
        old.unlink()
    drawn = plots(evidence)
    for name, svg in drawn.items():
        (folder / name).write_text(svg + "\n")
    (folder / "bench.md").write_text(page(evidence, list(drawn)))
