"""`link`: a file by which another region is joined with this one."""

import asyncio
from argparse import ArgumentParser, Namespace
from pathlib import Path

from libs.runtime.claims import tell_claims
from libs.runtime.keys import Keys
from libs.runtime.links import link_user, make_link, write_link
from libs.runtime.settings import SettingsError, read
from services.cli.office import office
from services.cli.terminal import offer_json, report
from services.registry.settings import RegistrySettings

SUMMARY = "make the file by which another region is joined with this one"


def declare(parser: ArgumentParser) -> None:
    """`link us`, `link us asia`."""
    parser.add_argument("region", help="the region that is to be told of this one")
    parser.add_argument("others", nargs="*", help="further regions that will be joined")
    parser.add_argument("--out", type=Path, help="the file; default: <this region>-for-<that region>.link in the working folder")
    parser.add_argument("--new", action="store_true", help="with a new key; what is in former files lets nobody in any more")
    parser.set_defaults(run=make)
    offer_json(parser)


async def make(said: Namespace) -> int:
    """The file, for `PRINTBUS_LINKS` of the other region."""
    settings = read(RegistrySettings)
    if settings.region in (said.region, *said.others):
        raise SettingsError(f"{settings.region} is this region itself: name the other one, or set PRINTBUS_REGION.")
    keys = Keys(settings.keys_dir)
    if not keys.path("account.pub").is_file():
        raise SettingsError(f"There are no keys in {settings.keys_dir}: run `python -m services provision` first.")
    if said.new:
        await asyncio.to_thread(keys.withdraw, link_user(said.region))
    link = await asyncio.to_thread(make_link, keys, settings.region, (said.region, *said.others), settings.link_addresses)
    path = said.out or Path(f"{settings.region}-for-{said.region}.link")
    await asyncio.to_thread(write_link, link, path)
    async with office() as desk, desk.store.change() as change:
        await change.note("link made", said.region, others=list(said.others), addresses=list(link.addresses), new=said.new)
    if said.new and settings.nats_url:
        await tell_claims(settings.nats_url, keys)
    where = ", ".join(link.addresses) or "nowhere: it calls others"
    what = {"file": str(path), "region": link.region, "addresses": list(link.addresses)}
    report(what, f"{path} is a secret: hand it to {said.region}, for its PRINTBUS_LINKS. It listens at {where}.", as_json=said.json)
    return 0
