"""A network and some files of one's own: public addresses that lead to this test, inner ones with sinks, canaries in /etc.

`check` starts a process in new network and mount namespaces and runs one function of a test module there. All of the internet is
on its loopback device, so that the converter inside may be set up as in production: no network is allowed besides public ones.
"""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.rig import canaries
from tests.faults.rig.canaries import Planted
from tests.faults.rig.row import Row
from tests.integration.installation import ROOT

#: Addresses of web servers that anybody may reach, and of things that nobody outside may.
PUBLIC, SECOND, PUBLIC6 = "93.184.215.14", "93.184.215.15", "2606:2800:21f:cb07::1"
INNER = (
    *("127.0.0.1", "127.0.0.2", "10.0.0.5", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("100.100.100.200", "::1", "fd00:ec2::254"),
)
#: Files with canaries: in /etc, where services account, and where software lies that everybody may read.
_TEXTS = (
    "/etc/hostname",
    "/etc/passwd",
    "/run/secrets/kubernetes.io/serviceaccount/token",
    "/var/opt/canary.txt",
    "/srv/canary.txt",
)
_PICTURES = ("/var/opt/canary.png", "/srv/canary.png")
_EMPTY = ("/run", "/var/opt", "/srv")


async def check(row: Row, where: str) -> None:
    """Run `module:function` with the row in a process of its own network; what it tells is the row's. Skips where it cannot be."""
    if os.geteuid() or not await asyncio.to_thread(_possible):
        pytest.skip("only root may make network and mount namespaces here")
    folder = row.folder / "cell"
    folder.mkdir()
    command = ["unshare", "--net", "--mount", sys.executable, "-m", __name__, where, str(folder), str(row.number), row.test]
    env = {**os.environ, "PRINTBUS_CANARY": canaries.WORD, "CANARY": canaries.WORD}
    log = folder / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stdout=output, stderr=output)
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert code == 0, "\n".join(log.read_text(errors="replace").splitlines()[-60:])
    told = json.loads((folder / "told.json").read_text())
    row.done += told["done"]
    row.seen += told["seen"]
    row.figures |= told["figures"]


def _possible() -> bool:
    return subprocess.run(["unshare", "--net", "--mount", "true"], check=False, capture_output=True).returncode == 0


def planted(data: Path) -> Planted:
    """The canaries of the process that `check` has started, and those that lie among the services' own files."""
    own = canaries.plant(data / "keys")
    return Planted((*_TEXTS, own[0]), (*_PICTURES, own[1]))


def _furnish(folder: Path) -> None:
    commands = ["mount --make-rprivate /", "ip link set lo up"]
    addresses = (PUBLIC, SECOND, PUBLIC6, *(each for each in INNER if each != "::1" and not each.startswith("127.")))
    commands += [f"ip address add {each}/{128 if ':' in each else 32} dev lo" + " nodad" * (":" in each) for each in addresses]
    commands += [f"mount -t tmpfs tmpfs {each}" for each in _EMPTY]
    files = {
        "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "/etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost\n",
        "/etc/hostname": canaries.text(),
        "/etc/passwd": Path("/etc/passwd").read_text() + canaries.text(),
    }
    for path, data in files.items():
        mine = folder / path.replace("/", "-")
        mine.write_text(data)
        mine.chmod(0o644)
        commands.append(f"mount --bind {mine} {Path(path).resolve()}")
    for command in commands:
        subprocess.run(command.split(), check=True, capture_output=True)
    for path in (*_TEXTS, *_PICTURES):
        if path not in files:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(canaries.picture() if path.endswith(".png") else canaries.text().encode())
            Path(path).chmod(0o644)


def main(where: str, folder: str, number: str, test: str) -> None:
    """What runs inside."""
    _furnish(Path(folder))
    module, _, name = where.partition(":")
    row = Row(int(number), test, Path(folder), full=True)
    asyncio.run(getattr(importlib.import_module(module), name)(row))
    row.close()
    Path(folder, "told.json").write_text(json.dumps({"done": row.done, "seen": row.seen, "figures": row.figures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
