"""A child process in a session of its own that dies with its parent."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Self


class Process:
    """A running program. Its descendants share its session, which is how they are found when it is to end.

    It is started through `setpriv --pdeathsig`, so the kernel kills it when the thread that started it is gone.
    """

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self._child = child
        self._log = log
        self._session = child.pid

    @classmethod
    async def start(cls, *argv: str | Path, environment: Mapping[str, str], log: Path) -> Self:
        """Starts a program with exactly this environment; what it writes is appended to `log`."""
        with log.open("ab") as out:
            child = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", "--", *argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=dict(environment),
                start_new_session=True,
            )
        return cls(child, log)

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._child.returncode is None

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._child.pid

    def said(self) -> str:
        """The last of what the program wrote, for an error's sentence."""
        return self._log.read_text(errors="replace")[-2000:].strip()

    def signal(self, number: int) -> None:
        """Sends a signal to the program and what runs in its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._session, number)

    async def kill(self, *, descendants: bool = True) -> None:
        """SIGKILL to the program, and to all that came out of it unless told otherwise."""
        if self.running:
            self._child.kill()
        if descendants:
            await self.kill_descendants()
        await self._child.wait()

    async def stop(self, grace: float = 5.0) -> None:
        """SIGTERM, then SIGKILL to what is left after `grace` seconds."""
        if self.running:
            self._child.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._child.wait(), grace)
        await self.kill()

    async def kill_descendants(self) -> None:
        """SIGKILL to every process of the session, the program's own included, until none of them is left."""
        if not self.running and os.path.lexists(f"/proc/{self._session}"):  # noqa: ASYNC240 - the kernel's memory
            return  # another process has the number now, so of this session nothing was left
        while left := _members(self._session):  # a process that was begun meanwhile stands in the next look only
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.005)


def _members(session: int) -> list[int]:
    """The living processes of a session. cupsd puts each filter into a process group of its own, but not into a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ProcessLookupError):
                if os.getsid(int(entry.name)) == session and _lives(entry):
                    found.append(int(entry.name))
    return found


def _lives(process: Path) -> bool:
    """Whether it has not ended; who ended stays listed until its parent has looked."""
    return (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in ("Z", "X")
