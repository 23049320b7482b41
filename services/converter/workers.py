"""Warm Python processes for text, images and PDF work: bombs must not kill the service, and starting must cost nothing."""

import asyncio
import json
import pickle
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from services.converter import sandbox, watchdog
from services.converter.domain import Failure, Rejected
from services.converter.pool import EngineDied, EngineLate, OutOfMemory
from services.converter.sandbox import Sandbox
from services.converter.settings import ConverterSettings

log = structlog.get_logger()

_REPLY = 256 * 1024
_START = 30.0
#: A finished document may be larger than the one it is made of: uncompressed images.
_ROOM = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be: pages, pixels of one image, bytes."""

    pages: int
    pixels: int
    bytes: int


class Worker:
    """One process. Files reach it as open descriptors: it has no folder of ours and no network."""

    def __init__(self, settings: ConverterSettings, box: Sandbox) -> None:
        self._settings, self._box = settings, box
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._folder: Path | None = None
        self._broken = self._over = False

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None and not self._broken

    @property
    def pid(self) -> int:
        """The leader of its process group; 0 before it is started."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self._folder = self._box.folder("worker")
        limit = self._settings.engine_memory
        spec = self._box.spec(self._folder, memory=2 * limit, file=_ROOM * self._settings.max_document)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-s", "-m", "services.converter.worker", spec.to_json()),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],
                env=self._box.environment(self._folder),
                start_new_session=True,
            )
        async with asyncio.timeout(_START):
            await self._receive()

    async def close(self) -> None:
        if self._process and self._folder:
            await sandbox.end(self._process, self._folder)
        if self._socket:
            self._socket.close()

    async def do(self, job: str, arguments: Sequence[Any], files: Sequence[int]) -> dict[str, Any]:
        """Run one job of services/converter/worker.py on open files. Raises `Rejected`, `EngineDied` or `EngineLate`."""
        self._broken, self._over = True, False  # until it has answered
        try:
            reply = await self._ask(pickle.dumps((job, arguments)), files)
            self._broken = False
        except TimeoutError:
            raise EngineLate from None
        except (EngineDied, OSError):
            raise (OutOfMemory if self._over else EngineDied) from None
        finally:
            if self._broken:
                sandbox.kill(self.pid)
        if "failure" in reply:
            if "where" in reply:
                log.warning("worker failed", job=job, where=reply["where"])
            raise Rejected(Failure(reply["failure"]), str(reply["message"]))
        return reply

    async def _ask(self, request: bytes, files: Sequence[int]) -> dict[str, Any]:
        assert self._socket is not None  # noqa: S101 - started
        socket.send_fds(self._socket, [request], files)
        async with asyncio.timeout(self._settings.convert_timeout):
            async with watchdog.watched(self.pid, self._settings.engine_memory, self._stop):
                return await self._receive()

    async def _receive(self) -> dict[str, Any]:
        assert self._socket is not None  # noqa: S101 - started
        data = await asyncio.get_running_loop().sock_recv(self._socket, _REPLY)
        if not data:
            raise EngineDied
        reply: dict[str, Any] = json.loads(data)
        return reply

    def _stop(self) -> None:
        self._over = True
        sandbox.kill(self.pid)
