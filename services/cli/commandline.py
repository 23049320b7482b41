"""The one command line: without a verb everything runs in one process; the verbs are the files of `services/cli/verbs`."""

import argparse
import gc
import sys
from typing import cast

import uvloop

from libs.runtime import interpreter
from libs.runtime.discovery import discover
from libs.runtime.logs import configure
from libs.runtime.settings import SettingsError
from services.cli import verbs
from services.cli.verbs import Verb


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; returns the exit code: 0 well, 1 it failed, 2 something was said wrongly."""
    configure("console", "warning")
    given = sys.argv[1:] if arguments is None else arguments
    said = parser().parse_args(given) if given else argparse.Namespace(run=_serve)  # a server needs no verb's libraries
    try:
        return int(uvloop.run(said.run(said)))
    except SettingsError as error:
        sys.stderr.write(f"printbus: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a sentence
        sys.stderr.write(f"printbus: {str(error) or type(error).__name__}\n")
        return 1


def parser() -> argparse.ArgumentParser:
    """All that can be said."""
    whole = argparse.ArgumentParser(
        prog="python -m services", description="Without a verb, everything runs in one process. Settings are PRINTBUS_ variables."
    )
    whole.set_defaults(run=_serve)
    words = whole.add_subparsers(dest="verb", metavar="verb")
    for name, module in discover(verbs).items():
        verb = cast(Verb, module)
        verb.declare(words.add_parser(name.replace("_", "-"), help=verb.SUMMARY, description=module.__doc__))
    return whole


async def _serve(_said: argparse.Namespace) -> int:
    interpreter.share()
    gc.disable()  # what libraries are made of stays for ever: looking through it again and again delays the start and the end
    from services.embedded.server import serve  # noqa: PLC0415 - a verb does not need every service's libraries

    gc.freeze()
    gc.enable()
    return await serve()
