"""`provision`: make keys, credentials, serial number, token and server configuration; with PRINTBUS_NATS_URL also streams."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from libs.contracts.permissions import SERVICES
from libs.runtime.claims import tell_claims
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.logs import configure
from libs.runtime.settings import read
from services.embedded import provision
from services.registry.settings import RegistrySettings

SUMMARY = "make keys, credentials, serial number, token and server configuration; with PRINTBUS_NATS_URL also streams"


def declare(parser: ArgumentParser) -> None:
    """`provision`, `provision --new gateway`: settings say everything else."""
    users = (*SERVICES, ADMIN)
    told = "with new credentials for this user of the bus: those that it had let nobody in any more"
    parser.add_argument("--new", metavar="USER", choices=users, help=f"{told} (one of {', '.join(users)})")
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """Complete what is missing and change nothing that is there."""
    settings = read(RegistrySettings)
    configure(settings.log_format, settings.log_level)
    if said.new:
        await asyncio.to_thread(Keys(settings.keys_dir).withdraw, said.new)
    identity = provision.make_identity(settings)
    keys = provision.make_keys(settings, identity.sn)
    folder = (settings.data_dir / "nats").absolute()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    if not settings.nats_url:
        servers = settings.nats_cluster or ("127.0.0.1:4222",)
        for config in await asyncio.to_thread(provision.make_configurations, settings, keys, folder):
            _say(f"Start a server with: nats-server -c {config}")
        urls = ",".join(f"nats://{server}" for server in servers)
        _say(f"Then run this again with PRINTBUS_NATS_URL={urls}: it makes the streams.")
    else:
        await provision.make_streams(settings.nats_url, keys, settings, identity.sn, again=True)
        await tell_claims(settings.nats_url, keys)
        _say(f"Streams, consumers and buckets are ready at {settings.nats_url}.")
    _say(f"SN {identity.sn}; its token is in {identity.token_file}; keys and credentials are in {settings.keys_dir.absolute()}.")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
