"""What docs/operations.md says beside its blocks: services with PostgreSQL, a copied disk, all keys of the bus, a lost site."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.faults.rig.cluster import Cluster, cluster
from tests.integration.installation import ROOT, Installation, installation
from tests.integration.processes import SERVICES, processes
from tests.integration.test_remote_agent import Remote, said, site
from tests.operations.sink import Sink
from tests.postgres import program
from tests.waiting import until

pytestmark = pytest.mark.long

SETTINGS = {"CONVERTER_ENGINES": '["text", "raw"]', "FINISH_GRACE": "0"}


def verb(server: Installation, *words: str, code: int = 0, **settings: str) -> str:
    """What a verb writes, or why it refuses."""
    argv = [sys.executable, "-m", "services", *words]
    done = subprocess.run(
        argv, env=server.environment(**settings), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, (done.stdout, done.stderr, server.tail())
    return done.stderr if code else done.stdout


async def label(server: Installation, words: str) -> str:
    return await server.submit("Label", media_format="ZPL", content=f"^XA^FD{words}^FS^XZ", name=words)


async def open_ones(server: Installation) -> list[str]:
    """Three labels in a line that is paused."""
    await server.call("pauseDevice", deviceName="Label")
    return [await label(server, words) for words in ("one", "two", "three")]


async def printed(server: Installation, sink: Sink, tasks: list[str]) -> None:
    await server.call("resumeDevice", deviceName="Label")
    await server.all_reach(tasks, "FINISHED")
    assert [sink.count(f"^FD{words}^FS") for words in ("one", "two", "three")] == [1, 1, 1]


async def nothing_came_twice(server: Installation, sink: Sink, tasks: list[str], **settings: str) -> None:
    """The tasks wait for somebody, and a label behind them has been printed; the line is paused as it was at the time."""
    await server.device("Label")
    await server.call("resumeDevice", deviceName="Label")
    assert {(await server.statuses())[task] for task in tasks} == {"PARTIAL_PRINTED"}
    await server.reaches(await label(server, "behind them"), "FINISHED")
    assert [sink.count(f"^FD{words}^FS") for words in ("one", "two", "three", "behind them")] == [1, 1, 1, 1]
    verb(server, "unknown", "reprint", tasks[0], **settings)
    verb(server, "unknown", "printed", *tasks[1:], **settings)
    await server.all_reach(tasks, "FINISHED")
    assert [sink.count(f"^FD{words}^FS") for words in ("one", "two", "three")] == [2, 1, 1]


@pytest.fixture
def label_printer():
    with Sink() as sink:
        yield sink


@pytest.fixture
def second_database(postgres_url):
    url, _, name = postgres_url.rpartition("/")
    at = ["-h", "127.0.0.1", "-p", url.rpartition(":")[2], "-U", "postgres"]
    subprocess.run([program("createdb"), *at, f"{name}_2"], check=True, timeout=60)
    yield f"{url}/{name}_2"
    subprocess.run([program("dropdb"), *at, "--force", f"{name}_2"], check=True, timeout=60)


@pytest.mark.timeout(300)
async def test_services_with_postgresql_come_back_on_another_bus_and_another_database(
    tmp_path, label_printer, postgres_url, second_database
):
    printers = [f"socket://127.0.0.1:{label_printer.port}?name=Label"]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with (
        installation(tmp_path / "one", printers, DATABASE_URL=postgres_url, **SETTINGS) as server,
        processes(server) as running,
    ):
        for service in SERVICES:
            running.start(service)
        await server.ready(120)
        await server.device("Label")
        tasks = await open_ones(server)
        out = verb(server, "backup", str(tmp_path / "copy"), NATS_URL=running.url)
        assert "is a backup of local" in out
        await printed(server, label_printer, tasks)
    async with installation(tmp_path / "two", printers, DATABASE_URL=second_database, **SETTINGS) as server:
        server.data.mkdir()
        shutil.copytree(tmp_path / "copy" / "keys", server.data / "keys")
        for name in ("sn", "token"):
            shutil.copy(tmp_path / "copy" / name, server.data)
        async with processes(server) as running:
            assert ": 3 tasks" in verb(server, "restore", str(tmp_path / "copy"), NATS_URL=running.url)
            for service in SERVICES:
                running.start(service)
            await server.ready(120)
            await nothing_came_twice(server, label_printer, tasks, NATS_URL=running.url)
            assert "A spooler of the region local runs" in verb(server, "restore", code=1, NATS_URL=running.url)


@pytest.mark.timeout(300)
async def test_a_cluster_of_three_servers_comes_back_as_one_of_three(tmp_path, label_printer):
    printers = [f"socket://127.0.0.1:{label_printer.port}?name=Label"]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with installation(tmp_path / "one", printers, **SETTINGS) as server, cluster(server) as bus:
        await server.start(NATS_URL=bus.url)
        await server.device("Label")
        tasks = await open_ones(server)
        verb(server, "backup", str(tmp_path / "copy"), NATS_URL=bus.url)
        await printed(server, label_printer, tasks)
        await server.kill()
    async with installation(tmp_path / "two", printers, **SETTINGS) as server:
        server.data.mkdir()
        shutil.copytree(tmp_path / "copy" / "keys", server.data / "keys")
        for name in ("sn", "token"):
            shutil.copy(tmp_path / "copy" / name, server.data)
        async with cluster(server) as bus:
            settings = {**bus.settings, "NATS_URL": bus.url}
            assert ": 3 tasks" in verb(server, "restore", str(tmp_path / "copy"), **settings)
            verb(server, "provision", **settings)
            await until(lambda: on_three(bus), 60, "all of it is on three servers", every=0.5)
            await bus.kill(0)
            await server.start(**settings)
            await nothing_came_twice(server, label_printer, tasks, **settings)


async def on_three(bus: Cluster) -> bool:
    """Whether all streams and consumers are kept by three servers, each of which has all of it."""
    admin = await bus.admin()
    try:
        streams = await admin.js.streams_info()
        consumers = [each for info in streams for each in await admin.js.consumers_info(str(info.config.name))]
    finally:
        await admin.close()
    assert {info.config.num_replicas for info in streams} == {3}
    found = [*streams, *consumers]
    peers = [peer for info in found for peer in (info.cluster.replicas or [] if info.cluster else [])]
    return len(peers) == 2 * len(found) and all(peer.current for peer in peers)


@pytest.mark.timeout(240)
async def test_a_disk_that_was_brought_back_is_marked_before_the_start(tmp_path, label_printer):
    async with installation(tmp_path, [f"socket://127.0.0.1:{label_printer.port}?name=Label"], **SETTINGS) as server:
        await server.start()
        await server.device("Label")
        tasks = await open_ones(server)
        await server.kill()
        shutil.copytree(server.data, tmp_path / "snapshot")
        await server.start()
        await printed(server, label_printer, tasks)
        await server.stop()
        server.data.rename(tmp_path / "lost")
        (tmp_path / "snapshot").rename(server.data)
        assert "is put aside" in verb(server, "restore")
        await server.start()
        await nothing_came_twice(server, label_printer, tasks)


@pytest.mark.timeout(240)
async def test_a_backup_of_what_stands_still_comes_back_beside_a_journal_that_was_not_lost(tmp_path, label_printer):
    async with installation(tmp_path, [f"socket://127.0.0.1:{label_printer.port}?name=Label"], **SETTINGS) as server:
        await server.start()
        await server.device("Label")
        tasks = await open_ones(server)
        await server.stop()
        verb(server, "backup", str(tmp_path / "copy"))
        await server.start()
        await printed(server, label_printer, tasks)
        await server.kill()
        server.data.rename(tmp_path / "lost")
        verb(server, "restore", str(tmp_path / "copy"))
        shutil.move(tmp_path / "lost" / "agent", server.data / "agent")
        await server.start()
        await nothing_came_twice(server, label_printer, tasks)


@pytest.mark.timeout(240)
async def test_a_bus_whose_keys_are_all_new_goes_on(tmp_path, label_printer):
    async with installation(tmp_path, [f"socket://127.0.0.1:{label_printer.port}?name=Label"], **SETTINGS) as server:
        await server.start()
        await server.device("Label")
        await server.reaches(await label(server, "before"), "FINISHED")
        await server.stop()
        keys = server.data / "keys"
        for path in (*keys.glob("*.seed"), *keys.glob("*.creds"), keys / "operator.jwt"):
            path.unlink()
        (server.data / "nats").rename(server.data / "nats.old")
        await server.start()
        await server.device("Label")
        await server.reaches(await label(server, "after"), "FINISHED")
        assert [label_printer.count(words) for words in ("before", "after")] == [1, 1]
        assert json.loads(verb(server, "ledger", "--json"))["mismatches"] == 0


@pytest.mark.timeout(240)
async def test_a_site_that_burnt_down_is_another_machine_with_its_number(tmp_path):
    async with site(tmp_path, "NATS_TLS_PORT") as (here, _):
        await here.finished(await here.submit("before"))
        await here.remote.close()
        task = await here.submit("while it burns")
        shutil.rmtree(here.remote.data)
        agents = json.loads(await said(here.server.data, "agent", "list", "--json"))
        (lost,) = [each["sn"] for each in agents if each["sn"] != here.server.sn]
        out = await said(here.server.data, "agent", "invite", "--tenant", "main", "--sn", lost, "--json", **here.settings)
        here.remote = other = Remote(tmp_path / "other")
        await here.join(json.loads(out), other)
        assert other.sn == lost
        other.start()
        try:
            await here.finished(task)
        finally:
            await other.close()
