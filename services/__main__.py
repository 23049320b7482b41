"""The one command line: `python -m services` runs everything in one process; verbs do the rest."""

import argparse
import asyncio
import sys

import uvloop

from libs.runtime.logs import configure
from libs.runtime.natsserver import configuration
from libs.runtime.settings import SettingsError, read
from services import provision
from services.registry.settings import RegistrySettings


def main(arguments: list[str] | None = None) -> int:
    """Run a verb; returns the exit code: 0 well, 1 it failed, 2 something was said wrongly."""
    parser = argparse.ArgumentParser(prog="python -m services", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="verb")
    verbs.add_parser(
        "provision",
        help="make keys, credentials, serial number, token and server configuration; with PRINTBUS_NATS_URL also streams",
    )
    verb = parser.parse_args(arguments).verb
    try:
        return uvloop.run(_provision() if verb == "provision" else _serve())
    except SettingsError as error:
        sys.stderr.write(f"printbus: {error}\n")
        return 2
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a sentence
        sys.stderr.write(f"printbus: {str(error) or type(error).__name__}\n")
        return 1


async def _serve() -> int:
    from services.embedded import serve  # noqa: PLC0415 - a verb does not need every service's libraries

    return await serve()


async def _provision() -> int:
    settings = read(RegistrySettings)
    configure(settings.log_format, settings.log_level)
    identity = provision.make_identity(settings)
    keys = provision.make_keys(settings, identity.sn)
    folder = (settings.data_dir / "nats").absolute()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    config = folder / "nats-server.conf"
    if not settings.nats_url:
        await asyncio.to_thread(config.write_text, configuration(keys, folder, name="printbus", port=4222))
        print(f"Start a server with: nats-server -c {config}")
        print("Then run this again with PRINTBUS_NATS_URL=nats://127.0.0.1:4222: it makes the streams.")
    else:
        await provision.make_streams(settings.nats_url, keys, settings, identity.sn)
        print(f"Streams, consumers and buckets are ready at {settings.nats_url}.")
    print(f"SN {identity.sn}; its token is in {identity.token_file}; keys and credentials are in {settings.keys_dir.absolute()}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
