"""A nats-server of our own: its configuration, and the process that the embedded server starts."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from libs.runtime import children
from libs.runtime.authority import Authority
from libs.runtime.credentials import write_secret
from libs.runtime.keys import Keys
from libs.runtime.links import Links
from libs.runtime.machine import bracketed, near
from libs.runtime.peers import Peers
from libs.runtime.room import free
from libs.runtime.versions import too_old

log = structlog.get_logger()

#: The name of the server's own certificate in the folder of keys, and how often it is looked at whether it ends, in seconds.
LEAF = "nats"
CERTIFICATE_EVERY = 3600.0
#: A link between regions on which nothing is heard is given up after 15 s: of a line that swallows everything nobody else tells.
PINGED = ('ping_interval: "5s"', "ping_max: 2")
#: A disk with so few bytes left is full, and one with so many has room again.
FULL, ROOM = 256 * 1024, 4 * 1024 * 1024
#: The log of a server that we start has so many bytes at most, and so many older ones stand beside it: it has a line for every
#: stranger who knocks.
LOG_SIZE, LOGS = 16 * 1024 * 1024, 3


@dataclass(frozen=True, slots=True)
class Outside:
    """How agents outside reach the bus: `host` to listen on, ports for TLS and for WebSocket over TLS (0: not), and for whom.

    With a TLS port everybody speaks TLS, this machine's own services too: a server has one listener for clients.
    """

    host: str = "0.0.0.0"
    tls_port: int = 0
    websocket_port: int = 0
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tls_port or self.websocket_port)


def configuration(
    keys: Keys,
    folder: Path,
    *,
    name: str,
    host: str = "127.0.0.1",
    port: int = -1,
    outside: Outside | None = None,
    peers: Peers | None = None,
    links: Links | None = None,
    number: int = 0,
) -> str:
    """A nats-server configuration: operator mode, JetStream in `folder`, every write synced, batches up to 20,000.

    `outside` has a certificate made by the authority in the folder of keys. `peers`: it is one of a cluster, at this host and port.
    `links`: its region is joined with others, for which it is the server of this `number`. Its name has the region's in it then:
    what a server that calls says of itself is its name, unless it is one of a cluster, and of two that say the same the one that is
    called takes neither's subjects to the other (nats-server 2.15.1).
    """
    listeners = peers.told(f"{bracketed(host)}:{port}") if peers else []
    joined = links.told(number) if links else []
    listeners += joined
    if outside:
        leaf = Authority(keys.path("")).leaf(outside.names, LEAF)
        secured = f"tls {{ cert_file: {json.dumps(str(leaf.certificate))}, key_file: {json.dumps(str(leaf.key))}"
        if outside.tls_port:
            host, port = outside.host, outside.tls_port
            listeners.append(f"{secured}, handshake_first: true }}")
        if outside.websocket_port:
            at = json.dumps(f"{bracketed(outside.host)}:{outside.websocket_port}")
            listeners.append(f"websocket {{ listen: {at}, {secured} }} }}")
    jetstream = ["sync_interval: always", f"store_dir: {json.dumps(str(folder / 'jetstream'))}", "max_file_store: 64GB"]
    jetstream += [f"domain: {links.region}"] if links and joined else []
    jetstream += ["limits { default_max_consumers: -1, batch { max_msgs: 20000, timeout: 30s } }"]
    return "\n".join(
        [
            f"server_name: {f'{name}-{links.region}' if links and joined else name}",
            f"listen: {json.dumps(f'{bracketed(host)}:{port}')}",
            *listeners,
            *(PINGED if joined else ()),
            f"ports_file_dir: {json.dumps(str(folder))}",
            "max_payload: 8MB",
            "max_control_line: 32KB",  # the rights of a gateway that serves several regions are in its JWT
            "max_pending: 256MB",
            "write_deadline: 10s",
            f"jetstream {{ {chr(10).join(jetstream)} }}",
            keys.server_auth(folder / "accounts"),
            "",
        ]
    )


def binary() -> str:
    """The pinned server beside this interpreter, never one that happens to be on the machine."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server") or str(beside)


