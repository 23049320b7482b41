"""A small disk of its own for one folder: what fills it fills nothing else."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_MB = 1024 * 1024


class Disk:
    """Filled and given room again by one file that nobody reads."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self, left: int) -> None:
        """Leave so many bytes free."""
        with suppress(OSError), self._ballast.open("ab") as file:  # others write, too: the last byte may be theirs
            while (room := self.free - left) > 0:
                file.write(b"\0" * min(room, _MB))
                file.flush()

    def clear(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    @property
    def free(self) -> int:
        stat = os.statvfs(self._ballast.parent)
        return stat.f_bavail * stat.f_frsize


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A tmpfs of this size on `folder`; skips the test where it cannot be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
