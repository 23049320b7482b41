"""The one launcher of engines: every engine process starts here, sealed as well as this system allows."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, run

import structlog

from services.converter import seal
from services.converter.seal import Spec

log = structlog.get_logger()

#: What is tried, best first: user id, namespaces.
_LEVELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("own", ("net", "mount", "pid")),
    ("nobody", ("net", "mount", "pid")),
    ("own", ("net", "mount")),
    ("own", ("net",)),
    ("same", ("user", "net", "mount", "pid")),
    ("same", ("user", "net", "mount")),
    ("same", ("user", "net")),
    ("own", ()),
    ("nobody", ()),
    ("same", ()),
)
#: Folders that no engine needs: other people's files, other services' data, secrets that orchestrators mount. LibreOffice opens
#: the background pictures of an OpenDocument's styles wherever they lie, whatever its settings say of links.
_HIDDEN = (
    *("/root", "/home", "/srv", "/mnt", "/media", "/run/secrets", "/var/run/secrets", "/etc/ssl/private"),
    *("/var/backups", "/var/lib", "/var/local", "/var/log", "/var/mail", "/var/opt", "/var/spool", "/var/www"),
)


@dataclass(frozen=True, slots=True)
class Level:
    """How well this system lets us seal an engine."""

    user: str
    namespaces: tuple[str, ...]

    @property
    def network(self) -> bool:
        """Whether engines are in a network of their own, which leads nowhere."""
        return "net" in self.namespaces

    @property
    def mounts(self) -> bool:
        """Whether engines see their private folder as /tmp."""
        return "mount" in self.namespaces


@cache
def level() -> Level:
    """The best sealing that works here, found by trying once."""
    for user, namespaces in _LEVELS:
        if user != "same" and os.geteuid() != 0:
            continue
        with tempfile.TemporaryDirectory(prefix="printbus-seal-") as folder:
            spec = Spec(parent=os.getpid(), folder=folder, user=user, namespaces=namespaces)
            tried = run([*prefix(spec), "/bin/true"], check=False, stdout=DEVNULL, stderr=DEVNULL, env={}, start_new_session=True)  # noqa: S603
        if tried.returncode == 0:
            log.info("engines sealed", user=user, namespaces=namespaces)
            return Level(user, namespaces)
    raise RuntimeError(f"{sys.executable} cannot start programs.")


def prefix(spec: Spec) -> list[str]:
    """The words before an engine's own command line."""
    return [sys.executable, "-I", "-S", seal.__file__, spec.to_json(), "--"]


class Sandbox:
    """Where engines live: private folders below one root, hidden from each other."""

    def __init__(self, root: Path, hidden: Sequence[Path] = ()) -> None:
        self._root = root
        self._hidden = tuple(dict.fromkeys([*_HIDDEN, *(str(path.absolute()) for path in hidden)]))
        self._count = 0

    def clear(self) -> None:
        """Remove the folders of processes that are no more: of earlier runs, and at the end our own."""
        for path in self.root.glob("*-*-*"):
            owner = path.name.split("-")[1]
            if owner == str(os.getpid()) or not Path("/proc", owner).exists():
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    @property
    def root(self) -> Path:
        """The folder of folders. Without mounts of their own, engines could not reach into a closed data folder."""
        if level().mounts or level().user == "same":
            return self._root
        return Path(tempfile.gettempdir()) / "printbus-engines"

    def folder(self, name: str) -> Path:
        """A new private folder for one engine process."""
        self._count += 1
        path = self.root / f"{name}-{os.getpid()}-{self._count}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
        path.mkdir(mode=0o700)
        return path

    def spec(self, folder: Path, *, memory: int = 0, file: int = 0, network: bool = False) -> Spec:
        """How an engine in `folder` is sealed. `network`: it has its own connections to make, and so our network."""
        found = level()
        namespaces = tuple(name for name in found.namespaces if not (network and name == "net"))
        sealed = Spec(parent=os.getpid(), folder=str(folder), user=found.user, namespaces=namespaces, memory=memory, file=file)
        return replace(sealed, hidden=self._hidden) if found.mounts else sealed

    def home(self, folder: Path) -> str:
        """The name that the engine itself knows its folder by."""
        return "/tmp" if level().mounts else str(folder)  # noqa: S108 - its own

    def environment(self, folder: Path) -> Mapping[str, str]:
        """The whole environment of an engine: nothing of ours."""
        home = self.home(folder)
        return {
            "HOME": home,
            "TMPDIR": home,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": home,
            "XDG_CACHE_HOME": home,
            "FONTCONFIG_FILE": f"{home}/fonts.conf",
        }


def kill(pid: int) -> None:
    """Kill an engine with everything that it started. Its process namespace, where it has one, dies with its first process."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def end(process: asyncio.subprocess.Process, folder: Path) -> None:
    """Kill an engine, wait for its end, remove its folder."""
    kill(process.pid)
    await process.wait()
    kill(process.pid)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
