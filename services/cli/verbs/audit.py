"""`audit`: who did what to tenants, clients, tokens, shares and rules, and when; it never holds a secret."""

import json
from argparse import ArgumentParser, Namespace

from services.cli.moments import earlier
from services.cli.office import office
from services.cli.terminal import moment, offer_json, show

SUMMARY = "show the audit log"


def declare(parser: ArgumentParser) -> None:
    """`--since`, `--tenant`."""
    parser.add_argument("--since", type=earlier, default=0, metavar="WHEN", help="7d, 12h or 2026-01-31; missing: all")
    parser.add_argument("--tenant", default="", help="only what concerns this tenant")
    offer_json(parser)
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """Oldest first."""
    async with office() as desk:
        found = await desk.store.audited(said.since, said.tenant)
    rows = []
    for row in found:
        details = json.loads(row.details)
        rows.append(
            {
                "when": moment(row.at),
                "who": row.who,
                "action": row.action,
                "what": row.what,
                "tenant": row.tenant,
                "details": details if said.json else " ".join(f"{key}={_plain(value)}" for key, value in details.items()),
            }
        )
    show(rows, as_json=said.json)
    return 0


def _plain(value: object) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list) else str(value)
