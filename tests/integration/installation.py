"""A whole Printbus as a test runs it: processes of its own, a folder of its own, called over HTTP as a client would."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from demo.printers.port import Port
from libs.runtime import children
from tests.waiting import until

ROOT = Path(__file__).parents[2]


class Unavailable(AssertionError):
    """The server says, with a 503, that it cannot answer now: an honest answer, after which one asks again."""


class Installation:
    """One data folder, one address; `start`, `kill` and `start` again. What is started now is of the code below `root`."""

    root: Path = ROOT

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.url = f"http://127.0.0.1:{port}"
        self._settings = {
            "DATA_DIR": str(self.data),
            "HTTP_PORT": str(port),
            "HTTPS_PORT": "off",
            "SHUTDOWN_GRACE": "5",
            "CONVERTER_WORKERS": "1",
            "CONVERTER_LANES": "1",
            **settings,
        }
        self._client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=30)
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self, *, ready: bool = True, **settings: str) -> None:
        """Start `python -m services`; `settings` are for this start only."""
        self.process = self.run("services", **settings)
        if ready:
            await self.ready()

    def run(self, module: str, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start one process of this installation."""
        with self.log.open("ab") as output:
            argv = [sys.executable, "-m", module, *arguments]
            env = self.environment(**settings)
            return children.start(argv, env=env, cwd=self.root, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def environment(self, **settings: str) -> dict[str, str]:
        """What its processes are started with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PRINTBUS_")}
        return {**kept, **{f"PRINTBUS_{name}": value for name, value in {**self._settings, **settings}.items()}}

    async def ready(self, within: float = 60.0) -> None:
        """Wait until it says that it is ready."""
        said: list[str] = []

        async def is_ready() -> bool:
            assert self.process is None or self.process.poll() is None, f"it ended:\n{self.tail()}"
            return await self._is_ready(said)

        try:
            await until(is_ready, within, "ready", every=0.05)
        except AssertionError:
            raise AssertionError(f"not ready within {within} s: {said}\n{self.tail()}") from None

    async def lives_or_died(self) -> bool:
        """Whether it is ready, or was killed before it was."""
        assert self.process is not None
        return self.process.poll() is not None or await self._is_ready([])

    async def _is_ready(self, said: list[str]) -> bool:
        try:
            answer = await self._client.get("/readyz")
        except httpx.TransportError:
            return False
        said[:] = [answer.text]
        return answer.status_code == httpx.codes.OK

    async def died(self, within: float = 60.0) -> None:
        """Wait until its crash point has killed it."""
        assert self.process is not None
        process = self.process
        try:
            await until(lambda: process.poll() is not None, within, "the crash point")
        except AssertionError:
            raise AssertionError(f"it lives after {within} s\n{self.tail()}") from None
        assert process.returncode == -signal.SIGKILL, self.tail()

    async def kill(self) -> None:
        """kill -9 of the one process, nothing else."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, 30)

    async def close(self) -> None:
        """Leave nothing behind, at once: its children die with it; whoever wants to see it end well calls `stop`."""
        await self._client.aclose()
        await self.kill()

    @property
    def sn(self) -> str:
        return (self.data / "sn").read_text().strip()

    @property
    def token(self) -> str:
        return (self.data / "token").read_text().strip()

    async def post(self, command: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The envelope of one command. Raises `Unavailable` for one that cannot be done now."""
        body = json.dumps({"command": command, "data": data or {}})
        answer = await self._client.post("/openapi", content=body, headers={"Api-Access-Token": self.token})
        envelope: dict[str, Any] = answer.json()
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise Unavailable(envelope)
        return envelope

    async def call(self, command: str, **data: Any) -> Any:
        """The data of one command that succeeds."""
        envelope = await self.post(command, data)
        assert envelope["success"], envelope
        return envelope.get("data")

    async def submit(
        self, device: str, *, media_format: str = "TEXT", source: str = "STRING", content: str = "hello", **task: Any
    ) -> str:
        """Print; the task's id."""
        wanted = {
            "name": "test",
            "deviceName": device,
            "mediaSource": source,
            "mediaFormat": media_format,
            "content": content,
            **task,
        }
        answer = await self.call("newPrintTask", task=wanted)
        return str(answer["taskId"])

    async def statuses(self) -> dict[str, str]:
        """The status of each task as `listTasks` tells it, by the task's id."""
        return {row["taskId"]: row["status"] for row in await self.call("listTasks", limit=1000)}

    async def reaches(self, task: str, *statuses: str, within: float = 60.0) -> str:
        """Wait until a task has one of these statuses."""
        return (await self.all_reach([task], *statuses, within=within))[task]

    async def all_reach(self, tasks: Sequence[str], *statuses: str, within: float = 60.0) -> dict[str, str]:
        """Wait until every one of these tasks has one of these statuses; one look is for all of them. Which each has."""
        seen: dict[str, str] = {}

        async def reached() -> bool:
            with contextlib.suppress(Unavailable):
                seen.update(await self.statuses())
            return all(seen.get(task) in statuses for task in tasks)

        try:
            await until(reached, within, f"they are {statuses}", every=0.05)
        except AssertionError as error:
            late = {task: seen.get(task, "") for task in tasks if seen.get(task) not in statuses}
            raise AssertionError(f"{error}: {late}\n{self.tail()}") from None
        return {task: seen[task] for task in tasks}

    async def device(self, name: str, *, online: bool = True, within: float = 60.0) -> dict[str, Any]:
        """Wait until a printer is listed (and online)."""

        async def listed() -> dict[str, Any]:
            try:
                found = await self.call("listDevices", deviceType="printer")
            except Unavailable:
                return {}
            return next((each for each in found if each["name"] == name and each["status"] >= online), {})

        return await until(listed, within, f"{name} is listed")

    def tail(self, lines: int = 60) -> str:
        """The end of the log, for messages of failed tests."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else "(no log)"


@asynccontextmanager
async def installation(folder: Path, printers: list[str], **settings: str) -> AsyncIterator[Installation]:
    """An installation that is not started yet, stopped afterwards."""
    with Port() as port:
        made = Installation(folder, port.number, PRINTERS=json.dumps(printers), **settings)
        try:
            yield made
        finally:
            await made.close()
