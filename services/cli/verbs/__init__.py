"""The verbs of the command line, one file each: its name is the word behind `python -m services`.

A verb is a module with `SUMMARY`, one line for the help, and `declare(parser)`, which adds what may be said and sets the
default `run`: `async def run(said: Namespace) -> int`, the exit code. A noun with actions (`token add`) adds subparsers, each
with a `run` of its own. What goes wrong is raised; `services.cli.commandline` makes one sentence of it.
"""

from argparse import ArgumentParser
from typing import Protocol


class Verb(Protocol):
    """One word of the command line."""

    SUMMARY: str

    def declare(self, parser: ArgumentParser) -> None:
        """Add the options and actions, each with its `run`."""
        ...
