"""What an agent says of the machine that it runs on."""

import platform
import socket
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

#: Characters of each that are told.
_LONGEST = 128
_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine's name in its network, what it runs on, and the agent's own version."""

    host: str
    system: str
    version: str


def machine() -> Machine:
    """This one; nobody is asked for its name."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Machine(_told(socket.gethostname()), _told(system), _told(_version()))


def _version() -> str:
    try:
        return metadata.version("printbus")
    except metadata.PackageNotFoundError:  # run from its folder, without having been installed
        return _version_here()


def _version_here() -> str:
    try:
        return str(tomllib.loads(_PROJECT.read_text())["project"]["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _told(text: str) -> str:
    return " ".join(each for each in text.split() if each.isprintable())[:_LONGEST]
