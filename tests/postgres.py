"""A real PostgreSQL for the tests: one cluster per test process on a free port, one empty database per test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from libs.runtime import children

#: The settings of a cluster that lives as long as a test run: nothing needs to survive it.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


def program(name: str) -> str:
    """The newest of Debian's PostgreSQL programs of this name."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    assert found, "PostgreSQL is missing: apt-get install postgresql"
    return str(found[-1])


def unprivileged(*more: str) -> list[str]:
    """What stands before a server command: PostgreSQL refuses root. `--pdeathsig` because a change of user clears ours."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *more, "--"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_ready(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server takes connections, at most half a minute."""
    ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + 30
    while subprocess.run(ready, check=False, timeout=10).returncode != 0:
        assert child.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"PostgreSQL did not come up within 30 s: {log.read_text()}"
        time.sleep(0.05)  # between two looks


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[int]:
    """A cluster for this test process; its port on 127.0.0.1, user `postgres`, no password."""
    folder = Path(tempfile.mkdtemp(prefix="printbus-postgres-"))
    port = free_port()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        init = [program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([*unprivileged(), *init], check=True, capture_output=True, cwd=folder, timeout=120)
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        server = [program("postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), *options]
        with (folder / "log").open("wb") as log:
            child = children.start([*unprivileged("--pdeathsig", "QUIT"), *server], stdout=log, stderr=log, cwd=folder)
        try:
            until_ready(child, port, folder / "log")
            yield port
        finally:
            children.stop(child, 10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_cluster: int) -> Iterator[str]:
    """An empty database of the cluster, as the setting DATABASE_URL wants it."""
    name = f"test_{uuid4().hex[:12]}"
    at = ["-h", "127.0.0.1", "-p", str(postgres_cluster), "-U", "postgres"]
    subprocess.run([program("createdb"), *at, name], check=True, capture_output=True, timeout=60)
    yield f"postgresql://postgres@127.0.0.1:{postgres_cluster}/{name}"
    subprocess.run([program("dropdb"), *at, "--force", name], check=True, capture_output=True, timeout=60)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """DATABASE_URL, once empty (SQLite in the data folder) and once of a real PostgreSQL: a store's tests run on both."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
