"""A machine of its own as far as the network goes: a network namespace on a pair of virtual cables, with nft rules in it."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.runtime import children


class Cell:
    """Reaches us at `host`; what leaves it, what comes in, or both can be dropped, so that nobody hears of it."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(3)
        self.name = f"printbus-{self._mark}"
        net = f"10.{secrets.randbelow(100) + 120}.{secrets.randbelow(256)}"
        self.host = f"{net}.1"
        self.own = f"{net}.2"
        self._started: list[subprocess.Popen[bytes]] = []

    def build(self) -> None:
        """The cell, its cable, and an empty table of rules. Raises `CalledProcessError`."""
        outside, inside = f"pb{self._mark}", "eth0"
        _do("ip", "netns", "add", self.name)
        _do("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.name)
        _do("ip", "addr", "add", f"{self.host}/30", "dev", outside)
        _do("ip", "link", "set", outside, "up")
        _do("ip", "-n", self.name, "addr", "add", f"{self.own}/30", "dev", inside)
        for device in ("lo", inside):
            _do("ip", "-n", self.name, "link", "set", device, "up")
        self._nft("add table inet line")
        for way, hook in (("leaves", "output"), ("comes", "input")):
            self._nft(f"add chain inet line {way} {{ type filter hook {hook} priority 0; policy accept; }}")

    def drop(self, *, leaves: bool = True, comes: bool = True, to: int = 0) -> None:
        """From now on packets on the cable vanish: those that leave the cell, those that come in, or both.

        `to`: only those of connections to this port outside.
        """
        for way, wanted, device, end in (("leaves", leaves, "oifname", "dport"), ("comes", comes, "iifname", "sport")):
            if wanted:
                self._nft(f"add rule inet line {way} {device} eth0 {f'tcp {end} {to} ' if to else ''}drop")

    def heal(self) -> None:
        """Nothing vanishes any more."""
        self._nft("flush table inet line")

    def start(self, argv: list[str], env: dict[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
        """A process inside; it ends with the cell."""
        inside = ["ip", "netns", "exec", self.name, *argv]
        with log.open("ab") as output:
            process = children.start(inside, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self._started.append(process)
        return process

    def remove(self) -> None:
        """Leave nothing behind; the cable goes with its namespace."""
        for process in self._started:
            process.kill()
            process.wait()
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)

    def _nft(self, rule: str) -> None:
        _do("ip", "netns", "exec", self.name, "nft", rule)


def _do(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, timeout=20)


@contextmanager
def cell() -> Iterator[Cell]:
    """A cell; skips the test with the reason where the machine does not let us build one."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft"))):
        pytest.skip("a network namespace with rules needs root, ip and nft")
    made = Cell()
    try:
        try:
            made.build()
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", b"") or str(error).encode()
            pytest.skip(f"no network namespace with rules can be made here: {said.decode(errors='replace').strip()}")
        yield made
    finally:
        made.remove()
