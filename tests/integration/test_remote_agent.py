"""An agent on another machine, in a data folder of its own: it joins by a token, dials out, and prints once whatever is cut."""

import asyncio
import json
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from demo.printers.port import Port
from libs.contracts.documents import INLINE_LIMIT
from libs.runtime import children
from tests.integration.installation import ROOT, Installation, installation
from tests.waiting import until

#: About 30 KB of PDF: such a document is fetched from an address.
LARGE = "\n".join(f"line {number} {number * 7919 % 10007}" for number in range(6000))


async def said(folder: Path, *words: str, code: int = 0, typed: str = "", **settings: str) -> str:
    """What a verb writes on a data folder."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", *words),
        env=environment(folder, **settings),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate(typed.encode())
    assert child.returncode == code, (out, err)
    return (out if code == 0 else err).decode()


def environment(folder: Path, **settings: str) -> dict[str, str]:
    given = {"DATA_DIR": str(folder), "SHUTDOWN_GRACE": "5", **settings}
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder)} | {f"PRINTBUS_{name}": value for name, value in given.items()}


class Remote:
    """The other machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.paper = folder / "paper"
        self.log = folder / "agent.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.first = ""
        self.data.mkdir(parents=True)

    def start(self) -> None:
        """`python -m services.agent`, with nothing but its folder and its printers."""
        settings = environment(self.data, PRINTERS=json.dumps([f"file://{self.paper}?name=Shelf"]))
        with self.log.open("ab") as output:
            argv = [sys.executable, "-m", "services.agent"]
            self.process = children.start(argv, env=settings, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    async def close(self) -> None:
        if self.process:
            await asyncio.to_thread(children.stop, self.process, 15)

    def papers(self) -> list[Path]:
        return sorted(self.paper.glob("*.pdf")) if self.paper.exists() else []

    def told(self, text: str) -> bool:
        return self.log.exists() and text in self.log.read_text()

    @property
    def sn(self) -> str:
        return str(json.loads((self.data / "joined.json").read_text())["sn"])


class Site:
    """A server that lets agents in from outside, and a machine that joined it."""

    def __init__(self, server: Installation, https: int, remote: Remote) -> None:
        self.server = server
        self.https = https
        self.remote = remote
        self.token = ""

    async def invited(self) -> dict[str, str]:
        out = await said(self.server.data, "agent", "invite", "--tenant", "main", "--name", "Warehouse", "--json", **self.settings)
        return dict(json.loads(out))

    async def join(self, invitation: dict[str, str], remote: Remote, code: int = 0) -> str:
        known = ("--fingerprint", invitation["fingerprint"])
        words = ("join", f"https://localhost:{self.https}", *known)
        return await said(remote.data, *words, code=code, typed=invitation["token"] + "\n")

    @property
    def settings(self) -> dict[str, str]:
        return {"NATS_TLS_PORT": "1"}  # only so that `invite` does not warn

    async def asked(self, command: str, **data) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False, timeout=30) as client:
            return await client.post("/openapi", json={"command": command, "data": data}, headers={"Api-Access-Token": self.token})

    async def let_in(self) -> bool:
        return (await self.asked("getInfo")).status_code == httpx.codes.OK

    async def call(self, command: str, **data):
        envelope = (await self.asked(command, **data)).json()
        assert envelope["success"], envelope
        return envelope.get("data")

    async def submit(self, content: str) -> str:
        task = {"name": "t", "deviceName": "Shelf", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": content}
        return str((await self.call("newPrintTask", task=task))["taskId"])

    async def finished(self, task: str) -> Path:
        """Wait until a task is on paper; its sheet."""

        async def done() -> bool:
            return any(row["taskId"] == task and row["status"] == "FINISHED" for row in await self.call("listTasks", limit=100))

        try:
            await until(done, 60, f"{task} is finished")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.remote.log.read_text()[-3000:]}\n{self.server.tail(30)}") from None
        (sheet,) = (each for each in self.remote.papers() if each.name.startswith(task))
        return sheet

    async def online(self, *, there: bool = True, within: float = 30.0) -> None:
        async def listed() -> bool:
            found = await self.call("listDevices", deviceType="printer")
            return any(each["name"] == "Shelf" and bool(each["status"]) == there for each in found)

        try:
            await until(listed, within, f"Shelf is {'online' if there else 'offline'}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.remote.log.read_text()[-3000:]}\n{self.server.tail(30)}") from None


