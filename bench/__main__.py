"""`python -m bench [--only P3,P4] [--rounds 5] [--out docs/evidence] [--quick]`: take the measures, write the evidence."""

import argparse
import datetime as dt
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench import isolation
from bench.evidence import update
from bench.findings import MEASURED
from bench.machine import load, machine
from bench.measure import Measure
from bench.measures import all_measures
from bench.page import table

OUT = Path("docs/evidence")


def main() -> int:
    """The exit code: 0 when everything could be measured, met or not; 1 when something failed or came out wrong."""
    given = _given()
    known = all_measures()
    try:
        wanted = _wanted(known, given.only)
    except ValueError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2
    isolation.adopt_orphans()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    expected = sum(max(each.expected for each in group) for group in groups(wanted))
    print(
        f"{len(wanted)} measures, about {expected / 60:.0f} minutes on two idle cores"
        + (" (much less: quick)" if given.quick else "")
    )
    try:
        found = _take_all(wanted, given, list(known))
    except KeyboardInterrupt:
        isolation.end_descendants()
        print("stopped; what was measured before is written")
        return 130
    print("", *table(found.values()), sep="\n")
    return 0 if all(each["state"] == MEASURED and not each["wrong"] for each in found.values()) else 1


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", help="numbers such as P3 or P1,P2 or growth; default: all")
    parser.add_argument("--rounds", type=int, default=0, help="repeats of each side (5; with --quick 2)")
    parser.add_argument("--out", type=Path, help=f"folder of the evidence (default: {OUT}; with --quick nothing is written)")
    parser.add_argument("--quick", action="store_true", help="small and rough, for work on the benchmark itself")
    given = parser.parse_args()
    given.rounds = given.rounds or (2 if given.quick else 5)
    given.out = given.out or (None if given.quick else OUT)
    return given


def _wanted(known: dict[str, Measure], only: str) -> list[Measure]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    found = [each for number, each in known.items() if not names or any(_means(name, number) for name in names)]
    if lost := [name for name in names if not any(_means(name, number) for number in known)]:
        raise ValueError(f"there is no measure {', '.join(lost)}: write some of {', '.join(known)}")
    return found


def _means(name: str, number: str) -> bool:
    return name.lower() == number.lower() or number.lower().startswith(f"{name.lower()}-")


def groups(measures: Iterable[Measure]) -> list[list[Measure]]:
    """Those that one function takes together."""
    found: dict[Callable[..., Any], list[Measure]] = {}
    for each in measures:
        found.setdefault(each.take, []).append(each)
    return list(found.values())


def _take_all(wanted: list[Measure], given: argparse.Namespace, order: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for group in groups(wanted):
        print(f"\n{' and '.join(each.number for each in group)}: {'; '.join(each.title for each in group)}", flush=True)
        here, began, busy, since = machine(), dt.datetime.now(dt.UTC), load(), time.monotonic()
        taken = isolation.take(group, rounds=given.rounds, quick=given.quick)
        facts = {
            "began": began.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - since, 1),
            "load_before": busy,
            "rounds": given.rounds,
            "quick": given.quick,
            "machine": here,
        }
        found |= {number: {**each, **facts} for number, each in taken.items()}
        if given.out:
            update(given.out, {number: found[number] for number in taken}, order)
        print("", *table(found[number] for number in taken), sep="\n", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
