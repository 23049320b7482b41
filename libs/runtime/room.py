"""Room on a disk: enough for what was accepted already, before anything new is."""

import os
import time
from pathlib import Path

#: Seconds for which one look is believed.
FOR = 0.5


def free(folder: Path) -> int | None:
    """Bytes that may still be written where `folder` is; None: it is not on this machine."""
    try:
        stat = os.statvfs(folder)
    except OSError:
        return None
    return stat.f_bavail * stat.f_frsize


class Room:
    """Whether so many bytes are left where `folder` is; the kernel knows it without a look at the disk."""

    def __init__(self, folder: Path, least: int) -> None:
        self._folder = folder
        self._least = least
        self._looked = -FOR
        self._short = False

    @property
    def short(self) -> bool:
        """Whether there is less."""
        now = time.monotonic()
        if now - self._looked >= FOR:
            left = free(self._folder)
            self._looked, self._short = now, left is not None and left < self._least
        return self._short