@asynccontextmanager
async def site(tmp_path: Path, kind: str, **settings: str):
    async with AsyncExitStack() as stack:
        https = stack.enter_context(Port()).number
        bus = stack.enter_context(Port()).number
        (tmp_path / "server").mkdir()
        ports = {"HTTPS_PORT": str(https), kind: str(bus), "NATS_LISTEN": "127.0.0.1"}
        given = {"PUBLIC_URL": f"https://localhost:{https}", "CONVERTER_ENGINES": '["text"]', **ports, **settings}
        server = await stack.enter_async_context(installation(tmp_path / "server", [], **given))
        await server.start()
        remote = Remote(tmp_path / "remote")
        stack.push_async_callback(remote.close)
        made = Site(server, https, remote)
        invitation = await made.invited()
        await made.join(invitation, remote)
        remote.first = (remote.data / "keys" / f"{remote.sn}.creds").read_text()
        remote.start()
        out = await said(server.data, "token", "add", "--client", remote.sn, "--name", "test", "--json")
        made.token = json.loads(out)["token"]
        await until(lambda: remote.told("agent admitted"), what="the agent is admitted")
        await made.online()
        yield made, invitation


async def test_over_tls_it_prints_once_through_a_killed_server_and_is_put_out_when_it_is_disabled(tmp_path):
    async with site(tmp_path, "NATS_TLS_PORT") as (here, invitation):
        joined = json.loads((here.remote.data / "joined.json").read_text())
        assert joined["nats_url"].startswith("tls://localhost:")
        assert {path.stat().st_mode & 0o777 for path in (here.remote.data / "keys").iterdir()} == {0o600}

        sheet = await here.finished(await here.submit(LARGE))
        assert sheet.stat().st_size > INLINE_LIMIT

        task = await here.submit(LARGE)
        await here.server.kill()
        await here.server.start()
        await here.online()
        await here.finished(task)
        await here.finished(await here.submit("after the cut"))
        assert len(here.remote.papers()) == 3

        other = Remote(tmp_path / "other")
        assert "used already" in await here.join(invitation, other, code=1)
        shutil.copytree(here.remote.data / "keys", other.data / "keys", dirs_exist_ok=True)
        shutil.copy(here.remote.data / "joined.json", other.data)
        other.start()
        try:
            await until(lambda: other.told("Another process prints for the agent"), what="the second journal is refused")
        finally:
            await other.close()

        await said(here.server.data, "agent", "disable", here.remote.sn)
        await until(lambda: here.remote.told("bus closed by the server"), what="the disabled agent is put out")
        await said(here.server.data, "agent", "enable", here.remote.sn)
        await until(here.let_in, what="the server has heard of it, which takes a second")
        await here.online()
        await here.finished(await here.submit("welcome back"))
        assert len(here.remote.papers()) == 4


async def test_over_a_websocket_it_renews_its_credentials_and_prints_on(tmp_path):
    async with site(tmp_path, "NATS_WEBSOCKET_PORT", CREDENTIALS_LIFETIME="25") as (here, _invitation):
        assert json.loads((here.remote.data / "joined.json").read_text())["nats_url"].startswith("wss://localhost:")
        sheet = await here.finished(await here.submit(LARGE))
        assert sheet.stat().st_size > INLINE_LIMIT
        await until(lambda: here.remote.told("credentials renewed"), what="credentials are renewed")
        assert (here.remote.data / "keys" / f"{here.remote.sn}.creds").read_text() != here.remote.first
        await here.finished(await here.submit("with new credentials"))
        task = await here.submit(LARGE)
        await here.server.kill()
        await here.server.start()
        await here.finished(task)
        assert len(here.remote.papers()) == 3
