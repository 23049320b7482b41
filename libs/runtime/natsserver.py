"""A nats-server of our own: its configuration, and the process that the embedded server starts."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import structlog

from libs.runtime import children
from libs.runtime.keys import Keys

log = structlog.get_logger()


def configuration(keys: Keys, folder: Path, *, name: str, host: str = "127.0.0.1", port: int = -1, domain: str = "") -> str:
    """A nats-server configuration: operator mode, JetStream in `folder`, every write synced, batches up to 20,000."""
    jetstream = ["sync_interval: always", f"store_dir: {json.dumps(str(folder / 'jetstream'))}", "max_file_store: 64GB"]
    jetstream += [f"domain: {domain}"] if domain else []
    jetstream += ["limits { default_max_consumers: -1, batch { max_msgs: 20000, timeout: 30s } }"]
    return "\n".join(
        [
            f"server_name: {name}",
            f"listen: {json.dumps(f'{host}:{port}')}",
            f"ports_file_dir: {json.dumps(str(folder))}",
            "max_payload: 8MB",
            "max_pending: 256MB",
            "write_deadline: 10s",
            f"jetstream {{ {chr(10).join(jetstream)} }}",
            keys.server_auth(),
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
        self, keys: Keys, folder: Path, *, name: str = "printbus", port: int = 0, record: children.ChildRecord | None = None
    ) -> None:
        self._keys = keys
        self._folder = folder
        self._name = name
        self._port = port or -1
        self._record = record
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

    @property
    def log_file(self) -> Path:
        """Where it writes its log."""
        return self._folder / "nats-server.log"

    async def start(self) -> None:
        """Start and wait until it listens; RuntimeError with its log's name when it ends instead."""
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "nats-server.conf"
        config.write_text(configuration(self._keys, self._folder, name=self._name, port=self._port))
        config.chmod(0o600)
        for stale in self._folder.glob("*.ports"):
            stale.unlink()
        with self.log_file.open("ab") as output:
            argv = [binary(), "-c", str(config)]
            self._child = children.start(argv, self._record, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.url = await self._address(self._folder / f"nats-server_{self._child.pid}.ports")
        self._port = int(self.url.rsplit(":", 1)[1])  # the same port after a restart: clients find it again
        log.info("nats-server started", url=self.url)

    async def _address(self, ports: Path) -> str:
        for _ in range(1500):
            if self._child and self._child.poll() is not None:
                raise RuntimeError(f"nats-server ended with code {self._child.returncode}; its log is {self.log_file}")
            if address := _listens_at(ports):
                return address
            await asyncio.sleep(0.02)
        raise RuntimeError(f"nats-server did not come up within 30 s; its log is {self.log_file}")

    async def stop(self, grace: float = 5.0) -> None:
        """End it; by force after `grace` seconds."""
        if self._child:
            await asyncio.to_thread(children.stop, self._child, grace)
            self._child = None


def _listens_at(ports: Path) -> str:
    """What the server wrote of its own address; empty as long as it has not."""
    try:
        return str(json.loads(ports.read_text())["nats"][0])
    except (OSError, ValueError, KeyError, IndexError):
        return ""
