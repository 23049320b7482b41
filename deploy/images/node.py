"""One node without a cluster: a network of pods, roots that cannot be written to, and users who are nobody."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.images.building import merged
from deploy.images.pods import Mount

_NEWNET = 0x40000000
#: Seconds that all may take to end.
PATIENCE = 20.0
DEVICES = ("null", "zero", "full", "random", "urandom")
#: In the pod's namespaces: its own processes, its own root, no way back, no rights; and what is to be run.
BEGIN = """set -e
root=$1 folder=$2 user=$3; shift 3
/bin/mount -t proc proc "$root/proc"
cd "$root"; /sbin/pivot_root . .; /bin/umount -l .; cd "$folder"
exec /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""


@dataclass
class Node:
    """Everything that is started on it ends with it. It needs root, and a mount namespace that is nobody else's."""

    folder: Path
    net: str
    _stack: ExitStack = field(default_factory=ExitStack)
    _networks: list[str] = field(default_factory=list)
    _running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def __enter__(self) -> Self:
        if ctypes.CDLL(None, use_errno=True).unshare(_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace can be made")
        for words in ("link set lo up", "link add pods type bridge", f"addr add {self.net}.1/24 dev pods", "link set pods up"):
            _ip(*words.split())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._running if error is None else ():
            if process.poll() is None and (inner := _inner(process)):
                os.kill(inner, signal.SIGTERM)  # unshare itself does not listen
        end = time.monotonic() + PATIENCE
        for process in self._running:
            try:
                process.wait(max(0.0, end - time.monotonic()) if error is None else 0)
            except subprocess.TimeoutExpired:
                if inner := _inner(process):
                    os.kill(inner, signal.SIGKILL)  # all of the pod ends with its first process; with unshare it does not
                process.kill()
                process.wait()
        for name in self._networks:
            subprocess.run(["/sbin/ip", "netns", "delete", name], check=False, capture_output=True)  # noqa: S603
        self._stack.close()

    def network(self, address: str) -> str:
        """A network namespace on the bridge; its name."""
        number = address.rpartition(".")[2]
        name = f"printbus-{os.getpid()}-{number}"
        if name not in self._networks:
            _ip("netns", "add", name)
            self._networks.append(name)
            _ip("link", "add", f"pod{number}", "master", "pods", "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", f"pod{number}", "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", name, "link", "set", device, "up")
        return name

    def root(self, layers: Sequence[Path], mounts: Sequence[Mount], hosts: Path) -> Path:
        """An image's content with volumes in it, read-only but for these."""
        above = self.folder / "above" / str(len(list((self.folder / "above").glob("*"))) if (self.folder / "above").is_dir() else 0)
        above.mkdir(parents=True)
        root = self._stack.enter_context(merged(layers, above))
        self._mount("-t", "tmpfs", "-o", "mode=755,size=64k", "tmpfs", at=root / "dev")
        for device in DEVICES:
            self._bind(Path("/dev") / device, root / "dev" / device)
        self._mount("-t", "tmpfs", "-o", "mode=1777,size=256m", "tmpfs", at=root / "dev" / "shm")
        self._bind(hosts, root / "etc/hosts")
        for mount in mounts:
            target = root / mount.target.lstrip("/")
            self._bind(mount.source, target, "ro" if mount.readable else "rw")
        subprocess.run(["/bin/mount", "-o", "remount,ro", str(root)], check=True)  # noqa: S603
        return root

    def start(
        self, network: str, root: Path, argv: Sequence[str], env: dict[str, str], *, folder: str, user: int, log: Path
    ) -> "subprocess.Popen[bytes]":
        """A process in a pod."""
        apart = ["/usr/bin/unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--ipc", "--uts"]
        whole = ["/sbin/ip", "netns", "exec", network, *apart, "/bin/sh", "-c", BEGIN, "sh", str(root), folder, str(user), *argv]
        with log.open("ab") as output:
            process = subprocess.Popen(whole, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603
        self._running.append(process)
        return process

    def _bind(self, source: Path, target: Path, how: str = "rw") -> None:
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        self._mount("--bind", str(source), at=target)
        if how == "ro":
            subprocess.run(["/bin/mount", "-o", "remount,bind,ro", str(target)], check=True)  # noqa: S603

    def _mount(self, *words: str, at: Path) -> None:
        at.mkdir(parents=True, exist_ok=True) if not at.exists() else None
        subprocess.run(["/bin/mount", *words, str(at)], check=True)  # noqa: S603
        self._stack.callback(subprocess.run, ["/bin/umount", "-l", str(at)], check=False)


def _inner(process: "subprocess.Popen[bytes]") -> int:
    """The first process of a pod; 0: it has none any more."""
    children = (Path("/proc") / str(process.pid) / "task" / str(process.pid) / "children").read_text().split()
    return int(children[0]) if children else 0


def _ip(*words: str) -> None:
    subprocess.run(["/sbin/ip", *words], check=True)  # noqa: S603


def wrong(process: "subprocess.Popen[bytes]", user: int) -> str:
    """What a process in a pod may do that it must not; empty: nothing."""
    inner = str(_inner(process))
    lines = [line.partition(":") for line in (Path("/proc") / inner / "status").read_text().splitlines()]
    status = {name: value.split() for name, _, value in lines}
    root = next(line.split() for line in (Path("/proc") / inner / "mounts").read_text().splitlines() if line.split()[1] == "/")
    found = [
        (set(status["Uid"] + status["Gid"]) == {str(user)}, f"it runs as {status['Uid'][0]}"),
        (not any(int(status[name][0], 16) for name in ("CapEff", "CapPrm", "CapBnd")), "it has capabilities"),
        (status["NoNewPrivs"] == ["1"], "it may become more than it is"),
        ("ro" in root[3].split(","), "its root can be written to"),
    ]
    return ", ".join(sentence for good, sentence in found if not good)
