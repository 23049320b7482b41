"""Where this machine has its packages from: a build sees the same mirrors, names and authorities, and no image keeps them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

#: Where a build finds the authorities of this machine.
AUTHORITIES = "/run/authorities.crt"
_NAMED = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass
class Mirrors:
    """`debian` is the address of a mirror; empty: Debian's own."""

    debian: str = field(default_factory=lambda: os.environ.get("DEBIAN_MIRROR", ""))

    @cached_property
    def variables(self) -> dict[str, str]:
        """What a build's environment says of them."""
        told = {name: os.environ[name] for name in _NAMED if name in os.environ}
        return {**told, **self._pip, "PIP_CERT": AUTHORITIES, "PIP_ROOT_USER_ACTION": "ignore"}

    @cached_property
    def _pip(self) -> dict[str, str]:
        """Its settings here, as variables."""
        done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
        lines = [line.partition("=") for line in done.stdout.splitlines() if "=" in line]
        found = {key.rpartition(".")[2].replace("-", "_").upper(): value.strip("'\"") for key, _, value in lines}
        return {
            f"PIP_{key}": value
            for key, value in found.items()
            if key in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "TRUSTED_HOST")
        }

    @cached_property
    def folders(self) -> list[Path]:
        """Those of pip's mirrors that are folders of this machine."""
        words = [word.removeprefix("file://") for value in self._pip.values() for word in value.split()]
        found = {Path(word) for word in words if word.startswith("/")}
        return sorted({each.parent if each.name == "simple" else each for each in found if each.is_dir()})

    @contextmanager
    def seen(self, root: Path) -> Iterator[None]:
        """While a step runs: names, authorities and mirrors, and /proc and /dev."""
        authorities = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
        binds = [("/etc/resolv.conf", "/etc/resolv.conf"), (authorities, AUTHORITIES), ("/dev", "/dev")]
        binds += [(str(each), str(each)) for each in self.folders]
        made: list[Path] = []
        mounted: list[Path] = []
        try:
            for outside, inside in binds:
                at = root / inside.lstrip("/")
                made += _room(at, root, folder=Path(outside).is_dir())
                _mount("--bind", outside, str(at))
                mounted.append(at)
            _mount("-t", "proc", "proc", str(root / "proc"))
            mounted.append(root / "proc")
            yield
        finally:
            for at in reversed(mounted):
                subprocess.run(["umount", str(at)], check=True)  # noqa: S603, S607
            for each in reversed(made):
                each.rmdir() if each.is_dir() else each.unlink()


def _room(at: Path, root: Path, *, folder: bool) -> list[Path]:
    """Make something to mount on; what was made, the outermost first."""
    if at.exists():
        return []
    made = [each for each in reversed((at, *at.parents)) if root in each.parents and not each.exists()]
    at.parent.mkdir(parents=True, exist_ok=True)
    at.mkdir() if folder else at.touch()
    return made


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)  # noqa: S603, S607
