"""Writes every generated file: `python -m docs.generate`, or `make docs`. A test compares the files with what this makes."""

import json
import sys
from pathlib import Path

from docs.generator import asyncapi, commands, compatibility, crashpoints, graph, metrics, schemas, settings, streams
from docs.generator.dashboards import DASHBOARDS, panels
from services.gateway.openapi import openapi_document

ROOT = Path(__file__).parent.parent


def generated() -> dict[Path, str]:
    """Path below the repository's root -> what belongs there."""
    api = Path("docs/api")
    pages = {
        api / "tasks.asyncapi.yaml": asyncapi.text(),
        api / "gateway.openapi.json": json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n",
        Path("docs/commands.md"): commands.text(),
        Path("docs/graph-addresses.md"): graph.text(),
        Path("docs/settings.md"): settings.text(),
        Path("docs/crashpoints.md"): crashpoints.text(),
        Path("docs/metrics.md"): metrics.text(),
        Path("docs/streams.md"): streams.text(),
        **{Path(f"deploy/grafana/{each.name}.json"): panels.text(each) for each in DASHBOARDS},
    }
    folder = schemas.FOLDER.relative_to(ROOT)
    taken = {folder / f"{name}.json": schemas.text(snapshot) for name, snapshot in schemas.snapshots().items()}
    return {**pages, **taken}


def stale() -> dict[Path, str]:
    """Generated files that say something else than the code, with what belongs there."""
    return {path: text for path, text in generated().items() if not (ROOT / path).is_file() or (ROOT / path).read_text() != text}


def main() -> int:
    """Write what is stale; refuse when a message changed in a way that older messages could not live with."""
    problems = compatibility.incompatibilities(schemas.stored(), schemas.snapshots())
    if problems:
        sys.stderr.write("The messages changed incompatibly; nothing was written.\n" + "\n".join(problems) + "\n")
        sys.stderr.write("Write a new class, or delete the snapshot if nobody can have said it yet.\n")
        return 1
    for path, text in stale().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
