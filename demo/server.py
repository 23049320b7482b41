"""The embedded server as the demo runs it: `python -m services` with a data folder of its own."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from demo.printers.port import Port


class Failed(Exception):
    """A step of the demo failed; the sentence says what, and where its log is."""


class Server:
    """A running server: where it listens, and one way to call it."""

    def __init__(self, data_dir: Path, log: Path, settings: Mapping[str, str]) -> None:
        self._data_dir = data_dir
        self._log = log
        self._settings = settings
        self._port = Port()
        self._process: asyncio.subprocess.Process | None = None
        self._client = httpx.AsyncClient(trust_env=False, timeout=60)
        self.address = ""
        self.sn = ""

    async def __aenter__(self) -> Self:
        self.address = f"http://127.0.0.1:{self._port.__enter__().number}"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PRINTBUS_")},
            **self._settings,
            "PRINTBUS_DATA_DIR": str(self._data_dir),
            "PRINTBUS_HTTP_PORT": self.address.rsplit(":", 1)[1],
        }
        with self._log.open("wb") as output:
            command = (sys.executable, "-m", "services")
            self._process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=output, stderr=output)
        try:
            await self._ready(120)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stop()

    async def call(self, command: str, **data: Any) -> Any:
        """One command of the Webprinter protocol; returns its `data`. Raises `Failed` with the server's own sentence."""
        token = (self._data_dir / "token").read_text().strip()
        body = {"command": command, "data": data}
        answer = await self._client.post(f"{self.address}/openapi", json=body, headers={"Api-Access-Token": token})
        envelope = answer.json()
        if not envelope["success"]:
            raise Failed(f"{command}: {envelope['message']} (log: {self._log})")
        return envelope.get("data")

    async def _ready(self, within: float) -> None:
        problems: object = "it does not answer"
        for _ in range(int(within * 10)):
            if self._process and self._process.returncode is not None:
                raise Failed(f"the server ended with code {self._process.returncode} (log: {self._log})")
            try:
                answer = await self._client.get(f"{self.address}/readyz")
                if answer.status_code == httpx.codes.OK:
                    self.sn = (self._data_dir / "sn").read_text().strip()
                    return
                problems = answer.json()["problems"]
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
        raise Failed(f"the server is not ready after {within:.0f} s: {problems} (log: {self._log})")

    async def _stop(self) -> None:
        await self._client.aclose()
        if self._process and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 20)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._port.__exit__(None, None, None)
