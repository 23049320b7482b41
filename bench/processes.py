"""A Printbus of single processes beside one nats-server, each of which is started and stopped by its name."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.load import Target
from bench.server import environment
from demo.printers.port import Port
from libs.runtime import children
from libs.runtime.natsserver import binary

ROOT = Path(__file__).parents[1]
NATS, GATEWAY = "nats", "gateway"
#: Seconds to start, and to end well.
START, END = 60.0, 20.0


class Processes:
    """One data folder. A name may carry a number, as gateway-2: another process of the same service, on a port of its own."""

    def __init__(self, folder: Path, stack: AsyncExitStack, settings: dict[str, str]) -> None:
        self.data = folder / "data"
        self._stack = stack
        self._log = folder / "processes.log"
        self._settings = {"DATA_DIR": str(self.data), "HTTPS_PORT": "off", "LOG_LEVEL": "warning", **settings}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {NATS: self.port()}
        self.url = f"nats://127.0.0.1:{self._ports[NATS]}"
        self._http = httpx.AsyncClient(trust_env=False, timeout=60)

    def port(self) -> int:
        """A free port that is kept while we are there."""
        return self._stack.enter_context(Port()).number

    async def provision(self) -> None:
        """Keys, the bus that knows them, its streams."""
        await self._provision()
        config = self.data / "nats" / "nats-server.conf"
        text = await asyncio.to_thread(config.read_text)
        await asyncio.to_thread(config.write_text, text.replace("127.0.0.1:4222", f"127.0.0.1:{self._ports[NATS]}"))
        self.run(NATS, [binary(), "-c", str(config)])
        await listening(self._ports[NATS])
        await self._provision(NATS_URL=self.url)

    async def start(self, *names: str, within: float = START, **settings: str) -> None:
        """Start services and wait until each is ready. Raises RuntimeError."""
        for name in names:
            port = self._ports.setdefault(name, self.port())
            service = name.partition("-")[0]
            at = {"HTTP_PORT": str(port)} if service == GATEWAY else {"METRICS_PORT": str(port)}
            told = {**self._settings, "NATS_URL": self.url, **at, **settings}
            self.run(name, [sys.executable, "-m", f"services.{service}"], told)
        await asyncio.gather(*(self._ready(name, within) for name in names))

    def run(self, name: str, argv: Sequence[str], settings: dict[str, str] | None = None) -> None:
        """Start any program beside the others, stopped with them."""
        with self._log.open("ab") as output:
            env = _environment(settings or {})
            self._running[name] = children.start(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env)

    async def stop(self, *names: str) -> None:
        """SIGTERM to each, once: a second one ends it at once. Waits for all of them."""
        await asyncio.gather(*(asyncio.to_thread(children.stop, self._running.pop(name), END) for name in names))

    async def close(self) -> None:
        """All of them, the bus last."""
        await self._http.aclose()
        await self.stop(*(name for name in self._running if name != NATS))
        await self.stop(*self._running)

    def target(self, name: str = GATEWAY) -> Target:
        """Where the load goes."""
        return Target(self._ports[name], (self.data / "token").read_text().strip())

    def pid(self, name: str) -> int:
        return self._running[name].pid

    async def call(self, command: str, **data: Any) -> Any:
        """The data of one command. Raises RuntimeError with the server's sentence."""
        target = self.target()
        answer = await self._http.post(
            f"http://127.0.0.1:{target.port}/openapi",
            json={"command": command, "data": data},
            headers={"Api-Access-Token": target.token},
        )
        envelope = answer.json()
        if not envelope["success"]:
            raise RuntimeError(f"{command}: {envelope['message']}")
        return envelope.get("data")

    async def decided(self, within: float = START) -> None:
        """Wait until the spooler answers: it is ready as soon as it stands by. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                try:
                    await self.call("listTasks", limit=1)
                except RuntimeError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def _ready(self, name: str, within: float) -> None:
        said = "it does not answer"
        try:
            async with asyncio.timeout(within):
                while True:
                    if self._running[name].poll() is not None:
                        raise RuntimeError(f"{name} ended: {self._tail()}")
                    try:
                        answer = await self._http.get(f"http://127.0.0.1:{self._ports[name]}/readyz")
                    except httpx.TransportError:
                        pass
                    else:
                        said = answer.text
                        if answer.status_code == httpx.codes.OK:
                            return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise RuntimeError(f"{name} is not ready: {said} {self._tail()}") from None

    async def _provision(self, **settings: str) -> None:
        argv = [sys.executable, "-m", "services", "provision"]
        told = _environment({**self._settings, **settings})
        with self._log.open("ab") as output:
            child = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=output, stderr=output, env=told)
            if await child.wait():
                raise RuntimeError(f"provision failed: {self._tail()}")

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-1500:]


@asynccontextmanager
async def processes(folder: Path, printers: Sequence[str] = (), **settings: str) -> AsyncIterator[Processes]:
    """A provisioned bus in `folder/data`; whatever is started on it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - at once
    async with AsyncExitStack() as stack:
        made = Processes(folder, stack, {"PRINTERS": json.dumps(list(printers)), **settings})
        stack.push_async_callback(made.close)
        await made.provision()
        yield made


def _environment(settings: dict[str, str]) -> dict[str, str]:
    import os  # noqa: PLC0415 - what the machine says otherwise, PATH say, holds for services as well

    return {**os.environ, **environment(settings)}


async def listening(port: int, within: float = START) -> None:
    """Wait until somebody listens there. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
