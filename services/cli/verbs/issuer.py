"""`issuer`: the keys that this server signs access tokens with."""

import asyncio
from argparse import ArgumentParser, Namespace

from libs.runtime.issuing import Issuer
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, show

SUMMARY = "show or rotate the keys that sign access tokens"


def declare(parser: ArgumentParser) -> None:
    """`show`, `rotate`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("show", help="list the keys, the one that signs first").set_defaults(run=show_all)
    turn = actions.add_parser("rotate", help="sign with a new key from now on; the old one is believed until its tokens have ended")
    turn.add_argument("--drop", action="store_true", help="believe the old ones no more: all tokens that they signed end now")
    turn.set_defaults(run=rotate)
    for action in actions.choices.values():
        offer_json(action)


async def show_all(said: Namespace) -> int:
    """The keys that are believed."""
    async with office() as desk:
        issuer = Issuer(desk.settings.keys_dir)
        rows = [
            {"key": str(key.kid), "signs": not until, "published until": moment(int(until * 1000))}
            for key, until in await asyncio.to_thread(issuer.published)
        ]
    show(rows, as_json=said.json)
    return 0


async def rotate(said: Namespace) -> int:
    """Make a new key."""
    async with office() as desk:
        key = await asyncio.to_thread(Issuer(desk.settings.keys_dir).rotate, drop=said.drop)
        async with desk.store.change() as change:
            await change.note("issuer key rotated", key, desk.settings.tenant, dropped=said.drop)
    rest = "the older ones are believed no more" if said.drop else "the older ones are believed until what they signed has ended"
    report({"key": key, "dropped": said.drop}, f"Tokens are signed with the key {key} from now on; {rest}.", as_json=said.json)
    return 0
