"""Child processes that die with us: parent-death signal, a session of their own, and a record to clear after a kill -9."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None]:
    """A `preexec_fn`: the kernel kills the child when the thread that started it ends (start it from the main thread)."""
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: a forked child may not be able to load anything
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


def start(argv: Sequence[str | Path], record: "ChildRecord | None" = None, **options: Any) -> subprocess.Popen[bytes]:
    """Start a child in a new session that dies with this process; `record` remembers it for the next start."""
    child = subprocess.Popen([str(part) for part in argv], start_new_session=True, preexec_fn=die_with_parent(), **options)  # noqa: S603, PLW1509 - the children's arguments are ours
    if record:
        record.add(child.pid)
    return child


def started_at(pid: int) -> str:
    """When a process began (the boot, and clock ticks since it): with its pid, its identity. Empty: it does not run (any more)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    fields = stat.rsplit(")", 1)[1].split()
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


class ChildRecord:
    """A file of the process groups that we started, each with its leader's start time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: dict[str, str] = {}

    def add(self, pid: int) -> None:
        """Remember a process group by its leader."""
        self._children = {p: s for p, s in self._children.items() if started_at(int(p)) == s}
        self._children[str(pid)] = started_at(pid)
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(self._children))
        temporary.replace(self._path)

    def clear(self) -> int:
        """Kill the recorded groups that are still the ones we started; how many there were."""
        try:
            found: dict[str, str] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return 0
        alive = [int(pid) for pid, since in found.items() if since and started_at(int(pid)) == since]
        for pid in alive:
            kill_group(pid)
        self._path.unlink(missing_ok=True)
        return len(alive)


def kill_group(pid: int, sig: int = signal.SIGKILL) -> None:
    """Signal a whole process group; no error when it is gone."""
    try:
        os.killpg(pid, sig)
    except ProcessLookupError:
        return


def stop(child: subprocess.Popen[bytes], grace: float) -> None:
    """Ask a child to end, and kill its group after `grace` seconds. Blocks: call it in a thread."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        kill_group(child.pid)
        child.wait()
    # Grandchildren that outlived their leader.
    kill_group(child.pid)


async def ended(child: subprocess.Popen[bytes], again: float = 0.25) -> None:
    """Wait until a child has ended: the kernel tells. A system that has no such word is looked at `again` and again (seconds)."""
    try:
        watched = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # not Linux, one older than 5.3, or there is no such process any more
        while child.poll() is None:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(again)
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(watched, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(watched)
        os.close(watched)


def wait_gone(pid: int, within: float) -> bool:
    """Whether a process ends within so many seconds. Blocks."""
    deadline = time.monotonic() + within
    while started_at(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
