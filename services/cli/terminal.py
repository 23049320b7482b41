"""What verbs write: tables for people, JSON for machines, and nothing that could speak to the terminal."""

import json
import re
import sys
import unicodedata
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: What JSON leaves as it is in strings, and a terminal may obey.
_UNESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def say(*lines: str) -> None:
    """Lines for the person who asked."""
    sys.stdout.write("".join(_CONTROLS.sub(" ", line) + "\n" for line in lines))


def offer_json(parser: ArgumentParser) -> None:
    """The option `--json`."""
    parser.add_argument("--json", action="store_true", help="write JSON for machines instead of text for people")


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Rows with the same keys: a table with a heading, or a JSON array."""
    if as_json:
        sys.stdout.write(_json(list(rows)))
    elif not rows:
        say("(none)")
    else:
        _table([list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)])


def describe(what: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing: a row for each of its keys, or one JSON object."""
    if as_json:
        sys.stdout.write(_json(dict(what)))
    else:
        show([{"of": key, "value": value} for key, value in what.items()], as_json=False)


def report(what: Mapping[str, Any], *lines: str, as_json: bool) -> None:
    """What was done: a few lines, or one JSON object."""
    if as_json:
        sys.stdout.write(_json(dict(what)))
    else:
        say(*lines)


def moment(ms: int) -> str:
    """A time in ms since 1970 as ISO 8601 in UTC; 0 is no time at all."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else ""


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(each) for each in value)
    return _CONTROLS.sub(" ", str(value))


def _table(lines: list[list[str]]) -> None:
    widths = [max(_width(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        cells = [cell.upper() if not number else cell for cell in line]
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
