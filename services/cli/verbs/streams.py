"""`streams`: make or update streams, consumers and buckets; it needs the admin's credentials and no other key."""

from argparse import ArgumentParser, Namespace

from libs.runtime.keys import Keys
from libs.runtime.logs import configure
from libs.runtime.settings import SettingsError, read
from services.embedded import provision
from services.registry.settings import RegistrySettings

SUMMARY = "make or update streams, consumers and buckets, where the keys were made elsewhere"


def declare(parser: ArgumentParser) -> None:
    """It takes nothing: settings say everything."""
    parser.set_defaults(run=run)


async def run(_said: Namespace) -> int:
    """Bring the bus up to date; the consumer of this server's own agent too, where it has one. Raises `SettingsError`."""
    settings = read(RegistrySettings)
    configure(settings.log_format, settings.log_level)
    if not settings.nats_url:
        raise SettingsError("PRINTBUS_NATS_URL is missing: write the server's address, such as nats://127.0.0.1:4222.")
    await provision.make_streams(settings.nats_url, Keys(settings.keys_dir), settings, settings.own_sn, again=True)
    return 0
