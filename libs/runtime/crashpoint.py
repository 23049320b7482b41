"""Named points at which a process kills itself when a test asks for it (faults.md, A)."""

import os
import signal
from dataclasses import dataclass

#: The points of the plumbing; services name their own in their `crashpoints.py`.
CRASHPOINTS = (
    "commit-before-saved",  # decided, not in the database
    "commit-after-saved",  # in the database with its outbox, nothing published, nothing acknowledged
    "commit-before-acknowledged",  # saved, and the stream that it came from has not been told
    "outbox-after-published",  # published, the outbox still has it
    "lease-after-claimed",  # the lease is this process's, nothing is done with it
)


@dataclass(slots=True)
class _Armed:
    name: str = ""
    left: int = 0


_armed = _Armed()


def arm(spec: str) -> None:
    """Arm one point: `name`, or `name:n` for its n-th passing; empty disarms."""
    name, _, count = spec.partition(":")
    _armed.name, _armed.left = name, int(count or 1)


def crashpoint(name: str) -> None:
    """Die here, as by kill -9, if this point is armed."""
    if _armed.name != name:
        return
    _armed.left -= 1
    if _armed.left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
