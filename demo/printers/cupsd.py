"""A private cupsd: its own port, configuration, spool and backends, and nothing of the machine's."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.printers.paper import Paper
from demo.printers.port import Port
from demo.printers.process import Process
from libs.ipp.client import Client
from libs.ipp.enums import Operation
from libs.ipp.errors import ClientError

_HERE = Path(__file__).parent
_SYSTEM_BIN = Path("/usr/lib/cups")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Printcap without a value keeps it from writing /run/cups/printcap.
_FILES = """\
ServerRoot {home}/etc
StateDir {home}/run
CacheDir {home}/cache
RequestRoot {home}/spool
TempDir {home}/spool/tmp
ServerKeychain {home}/etc/ssl
ServerBin {home}/bin
AccessLog {home}/log/access
ErrorLog {home}/log/error
PageLog {home}/log/page
Printcap
FileDevice Yes
SyncOnClose Yes
User lp
Group lp
SystemGroup root lpadmin
"""
# DirtyCleanInterval 0: what is acknowledged is on disk. MaxJobTime 0: a job may wait for its printer for ever.
_DAEMON = """\
Listen 127.0.0.1:{port}
Browsing Off
BrowseLocalProtocols none
WebInterface No
DefaultAuthType None
DefaultEncryption Never
DefaultPaperSize A4
IdleExitTimeout 0
DirtyCleanInterval 0
PreserveJobHistory Yes
PreserveJobFiles No
MaxJobs {max_jobs}
MaxJobTime 0
ErrorPolicy retry-job
JobRetryInterval 1
LogLevel info
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues none
  SubscriptionPrivateAccess default
  SubscriptionPrivateValues none
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""


class PrivateCupsd:
    """A cupsd on 127.0.0.1 at `port`, while the context lasts.

    Its files lie in a temporary folder of its own, because its filters run as `lp` and must be able to reach them.
    `backends` are files to install as backends besides the system's, under their names without suffix. Needs root.
    """

    def __init__(self, *, max_jobs: int = 500, backends: tuple[Path, ...] = ()) -> None:
        self._max_jobs = max_jobs
        self._backends = backends
        self._stack = AsyncExitStack()
        self._process: Process | None = None
        self._started: list[Process] = []
        self.port = 0
        self.folder = Path()

    async def __aenter__(self) -> Self:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="printbus-cupsd-"))
            self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.port = self._stack.enter_context(Port()).number
            self._furnish()
            self._stack.push_async_callback(self._clear)
            await self.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    @property
    def server(self) -> str:
        """What CUPS_SERVER, or `-h` of the commands, is to be."""
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self) -> str:
        """Where the server itself is asked, about all queues."""
        return f"ipp://{self.server}/"

    @property
    def running(self) -> bool:
        """Whether the daemon runs."""
        return self._process is not None and self._process.running

    def queue_uri(self, name: str) -> str:
        """Where a queue is printed to."""
        return f"ipp://{self.server}/printers/{name}"

    def error_log(self) -> str:
        """What the daemon says about itself."""
        path = self.folder / "log" / "error"
        return path.read_text(errors="replace") if path.exists() else ""

    async def add_queue(self, name: str, device_uri: str, model: str | None = None) -> str:
        """A queue that accepts jobs, raw without a model; its URI. `everywhere` needs its printer to be up."""
        driver = () if model is None else ("-m", model)
        await _run("lpadmin", "-h", self.server, "-p", name, "-E", "-v", device_uri, *driver)
        if model is not None:
            await self._driven(name)
        return self.queue_uri(name)

    async def add_driver(self, name: str, device_uri: str, driver: Path) -> str:
        """A queue with the driver that a PPD file describes; its URI."""
        await _run("lpadmin", "-h", self.server, "-p", name, "-E", "-v", device_uri, "-P", str(driver))
        return self.queue_uri(name)

    async def add_paper(self, name: str = "Paper") -> Paper:
        """A raw queue to a device with a memory."""
        paper = Paper(self.folder / "paper" / name)
        paper.folder.mkdir(parents=True)
        (paper.folder / "owner").write_text(f"{os.getpid()}\n")
        await self.add_queue(name, paper.device_uri)
        return paper

    async def start(self) -> None:
        """Starts the daemon with the queues and jobs that it had before."""
        self._process = await Process.start(
            *("cupsd", "-f", "-c", self.folder / "etc" / "cupsd.conf", "-s", self.folder / "etc" / "cups-files.conf"),
            environment={"PATH": _PATH},
            log=self.folder / "log" / "daemon",
        )
        self._started.append(self._process)
        await self._answers(self._process)

    async def kill(self) -> None:
        """SIGKILL to the daemon alone. Backends at work go on, as they do in earnest."""
        if self._process is not None:
            await self._process.kill(descendants=False)

    async def stop(self) -> None:
        """SIGTERM: the daemon ends in good order; it prints what was printing again when it starts."""
        if self._process is not None:
            await self._process.stop()

    def suspend(self) -> None:
        """The daemon hangs."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """The daemon goes on where it was suspended."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    async def _driven(self, name: str, within: float = 20.0) -> None:
        """Waits until a queue is no longer a raw one: cupsd asks an everywhere printer about itself after it answered."""
        async with asyncio.timeout(within), Client(self.queue_uri(name)) as client:
            model = None
            while model in (None, "Local Raw Printer"):
                await asyncio.sleep(0.02)
                attributes = await client.get_printer_attributes(["printer-make-and-model"])
                model = attributes.string("printer-make-and-model")

    async def _clear(self) -> None:
        await self.stop()
        for process in self._started:
            await process.kill_descendants()

    def _furnish(self) -> None:
        self.folder.chmod(0o755)
        for name in ("etc/ssl", "run", "cache", "spool/tmp", "log", "bin/backend", "paper"):
            (self.folder / name).mkdir(parents=True)
        for folder in _SYSTEM_BIN.iterdir():
            if folder.name != "backend":
                (self.folder / "bin" / folder.name).symlink_to(folder)
        for backend in (_SYSTEM_BIN / "backend").iterdir():
            (self.folder / "bin" / "backend" / backend.name).symlink_to(backend)
        for backend in (_HERE / "paper.sh", *self._backends):
            self._install(backend)
        (self.folder / "etc" / "cups-files.conf").write_text(_FILES.format(home=self.folder))
        (self.folder / "etc" / "cupsd.conf").write_text(_DAEMON.format(port=self.port, max_jobs=self._max_jobs))

    def _install(self, backend: Path) -> None:
        target = self.folder / "bin" / "backend" / backend.stem
        target.unlink(missing_ok=True)
        shutil.copyfile(backend, target)
        target.chmod(0o700)  # a backend that only its owner may run, runs as root

    async def _answers(self, process: Process, within: float = 20.0) -> None:
        async with asyncio.timeout(within), Client(self.uri) as client:
            while process.running:
                with contextlib.suppress(ClientError):
                    await client.request(Operation.CUPS_GET_PRINTERS, {"limit": 1}, check=False)
                    return
                await asyncio.sleep(0.02)
        raise RuntimeError(f"cupsd did not start: {process.said()} {self.error_log()[-2000:]}")


async def _run(*command: str) -> None:
    """Runs one of the commands of CUPS. RuntimeError with what it said when it fails."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": _PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
    )
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{command[0]} failed: {said.decode(errors='replace').strip()}")
