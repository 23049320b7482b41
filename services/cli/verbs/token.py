"""`token`: what a client shows to say who it is; it is told once, when it is made, and never again."""

import time
from argparse import ArgumentParser, Namespace

from libs.contracts.directory import Scope
from services.cli.moments import later
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, show
from services.cli.wording import scopes
from services.registry import enrol
from services.registry.enrol import Unfit

SUMMARY = "add, list or revoke tokens of agents and applications"


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `revoke`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="give a client a token; it is shown this once")
    one.add_argument("--client", required=True, metavar="SN")
    one.add_argument("--name", required=True, help="what it is for: it is revoked by this name")
    one.add_argument(
        "--scopes",
        type=scopes,
        default=(),
        metavar="LIST",
        help=f"some of {','.join(Scope)}; missing: all of them",
    )
    one.add_argument("--expires", type=later, default=0, metavar="WHEN", help="90d, 12h or 2027-01-31; missing: never")
    one.set_defaults(run=add)
    every = actions.add_parser("list", help="list tokens by name; nobody can show them again")
    every.add_argument("--client", default="", metavar="SN", help="only of this client")
    every.set_defaults(run=list_all)
    away = actions.add_parser("revoke", help="a token is good no more, within seconds and for ever")
    away.add_argument("--client", required=True, metavar="SN")
    away.add_argument("--name", required=True)
    away.set_defaults(run=revoke)
    for action in actions.choices.values():
        offer_json(action)


async def add(said: Namespace) -> int:
    """Make a token and show it once."""
    async with office() as desk:
        token = await enrol.add_token(desk.store, said.client, said.name, expires_at=said.expires, scopes=said.scopes)
    what = {"client": said.client, "name": said.name, "token": token, "expires": moment(said.expires), "scopes": list(said.scopes)}
    report(what, token, f"It is shown this once: keep it where only {said.client} can read it.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Tokens by client and name, with whether they are good."""
    async with office() as desk:
        if said.client and await desk.store.client(said.client) is None:
            raise Unfit(f"There is no client {said.client}.")
        found = await desk.store.tokens(said.client)
    rows = [
        {
            "client": row.sn,
            "name": row.name,
            "scopes": row.scopes,
            "added": moment(row.created_at),
            "expires": moment(row.expires_at),
            "state": _state(row.revoked_at, row.expires_at),
        }
        for row in found
    ]
    show(rows, as_json=said.json)
    return 0


async def revoke(said: Namespace) -> int:
    """End a token."""
    async with office() as desk:
        await enrol.revoke_token(desk.store, said.client, said.name)
    what = {"client": said.client, "name": said.name}
    report(what, f"The token {said.name!r} of {said.client} is revoked.", as_json=said.json)
    return 0


def _state(revoked_at: int, expires_at: int) -> str:
    if revoked_at:
        return "revoked"
    return "expired" if expires_at and expires_at <= time.time() * 1000 else "good"
