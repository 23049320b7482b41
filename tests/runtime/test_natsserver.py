"""Our own nats-server: up, down, and up again where its clients look for it."""

import asyncio
import signal
from pathlib import Path

import nats
import pytest

from libs.runtime import children, natsserver
from libs.runtime.children import ChildRecord, started_at, wait_gone
from libs.runtime.keys import Keys
from libs.runtime.links import BadLink, Links, linked, make_link, read_link, write_link
from libs.runtime.natsserver import NatsServer, binary, configuration
from tests.bus import running_bus
from tests.postgres import free_port
from tests.runtime.messages import row, stored
from tests.waiting import until


@pytest.fixture
def keys(tmp_path) -> Keys:
    made = Keys(tmp_path / "keys")
    made.make("local")
    return made


async def test_it_listens_on_loopback_on_a_port_that_was_free_and_keeps_it(keys, tmp_path):
    server = NatsServer(keys, tmp_path / "nats")
    assert not server.pid
    await server.start()
    first = server.url
    assert first.startswith("nats://127.0.0.1:")
    assert not server.ended
    children.kill_group(server.pid)
    await until(lambda: server.ended)
    await server.start()
    assert server.url == first
    pid = server.pid
    await server.stop()
    assert wait_gone(pid, 5)
    assert not server.pid
    await server.stop()


async def test_it_takes_the_port_that_it_is_given(keys, tmp_path):
    port = free_port()
    server = NatsServer(keys, tmp_path / "nats", port=port)
    await server.start()
    assert server.url == f"nats://127.0.0.1:{port}"
    await server.stop()


async def test_one_that_cannot_start_says_where_its_log_is(keys, tmp_path):
    first = NatsServer(keys, tmp_path / "one")
    await first.start()
    second = NatsServer(keys, tmp_path / "two", port=int(first.url.rsplit(":", 1)[1]))
    with pytest.raises(RuntimeError, match=r"nats-server ended with code 1; its log is .*two/nats-server.log"):
        await second.start()
    assert "address already in use" in (tmp_path / "two" / "nats-server.log").read_text()
    await second.stop()
    await first.stop()


async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path):
    async with running_bus(tmp_path) as rig:
        bus = await rig.connect("admin")
        for number in range(20):
            await bus.publish_raw(row(number), stream="DEAD")
        children.kill_group(rig.server.pid, signal.SIGKILL)
        await until(lambda: rig.server.ended)
        await rig.server.start()
        again = await rig.connect("admin")
        assert await stored(again, "DEAD") == [row(number).data for number in range(20)]


async def test_its_process_is_recorded_for_whoever_starts_after_a_kill(keys, tmp_path):
    path = tmp_path / "children.json"
    server = NatsServer(keys, tmp_path / "nats", record=ChildRecord(path))
    await server.start()
    assert ChildRecord(path).clear() == 1
    await until(lambda: server.ended)
    assert not started_at(server.pid)
    await server.stop()


async def test_nobody_gets_in_without_credentials(keys, tmp_path):
    server = NatsServer(keys, tmp_path / "nats")
    await server.start()

    async def quiet(_error) -> None:
        return

    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await nats.connect(server.url, allow_reconnect=False, error_cb=quiet)
    await server.stop()


async def test_strangers_who_knock_do_not_fill_the_disk_with_its_log(keys, tmp_path, monkeypatch):
    monkeypatch.setattr(natsserver, "LOG_SIZE", 4096)
    server = NatsServer(keys, tmp_path / "nats")
    await server.start()
    port = int(server.url.rsplit(":", 1)[1])
    for _ in range(300):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT {}\r\n")
        await reader.read()
        writer.close()
    await server.stop()
    logs = list((tmp_path / "nats").glob("nats-server.log*"))
    assert any("authentication error" in each.read_text() for each in logs)
    assert sum(each.stat().st_size for each in logs) < 5 * 4096


def test_the_configuration_says_what_was_decided(keys, tmp_path):
    text = configuration(keys, tmp_path, name="printbus")
    for line in ("sync_interval: always", "default_max_consumers: -1", "max_msgs: 20000", "resolver { type: full"):
        assert line in text
    assert "seed" not in text.lower()
    assert "domain" not in text
    assert "leafnodes" not in text
    assert "server_name: printbus\n" in text


def link(keys, region, *addresses):
    return make_link(keys, region, ["eu", "us"], addresses)


def test_of_two_regions_that_listen_the_later_one_calls(keys, tmp_path):
    eu, us = link(keys, "eu", "eu.example:7422"), link(keys, "us", "us.example:7423")
    listening = configuration(keys, tmp_path, name="printbus", links=Links(keys, "eu", eu.addresses, (us,)))
    assert 'listen: "0.0.0.0:7422"' in listening
    assert "domain: eu" in listening
    assert "remotes" not in listening
    calling = configuration(keys, tmp_path, name="printbus", links=Links(keys, "us", us.addresses, (eu,)))
    assert 'urls: ["tls://eu.example:7422"]' in calling
    assert 'listen: "0.0.0.0:7423"' in calling
    assert ("server_name: printbus-eu\n" in listening, "server_name: printbus-us\n" in calling) == (True, True)
    silent = configuration(keys, tmp_path, name="printbus", links=Links(keys, "eu", (), (us,)))
    assert 'urls: ["tls://us.example:7423"]' in silent, "who does not listen calls whoever does"


def test_a_link_file_is_read_as_it_was_written_by_its_owner_only(keys, tmp_path):
    made = link(keys, "eu", "eu.example:7422")
    write_link(made, tmp_path / "eu.link")
    assert read_link(tmp_path / "eu.link") == made
    assert (tmp_path / "eu.link").stat().st_mode & 0o077 == 0
    (tmp_path / "no.link").write_text("[]")
    for file in ("no.link", "none.link"):
        with pytest.raises(BadLink, match=file):
            read_link(tmp_path / file)
    with pytest.raises(BadLink, match="same region"):
        linked([tmp_path / "eu.link", tmp_path / "eu.link"])


def test_the_pinned_server_is_the_one_that_is_started():
    assert binary().endswith("/.venv/bin/nats-server")


async def test_one_whose_disk_was_full_is_started_again_when_there_is_room(keys, tmp_path, monkeypatch):
    left = [0]
    monkeypatch.setattr("libs.runtime.natsserver.free", lambda _folder: left[0])
    server = NatsServer(keys, tmp_path / "nats")
    await server.start()
    await server.heed()
    left[0] = 1024 * 1024
    await server.heed()
    assert not server.ended, "there is not enough room yet"
    left[0] = 1 << 30
    await server.heed()
    await until(lambda: server.ended)
    await server.start()
    await server.heed()
    assert not server.ended
    await server.stop()


async def test_it_is_not_told_the_settings_of_the_services(keys, tmp_path, monkeypatch):
    monkeypatch.setenv("PRINTBUS_CALLBACK_SECRET", "canary")
    server = NatsServer(keys, tmp_path / "nats")
    await server.start()
    told = Path(f"/proc/{server._child.pid}/environ")
    try:
        assert b"canary" not in await asyncio.to_thread(told.read_bytes)
    finally:
        await server.stop()
