"""The services of an installation as processes of their own beside one nats-server, each of which may die and come back."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from demo.printers.port import Port
from libs.runtime import children
from libs.runtime.ending import end
from libs.runtime.natsserver import binary
from tests.integration.installation import Installation
from tests.waiting import until

NATS = "nats"
SERVICES = ("registry", "spooler", "converter", "webhooks", "agent", "gateway")


class Processes:
    """Started by name, killed by name; `url` is the bus's."""

    def __init__(self, server: Installation, port: int) -> None:
        self.url = f"nats://127.0.0.1:{port}"
        self._port = port
        self._server = server
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    async def provision(self) -> None:
        """Keys, then the bus that knows them, then its streams."""
        await self._verb("provision")
        config = self._server.data / "nats" / "nats-server.conf"
        text = await asyncio.to_thread(config.read_text)
        await asyncio.to_thread(config.write_text, text.replace("127.0.0.1:4222", f"127.0.0.1:{self._port}"))
        self.start(NATS)
        await until(self._listening, what="nats-server listens")
        await self._verb("provision", NATS_URL=self.url)

    def start(self, name: str, **settings: str) -> None:
        """Start one of them (again); `settings` are for this start only. `spooler-2` is a second spooler."""
        if name != NATS:
            module = f"services.{name.partition('-')[0]}"
            self._running[name] = self._server.run(module, **{"NATS_URL": self.url, **settings})
            return
        with self._server.log.open("ab") as output:
            argv = [binary(), "-c", str(self._server.data / "nats" / "nats-server.conf")]
            self._running[name] = children.start(argv, stdout=output, stderr=output)

    async def kill(self, name: str) -> None:
        """kill -9."""
        self._running[name].kill()
        await asyncio.to_thread(self._running[name].wait)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Any other signal: SIGSTOP and SIGCONT make one sleep and wake, SIGTERM asks it to end."""
        self._running[name].send_signal(number)

    def pid(self, name: str) -> int:
        """Its process id, of the start that was last."""
        return self._running[name].pid

    def runs(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        return name in self._running and self._running[name].poll() is None

    async def ended(self, name: str, within: float = 60.0) -> int:
        """Wait for its end; the exit code. Raises subprocess's TimeoutExpired."""
        return await asyncio.to_thread(self._running[name].wait, within)

    async def died(self, name: str, within: float = 60.0) -> None:
        """Wait until its crash point has killed it."""
        process = self._running[name]
        try:
            await until(lambda: process.poll() is not None, within, f"the crash point of the {name}")
        except AssertionError:
            raise AssertionError(f"the {name} lives after {within} s\n{self._server.tail()}") from None
        assert process.returncode == -signal.SIGKILL, self._server.tail()

    async def through(self, name: str, asking: Coroutine[Any, Any, Any], **settings: str) -> Any:
        """What is asked while a process dies at its crash point, by somebody who asks again until it is answered."""
        task = asyncio.create_task(asking)
        await self.died(name)
        self.start(name, **settings)
        return await task

    async def unanswered(self, name: str, asking: Coroutine[Any, Any, Any], **settings: str) -> None:
        """What is asked while a process dies at its crash point, by somebody who never hears the answer."""
        task = asyncio.create_task(asking)
        await self.died(name)
        await end(task)
        self.start(name, **settings)

    async def end(self) -> dict[str, int]:
        """SIGTERM to each service; their exit codes."""
        services = {name: process for name, process in self._running.items() if name != NATS}
        for process in services.values():
            process.terminate()
        return {name: await asyncio.to_thread(process.wait, 30) for name, process in services.items()}

    async def stop(self) -> None:
        """Leave none behind, at once: their children die with them; whoever wants to see them end well calls `end`."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            await asyncio.to_thread(process.wait)

    async def _verb(self, *words: str, **settings: str) -> None:
        process = self._server.run("services", *words, **settings)
        assert await asyncio.to_thread(process.wait, 60) == 0, self._server.tail()

    async def _listening(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True


@asynccontextmanager
async def processes(server: Installation) -> AsyncIterator[Processes]:
    """A provisioned bus; whatever is started on it ends with the block."""
    with Port() as port:
        made = Processes(server, port.number)
        try:
            await made.provision()
            yield made
        finally:
            await made.stop()
