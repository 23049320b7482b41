"""`docs/operations.md` as an operator reads it: its blocks by section, said in a shell, and its units started and stopped."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libs.runtime import children

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operations.md"
_BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"`((?:python -m|rm) [^`]+)`")
_UNIT = re.compile(r"^systemctl (start|stop) ([a-z-]+)$")


@dataclass(frozen=True)
class Block:
    """`kind` is what stands behind the language: whose shell it is, or which unit."""

    language: str
    kind: str
    text: str


def sections() -> dict[str, list[Block]]:
    """Heading -> the blocks below it."""
    pieces = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return {
        heading: [Block(*found) for found in _BLOCK.findall(text)] for heading, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def rotations() -> dict[str, tuple[str, ...]]:
    """Key -> what is said to rotate it, by the table of keys; `rm` is said in the folder of keys."""
    (rows,) = re.findall(r"^\| key \| how .*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE)
    found = {key.strip(): _COMMAND.findall(how) for _, key, how, *_ in (row.split("|") for row in rows.splitlines())}
    return {key: tuple(_in_keys(each) for each in said) for key, said in found.items()}


def stopped(*keys: str) -> str:
    """The rotation of keys for which the server is stopped; all in one go."""
    said = rotations()
    return "\n".join(
        ["systemctl stop printbus", *(each for key in keys for each in said[key]), "systemctl start printbus", "ready"]
    )


def _in_keys(command: str) -> str:
    return f"(cd /srv/printbus/data/keys && {command})" if command.startswith("rm") else command


class Operator:
    """Who does what the page says; `elsewhere` are folders, ports and addresses of the page and where they are here."""

    def __init__(self, folder: Path, elsewhere: Mapping[str, str], settings: Mapping[str, str]) -> None:
        self._sections = sections()
        self._elsewhere = {
            "/opt/printbus/.venv/bin/python": sys.executable,
            "$PWD/.venv/bin": str(Path(sys.executable).parent),
            "/opt/printbus": str(ROOT),
            **elsewhere,
        }
        self._folder = folder
        self._settings = {f"PRINTBUS_{name}": value for name, value in settings.items()}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.known: dict[str, str] = {}
        """What a person has read and says again: variables of the shell."""

    def blocks(self, heading: str, kind: str | None = None) -> Iterator[str]:
        """Do one block of a section after the other, or those of one kind; what each wrote."""
        for block in self._sections[heading]:
            if block.language == "sh" and block.kind != "every shell" and kind in (None, block.kind):
                yield self._do(block)

    def section(self, heading: str, kind: str | None = None) -> str:
        """Do a whole section, or all blocks of one kind; all that it wrote."""
        return "".join(self.blocks(heading, kind))

    def say(self, line: str) -> str:
        """Something else that is said at the server."""
        return self._do(Block("sh", "", line))

    def log(self, unit: str) -> str:
        """What a unit has written."""
        path = self._folder / f"{unit}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, unit: str) -> None:
        """As systemd does it."""
        said = dict(line.split("=", 1) for line in self._unit(unit).splitlines() if "=" in line)
        given = dict(line.split("=", 1) for line in shlex.split(Path(said["EnvironmentFile"]).read_text()))
        argv, env = shlex.split(said["ExecStart"]), {**self._environment(), **given}
        with (self._folder / f"{unit}.log").open("ab") as output:
            self._running[unit] = children.start(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def stop(self, unit: str, number: signal.Signals = signal.SIGTERM) -> None:
        """As systemd does it, or with another signal."""
        if child := self._running.pop(unit, None):
            child.send_signal(number)
            child.wait(30)

    def close(self) -> None:
        """Leave nothing behind."""
        for unit in list(self._running):
            self.stop(unit, signal.SIGKILL)

    def _unit(self, unit: str) -> str:
        every = (block for blocks in self._sections.values() for block in blocks)
        return self._here(next(block.text for block in every if (block.language, block.kind) == ("ini", unit)))

    def _do(self, block: Block) -> str:
        said, out = "", ""
        for line in self._here(block.text).splitlines():
            if unit := _UNIT.match(line):
                out += self._shell(said, block.kind)
                said = ""
                (self.start if unit[1] == "start" else self.stop)(unit[2])
            else:
                said += line + "\n"
        return out + self._shell(said, block.kind)

    def _shell(self, said: str, kind: str) -> str:
        if not said.strip():
            return ""
        begun = next(block.text for block in self._sections["Install on one machine"] if block.kind == "every shell")
        first = self._here(begun)
        if kind == "site" or not (self._folder / "printbus" / "printbus.env").exists():
            first = f"cd {ROOT} && PATH={Path(sys.executable).parent}:$PATH\n"
        argv = ["bash", "-e", "-o", "pipefail", "-c", first + said]
        done = subprocess.run(
            argv, env={**self._environment(), **self.known}, capture_output=True, text=True, timeout=120, check=False
        )
        told = f"{said}\n{done.stdout}\n{done.stderr}\n{self.log('printbus')[-4000:]}"
        assert done.returncode == 0, told
        return done.stdout

    def _here(self, text: str) -> str:
        for there, here in self._elsewhere.items():
            text = text.replace(there, here)
        return text

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PRINTBUS_")}
        return {**kept, "no_proxy": "*", **self._settings}