class NatsServer:
    """One nats-server child: started on a free port unless one is given, stopped politely, dead with its parent."""

    def __init__(
        self,
        keys: Keys,
        folder: Path,
        *,
        name: str = "printbus",
        port: int = 0,
        record: children.ChildRecord | None = None,
        outside: Outside | None = None,
        links: Links | None = None,
    ) -> None:
        self._keys = keys
        self._folder = folder
        self._name = name
        self._port = port or -1
        self._record = record
        self._outside = outside
        self._links = links
        self._looked = time.monotonic()
        self._full = False
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        """Its process, 0 when it does not run."""
        return self._child.pid if self._child else 0

    @property
    def ended(self) -> bool:
        """Whether it was started and runs no more."""
        return self._child is not None and self._child.poll() is not None

    async def over(self) -> None:
        """Wait until it runs no more; at once when it was never started."""
        if self._child:
            await children.ended(self._child)

    @property
    def log_file(self) -> Path:
        """Where it writes its log; what it says before it has read its configuration goes there, too."""
        return self._folder / "nats-server.log"

    async def start(self) -> None:
        """Start and wait until it listens; RuntimeError with its log's name when it ends instead."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._write)
        for stale in self._folder.glob("*.ports"):
            stale.unlink()
        with self.log_file.open("ab") as output:
            argv = [binary(), "-c", str(self._config)]
            alone = {"PATH": os.defpath, "HOME": str(self._folder)}  # settings, and the secrets among them, are not its business
            self._child = children.start(argv, self._record, env=alone, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        found = await self._address(self._folder / f"nats-server_{self._child.pid}.ports")
        self._port = int(found.rsplit(":", 1)[1])  # the same port after a restart: clients find it again
        self.url = self._own_address()
        log.info("nats-server started", url=self.url)

    async def heed(self) -> bool:
        """Make the running server take up its own new certificate; whether it has one. It is made anew before it ends.

        A server whose disk was full ends here when there is room again, and is to be started again as one that died.
        """
        if self._child and self._regained():
            log.warning("nats-server is started again: after its disk was full it stores nothing any more, though there is room")
            self._child.terminate()
        if self._outside is None or self._child is None or time.monotonic() - self._looked < CERTIFICATE_EVERY:
            return False
        self._looked = time.monotonic()
        before = await asyncio.to_thread(self._certificate)
        await asyncio.to_thread(self._write)
        if await asyncio.to_thread(self._certificate) == before:
            return False
        self._child.send_signal(signal.SIGHUP)
        log.info("nats-server reads its new certificate")
        return True

    def _regained(self) -> bool:
        """Whether its disk was full since it started, and is not any more."""
        left = free(self._folder / "jetstream")
        if left is None or FULL < left < ROOM:
            return False
        before, self._full = self._full, left <= FULL
        return before and not self._full

    def _certificate(self) -> bytes:
        return self._keys.path(f"{LEAF}.pem").read_bytes()

    @property
    def _config(self) -> Path:
        return self._folder / "nats-server.conf"

    def _write(self) -> None:
        told = configuration(self._keys, self._folder, name=self._name, port=self._port, outside=self._outside, links=self._links)
        logged = f"log_file: {json.dumps(str(self.log_file))}\nlogfile_size_limit: {LOG_SIZE}\nlogfile_max_num: {LOGS}\n"
        write_secret(self._config, told + logged)

    def _own_address(self) -> str:
        """Where this machine's own services find it."""
        if not (self._outside and self._outside.tls_port):
            return f"nats://127.0.0.1:{self._port}"
        return f"tls://{near(self._outside.host)}:{self._port}"

    async def _address(self, ports: Path) -> str:
        for _ in range(1500):
            if self._child and self._child.poll() is not None:
                ended = f"nats-server ended with code {self._child.returncode}; its log is {self.log_file}"
                old = await asyncio.to_thread(_age)
                raise RuntimeError(f"{ended}. {old}" if old else ended)
            if address := _listens_at(ports):
                return address
            await asyncio.sleep(0.02)
        raise RuntimeError(f"nats-server did not come up within 30 s; its log is {self.log_file}")

    async def stop(self, grace: float = 5.0) -> None:
        """End it; by force after `grace` seconds."""
        if self._child:
            await asyncio.to_thread(children.stop, self._child, grace)
            self._child = None


def _age() -> str:
    """One sentence if the program is older than what our configuration is for; blocking."""
    said = subprocess.run([binary(), "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - our own
    return too_old(binary(), said.stdout.decode(errors="replace").strip().rpartition(" ")[2])


def _listens_at(ports: Path) -> str:
    """What the server wrote of its own address; empty as long as it has not."""
    try:
        return str(json.loads(ports.read_text())["nats"][0])
    except (OSError, ValueError, KeyError, IndexError):
        return ""
