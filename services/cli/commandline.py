"""The one command line: without a verb everything runs in one process; the verbs are the files of `services/cli/verbs`."""

import argparse
import gc
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn, cast

import uvloop

from libs.runtime import interpreter
from libs.runtime.discovery import discover
from libs.runtime.logs import configure
from libs.runtime.settings import SettingsError
from services.cli import verbs
from services.cli.verbs import Verb

#: Argparse's own words for a verb or an action that there is not.
_CHOICE = re.compile(r"invalid choice: '([^']*)'")


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; returns the exit code: 0 well, 1 it failed, 2 something was said wrongly."""
    configure("console", "error")  # of a bus that is away each attempt would be a line; a verb says one sentence in the end
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


class Parser(argparse.ArgumentParser):
    """Says of a verb that was said wrongly how it is said: its own usage, and what its actions are called."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse does; what a verb does not know is told by the verb, whose usage says what it knows."""
        said, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"there is no {' '.join(rest)} here")
        return said, rest

    def error(self, message: str) -> NoReturn:
        """Usage, the sentence, and the closest of the words that can be said. Ends the process with 2."""
        if actions := next((each for each in self._actions if isinstance(each.choices, dict)), None):
            names = list(actions.choices or ())
            if message.endswith("required: action"):
                message = f"say what to do: {', '.join(names)}"
            elif (found := _CHOICE.search(message)) and (near := get_close_matches(found[1], names, n=1)):
                message = f"there is no {actions.metavar} {found[1]}; do you mean {near[0]}?"
        super().error(message)


def parser() -> argparse.ArgumentParser:
    """All that can be said."""
    whole = Parser(
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

    interpreter.settle()
    gc.enable()
    return await serve()
