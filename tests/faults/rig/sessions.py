"""Sessions and who is in them, as `pgrep --session` looks them up: what an engine started is in its session, whoever owns it."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path


def of(pids: Iterable[int]) -> set[int]:
    """The sessions of these processes, except our own (proc(5): the sixth field of stat)."""
    return {session for pid in pids if (session := _session(pid))} - {os.getsid(0)}


def members(sessions: Collection[int]) -> dict[int, str]:
    """All processes of this machine that are in one of these sessions, with their programs."""
    every = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return {pid: _program(pid) for pid in every if _session(pid) in sessions}


def _session(pid: int) -> int:
    """0 for one that has ended, also if nobody has waited for it yet."""
    try:
        state, _, _, session, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return 0
    return 0 if state in "ZX" else int(session)


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
