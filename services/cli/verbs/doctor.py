"""`doctor`: looks at everything that printing needs, on this machine and over the bus, and says what to do."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from dataclasses import asdict

from nats.errors import Error as NatsError

from libs.runtime.bus import Unanswered, connect
from libs.runtime.keys import SYSTEM, Keys
from libs.runtime.settings import SettingsError, read
from services.cli.terminal import offer_json, say, show
from services.converter.settings import ConverterSettings
from services.doctor import examination, surroundings
from services.doctor.finding import Finding, Level, bad
from services.embedded.inquiry import inquiry
from services.gateway.settings import GatewaySettings
from services.registry.settings import RegistrySettings

SUMMARY = "look at everything that printing needs, and say what to do"


def declare(parser: ArgumentParser) -> None:
    """`--all`, `--json`."""
    parser.add_argument("--all", action="store_true", help="tell what is well, too")
    offer_json(parser)
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """What was found; the exit code is 1 when something does not work."""
    found = [each async for each in everything()]
    shown = found if said.all or said.json else [each for each in found if each.level is not Level.WELL]
    if said.json:
        show([asdict(each) for each in shown], as_json=True)
    else:
        for each in shown:
            say(f"{each.level.value:5} {each.what}: {each.says}.", *([f"      What to do: {each.todo}"] if each.todo else []))
        wrong = sum(each.level is not Level.WELL for each in found)
        say(f"{len(found)} looks, {wrong} to do." if wrong else f"{len(found)} looks, all is well.")
    return int(any(each.level is Level.BAD for each in found))


async def everything() -> AsyncIterator[Finding]:
    """This machine first: what is wrong there explains what is wrong behind it."""
    gateway, registry, converter = read(GatewaySettings), read(RegistrySettings), read(ConverterSettings)
    for each in (
        *surroundings.disk(gateway),
        *surroundings.keys(gateway),
        *surroundings.certificates(gateway, surroundings.today()),
        *surroundings.links(gateway),
        *surroundings.fonts(),
        *surroundings.programs(converter),
    ):
        yield each
    async for each in surroundings.names(gateway):
        yield each
    async for each in surroundings.databases(registry):
        yield each
    try:
        async for each in _over_the_bus(registry):
            yield each
    except (SettingsError, Unanswered, OSError) as error:
        yield bad("bus", str(error).rstrip("."), "start the server, or mend PRINTBUS_NATS_URL and PRINTBUS_DATA_DIR.")
    except NatsError as error:  # a cluster without a leader, a disk that is full: what was found before is told all the same
        yield bad("bus", f"it does not answer ({str(error) or type(error).__name__})", "see what the log of its nats-server says.")


async def _over_the_bus(settings: RegistrySettings) -> AsyncIterator[Finding]:
    async with inquiry() as (bus, region):
        for looks in (
            examination.kept(bus, region, max(1, settings.replicas)),
            examination.read(bus, region),
            examination.ledger(bus, region),
            examination.printers(bus),
            examination.regions(bus, await asyncio.to_thread(surroundings.linked_regions, settings)),
        ):
            async for each in looks:
                yield each
        url = str(bus.client.connected_url.geturl()) if bus.client.connected_url else ""
    try:
        system = await connect(url, SYSTEM, Keys(settings.keys_dir).path(f"{SYSTEM}.creds"))
    except Unanswered as error:
        yield bad(
            "bus", f"its system account lets nobody in ({error})".replace(url, "the bus"), "run `python -m services provision`."
        )
        return
    try:
        async for each in examination.synced(system):
            yield each
    finally:
        await system.close()
