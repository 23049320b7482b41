"""What a process and all below it take of the machine: memory as PSS, processor time."""

import contextlib
import time
from collections.abc import Iterator, Sequence

import psutil

MIB = 1024 * 1024


class Footprint:
    """The trees of some processes."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._before: dict[int, float] = {}
        self._since = 0.0

    def memory(self) -> float:
        """Proportional set size of all of them, in MiB: what is shared counts once."""
        return sum(float(each.memory_full_info().pss) for each in self._alive()) / MIB

    def begin(self) -> None:
        """Count processor time from here."""
        self._before = self._times()
        self._since = time.monotonic()

    def processor(self) -> float:
        """Per cent of one core since `begin`."""
        spent = sum(seconds - self._before.get(pid, 0.0) for pid, seconds in self._times().items())
        return 100 * spent / (time.monotonic() - self._since)

    def seconds(self) -> float:
        """Processor time in seconds since `begin`."""
        return sum(seconds - self._before.get(pid, 0.0) for pid, seconds in self._times().items())

    def __len__(self) -> int:
        return len(list(self._alive()))

    def _times(self) -> dict[int, float]:
        return {each.pid: sum(each.cpu_times()[:2]) for each in self._alive()}

    def _alive(self) -> Iterator[psutil.Process]:
        seen: set[int] = set()
        for pid in self._pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                top = psutil.Process(pid)
                for each in (top, *top.children(recursive=True)):
                    if each.pid not in seen and _there(each):
                        seen.add(each.pid)
                        yield each


def _there(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def below(pid: int, *names: str) -> Sequence[int]:
    """The processes below one whose program is called so."""
    return [each.pid for each in psutil.Process(pid).children(recursive=True) if each.name() in names]
