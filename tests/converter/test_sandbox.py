"""The seal: what a sealed process can see, do and reach, and that it dies with us."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.converter import sandbox, seal
from services.converter.sandbox import Sandbox
from services.converter.seal import Spec
from tests.converter.servers import serving
from tests.waiting import until

SYSTEM_PYTHON = "/usr/bin/python3"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give processes users of their own")


def sealed(box: Sandbox, folder: Path, script: str) -> str:
    command = [*sandbox.prefix(box.spec(folder)), SYSTEM_PYTHON, "-I", "-c", script]
    done = subprocess.run(
        command, env=dict(box.environment(folder)), capture_output=True, text=True, timeout=30, start_new_session=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def box(tmp_path):
    return Sandbox(tmp_path / "engines", [tmp_path / "data"])


def test_an_engine_has_a_user_of_its_own_and_cannot_become_more(box):
    script = "import os; print(os.getuid(), os.getgroups(), [l for l in open('/proc/self/status') if l.startswith('NoNewPrivs')])"
    first, second = (sealed(box, box.folder("x"), script) for _ in range(2))
    assert "NoNewPrivs:\\t1" in first
    if sandbox.level().user == "own":
        assert first.split()[0] != second.split()[0]
        assert int(first.split()[0]) >= seal.FIRST_USER


def test_an_engine_sees_no_environment_but_its_own(box, monkeypatch):
    monkeypatch.setenv("CANARY", "secret")
    assert "CANARY" not in sealed(box, box.folder("x"), "import os; print(dict(os.environ))")


async def test_an_engine_has_no_network(box):
    async with serving({"/": b"x"}) as server:
        script = f"""
import socket
for address in (("127.0.0.1", {server.port}), ("1.1.1.1", 53)):
    try:
        socket.create_connection(address, 2); print("reached")
    except OSError as error:
        print("no")"""
        assert await asyncio.to_thread(sealed, box, box.folder("x"), script) == "no\nno"
    assert server.seen == []


def test_an_engine_sees_its_own_folder_as_tmp_and_nobody_elses(box, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "secret").write_text("secret")
    other = box.folder("other")
    (other / "document").write_text("secret")
    script = f"""
import os
print(os.listdir("/tmp"), os.path.exists({str(data / "secret")!r}), os.path.exists({str(other / "document")!r}))
print(os.listdir("/root"), os.listdir("/home"), os.listdir("/var/lib"), os.listdir("/var/log"))
open("/tmp/mine", "w").write("x")"""
    folder = box.folder("x")
    assert sealed(box, folder, script) == "[] False False\n[] [] [] []"
    assert (folder / "mine").read_text() == "x"


def test_an_engine_sees_no_process_but_its_own(box):
    assert len(sealed(box, box.folder("x"), "import os; print(*[p for p in os.listdir('/proc') if p.isdigit()])").split()) == 1


@needs_root
async def test_all_that_an_engine_started_dies_with_its_first_process(box):
    script = """
import os, time
if os.fork() == 0: os.setsid()
if os.fork() == 0: os.setsid()
print(os.getpid(), flush=True)
time.sleep(100)"""
    folder = box.folder("x")
    command = [*sandbox.prefix(box.spec(folder)), SYSTEM_PYTHON, "-I", "-c", script]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, start_new_session=True)
    for _ in range(4):
        await process.stdout.readline()
    assert len(within(folder)) >= 4
    await sandbox.end(process, folder)
    await until(lambda: not within(folder), what="all are gone")
    assert not folder.exists()


@needs_root
async def test_an_engine_dies_with_the_process_that_started_it(box):
    folder = box.folder("x")
    script = f"""
import subprocess, sys, time
from pathlib import Path
from services.converter.sandbox import Sandbox, prefix
box = Sandbox(Path({str(folder.parent)!r}))
child = subprocess.Popen([*prefix(box.spec(Path({str(folder)!r}))), "/bin/sleep", "100"], start_new_session=True)
print("started", flush=True)
time.sleep(100)"""
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    while b"started" not in await starter.stdout.readline():
        assert starter.returncode is None
    await until(lambda: len(within(folder)) >= 2, what="it runs")
    starter.kill()
    await starter.wait()
    await until(lambda: not within(folder), what="it died too")


def within(folder: Path) -> list[int]:
    """The processes that belong to an engine's folder: by command line, or by what they have as /tmp."""
    inode = folder.stat().st_ino if folder.exists() else 0
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (path / "cmdline").read_bytes() or os.stat(f"{path}/root/tmp").st_ino == inode:  # noqa: PTH116
                found.append(int(path.name))
        except OSError:
            continue
    return found


@needs_root
def test_without_root_a_user_namespace_seals_as_well(tmp_path):
    nobody = ["setpriv", f"--reuid={seal.NOBODY}", f"--regid={seal.NOBODY}", "--clear-groups"]
    if subprocess.run([*nobody, "unshare", "--user", "true"], capture_output=True, check=False).returncode:
        pytest.skip("here only root makes user namespaces: inside a chroot, or by the machine's own rule")
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (folder, *(parent for parent in folder.parents if parent.stat().st_mode & 0o055 != 0o055)):
        path.chmod(0o755)
    os.chown(folder, seal.NOBODY, seal.NOBODY)
    program = tmp_path / "seal.py"
    program.write_text(Path(seal.__file__).read_text())
    spec = Spec(parent=0, folder=str(folder), user="same", namespaces=("user", "net", "mount", "pid"), hidden=("/home",))
    script = "import os; print(os.getuid(), os.listdir('/tmp'), len([p for p in os.listdir('/proc') if p.isdigit()]))"
    command = [*nobody, SYSTEM_PYTHON, "-I", program, spec.to_json()]
    done = subprocess.run(
        [*command, "--", SYSTEM_PYTHON, "-I", "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.split() == [str(seal.NOBODY), "[]", "1"], done.stderr


def test_folders_of_dead_processes_are_cleared_and_of_living_ones_kept(box):
    box.root.mkdir(parents=True)
    (box.root / "worker-999999999-1").mkdir()
    (box.root / "chromium-999999999-1.sh").write_text("")
    living = box.root / f"worker-{os.getppid()}-1"
    living.mkdir()
    box.clear()
    assert list(box.root.iterdir()) == [living]
