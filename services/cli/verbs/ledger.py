"""`ledger`: whether all that was accepted became tasks and all tasks come to an end, as the active spooler sees it."""

import time
from argparse import ArgumentParser, Namespace

from libs.contracts.ledger import LedgerView, ReadLedger
from services.cli.terminal import moment, offer_json, report, say, show
from services.embedded.inquiry import inquiry

SUMMARY = "tell what was accepted and does not add up"


def declare(parser: ArgumentParser) -> None:
    """`--json`."""
    offer_json(parser)
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """Checked when, and each mismatch; the exit code is 1 when there are any."""
    async with inquiry() as (bus, region):
        view: LedgerView = await bus.ask(ReadLedger(region=region), timeout=5)
    rows = [
        {"kind": entry.kind.value, "what": entry.what, "since": moment(entry.since), "message": entry.message}
        for entry in view.entries
    ]
    seconds = max(0, round(time.time() - view.checked_at / 1000))
    what = {"checked": view.checked, "checkedSecondsAgo": seconds, "mismatches": view.mismatches, "entries": rows}
    line = f"Checked {seconds} seconds ago, {view.mismatches} mismatches ({view.checked} tasks looked at since this spooler began)."
    report(what, line, as_json=said.json)
    if rows and not said.json:
        say("")
        show(rows, as_json=False)
    return 1 if view.mismatches else 0
