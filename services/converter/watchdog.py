"""Watches an engine at work: the memory of all its processes together, and which of them is to let others go first."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

log = structlog.get_logger()

_PAGE = 4096
_INTERVAL = 0.25
#: Priorities (nice), where the usual one is 0: a third of the others' time for an engine, for a busy machine must not end a good
#: document by giving it nothing; a tenth for a page, which may have many threads.
_LATER, _LAST = 5, 10


def members(pid: int) -> list[int]:
    """A process and its descendants."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting.extend(int(child) for child in (task / "children").read_text().split())
        except (OSError, ValueError):
            continue
    return found


def memory(pid: int) -> int:
    """Bytes of memory that a process and its descendants take, each shared page counted by its share (PSS)."""
    return sum(_pss(one) for one in members(pid))


def exceeds(pid: int, limit: int) -> bool:
    """Whether the group takes more than `limit` bytes; the costly exact sum is made only when the cheap upper bound is over."""
    group = members(pid)
    return sum(_rss(one) for one in group) > limit and sum(_pss(one) for one in group) > limit


def give_way(pid: int, *, others_first: bool) -> bool:
    """Let everything else on this machine go before a process and its descendants, or no more. Whether that was allowed."""
    try:
        for one in members(pid):
            _set_priority(one, _LATER if others_first else 0)
            # Where each session is a group of its own, priorities count within it, and the group has another (sched(7)).
            with contextlib.suppress(OSError):  # a system without such groups
                Path(f"/proc/{one}/autogroup").write_text(str(_LATER if others_first else 0))
    except OSError:
        return False
    return True


def _set_priority(pid: int, priority: int) -> None:
    """Of each of its threads: Linux has a priority for each of them (setpriority(2))."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, int(thread.name), priority)


async def pace(pid: int, kind: str, patience: float, working: Callable[[], bool], slowed: set[int]) -> None:
    """Until cancelled: those descendants whose command line has `kind` go later once they have taken `patience` seconds of work.

    For engines that render many documents in one process group, each in processes of its own that end with it. Looks while the
    engine is `working`. `slowed` is kept to be those of them that still live.
    """
    while True:
        await asyncio.sleep(_INTERVAL)
        if working():
            found = await asyncio.to_thread(_slow_down, pid, kind, patience, frozenset(slowed))
            slowed |= found
        slowed -= await asyncio.to_thread(_gone, frozenset(slowed), kind)


def _slow_down(pid: int, kind: str, patience: float, slowed: frozenset[int]) -> set[int]:
    found = {one for one in members(pid)[1:] if one not in slowed and _spent(one) > patience and _is(one, kind)}
    with contextlib.suppress(OSError):  # not ours to slow down
        for one in found:
            _set_priority(one, _LAST)
    return found


def _gone(pids: frozenset[int], kind: str) -> set[int]:
    """Those that have ended; one that nobody has waited for yet has no command line any more (proc(5))."""
    return {one for one in pids if not _is(one, kind)}


def _spent(pid: int) -> float:
    """Seconds of processor time that a process has taken (proc(5): utime, stime)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is(pid: int, kind: str) -> bool:
    try:
        return kind.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@asynccontextmanager
async def watched(pid: int, limit: int, stop: Callable[[], None]) -> AsyncIterator[None]:
    """While the body runs: `stop()` is called once if the group of `pid` takes more than `limit` bytes."""
    task = asyncio.create_task(_watch(pid, limit, stop))
    try:
        yield
    finally:
        task.cancel()


async def _watch(pid: int, limit: int, stop: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_INTERVAL)
        if await asyncio.to_thread(exceeds, pid, limit):
            log.warning("engine over its memory limit", limit=limit)
            stop()
            return


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0
