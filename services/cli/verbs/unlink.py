"""`unlink`: another region is taken away: what is kept for it, its copy of the directory, and its way in."""

import asyncio
from argparse import ArgumentParser, Namespace

from libs.runtime.claims import tell_claims
from libs.runtime.keys import Keys
from libs.runtime.links import forget_link
from libs.runtime.settings import SettingsError, read
from services.cli.office import office
from services.cli.terminal import offer_json, report
from services.embedded import parting, provision
from services.embedded.standstill import bus_of
from services.registry.settings import RegistrySettings

SUMMARY = "let a region in no more, and forget what was kept for it"


def declare(parser: ArgumentParser) -> None:
    """`unlink us`."""
    parser.add_argument("region", help="the region that was taken out of PRINTBUS_LINKS")
    parser.add_argument("--lose", action="store_true", help="also when tasks that were accepted for it are not known to be there")
    parser.set_defaults(run=run)
    offer_json(parser)


async def run(said: Namespace) -> int:
    """Refuses as long as its link is in use, or tasks wait for it."""
    settings = read(RegistrySettings)
    region = said.region
    if region in provision.others(settings):
        raise SettingsError(f"PRINTBUS_LINKS names the file of {region}: take it out, start again, and then say this.")
    keys = Keys(settings.keys_dir)
    async with bus_of(settings) as bus:
        lost = await parting.forget(bus, region, lose=said.lose)
    known = await asyncio.to_thread(forget_link, keys, region)
    if lost is None and not known:
        raise SettingsError(f"Nothing is known here of a region {region}: name one that this one was linked with.")
    await asyncio.to_thread(parting.forget_files, settings.data_dir, region)
    async with office() as desk, desk.store.change() as change:
        await change.note("link ended", region, lost=lost or 0)
    if settings.nats_url:
        await tell_claims(settings.nats_url, keys)
    what = {"region": region, "lost": lost or 0}
    lines = [f"{region} is forgotten here, and what it was handed lets nobody in any more."]
    if lost:
        lines.append(f"{lost} submissions that were accepted for it are lost.")
    report(what, *lines, as_json=said.json)
    return 0
