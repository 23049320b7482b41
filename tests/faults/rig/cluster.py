"""The bus as servers of its own: one, or a cluster whose streams lie on three of them, as `provision` configures it."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

from demo.printers.port import Port
from libs.runtime import children
from libs.runtime.bus import Bus, connect
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.natsserver import binary
from libs.runtime.peers import ROUTES_ABOVE
from tests.integration.installation import Installation
from tests.waiting import until


class Cluster:
    """Servers by their number from 0, each killed, stopped and started again by it; `url` names them all.

    `url` is what the setting NATS_URL is to be given; `program` is the nats-server that is started next.
    """

    def __init__(self, server: Installation, ports: list[int]) -> None:
        self._server = server
        self._ports = ports
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self.program = binary()
        self.url = ",".join(f"nats://127.0.0.1:{port}" for port in ports)

    @property
    def size(self) -> int:
        return len(self._ports)

    @property
    def settings(self) -> dict[str, str]:
        """What `provision` must be told to make this cluster and its streams."""
        servers = [f"127.0.0.1:{port}" for port in self._ports]
        return {"NATS_CLUSTER": json.dumps(servers)} if self.size > 1 else {}

    async def provision(self) -> None:
        """Keys and configurations, the servers, then their streams."""
        await self._verb("provision", **self.settings)
        if self.size == 1:  # one server gets the port that everybody knows
            text = await asyncio.to_thread(self.configuration(0).read_text)
            await asyncio.to_thread(self.configuration(0).write_text, text.replace("127.0.0.1:4222", f"127.0.0.1:{self._ports[0]}"))
        for number in range(self.size):
            self.start(number)
        for number in range(self.size):
            await self.listens(number)
        await self._verb("provision", NATS_URL=self.url, **self.settings)

    def folder(self, number: int) -> Path:
        """Where a server keeps what it has."""
        return self._server.data / "nats" / (str(number + 1) if self.size > 1 else "")

    def configuration(self, number: int) -> Path:
        return self.folder(number) / "nats-server.conf"

    def store(self, number: int) -> Path:
        """The folder of a server's JetStream: `$ACCOUNT/streams/NAME/msgs/N.blk` below it."""
        return self.folder(number) / "jetstream"

    def start(self, number: int, *wrapper: str) -> None:
        """Start one server (again), under another program (strace …) if one is named."""
        with (self._server.folder / f"nats-{number}.log").open("ab") as output:
            argv = [*wrapper, self.program, "-c", str(self.configuration(number))]
            self._running[number] = children.start(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    async def listens(self, number: int, within: float = 20.0) -> None:
        """Wait until a server takes connections."""
        await until(lambda: _listening(self._ports[number]), within, f"server {number} listens")

    def pid(self, number: int) -> int:
        return self._running[number].pid

    async def kill(self, number: int) -> None:
        """kill -9."""
        self._running[number].kill()
        await asyncio.to_thread(self._running[number].wait)

    async def end(self, number: int) -> None:
        """SIGTERM, waited for."""
        self._running[number].terminate()
        await asyncio.to_thread(self._running[number].wait, 30)

    def freeze(self, number: int) -> None:
        """SIGSTOP: it neither answers nor ends."""
        self._running[number].send_signal(signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        """SIGCONT."""
        self._running[number].send_signal(signal.SIGCONT)

    async def admin(self) -> Bus:
        """A connection that may do everything; the caller closes it."""
        return await connect(self.url, ADMIN, Keys(self._server.data / "keys").path(f"{ADMIN}.creds"))

    async def leader(self, bus: Bus, stream: str) -> int:
        """The number of the server that leads a stream now, waited for."""

        async def named() -> str:
            try:
                info = await bus.js.stream_info(stream)
            except Exception:  # noqa: BLE001 - an election is going on
                return ""
            return (info.cluster.leader or "") if info.cluster else "printbus-1"

        name = await until(named, 30, f"{stream} has a leader", every=0.2)  # printbus-1, of a joined region printbus-1-eu
        return int(name.split("-")[1]) - 1

    async def stop(self) -> None:
        """Leave none behind."""
        for process in self._running.values():
            process.kill()  # also one that is frozen
        for process in self._running.values():
            await asyncio.to_thread(process.wait)

    async def _verb(self, *words: str, **settings: str) -> None:
        process = self._server.run("services", *words, **settings)
        assert await asyncio.to_thread(process.wait, 60) == 0, self._server.tail()


async def _listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _port(stack: ExitStack) -> int:
    """A port for clients that nobody else takes, whose port for the other servers is free as well, and kept."""
    while True:
        port = stack.enter_context(Port()).number
        routes = stack.enter_context(socket.socket())
        try:
            routes.bind(("127.0.0.1", port + ROUTES_ABOVE))
        except (OSError, OverflowError):
            continue
        routes.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as `Port` does
        return port


@asynccontextmanager
async def cluster(server: Installation, size: int = 3) -> AsyncIterator[Cluster]:
    """A provisioned bus of one server or of three, running; start the installation with `NATS_URL=made.url`."""
    async with AsyncExitStack() as stack:
        kept = stack.enter_context(ExitStack())
        ports = [_port(kept) for _ in range(size)]
        made = Cluster(server, ports)
        stack.push_async_callback(made.stop)
        await made.provision()
        yield made
