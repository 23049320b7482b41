"""A nats-server that is too old for us is told as that: where it is started, provisioned, examined and connected to."""

import pytest
from structlog.testing import capture_logs

from libs.runtime import natsserver, versions
from libs.runtime.bus import connect
from libs.runtime.keys import ADMIN, SYSTEM, Keys
from libs.runtime.natsserver import NatsServer
from libs.runtime.settings import SettingsError
from libs.runtime.versions import too_old
from services.doctor import examination
from services.doctor.finding import Level
from services.embedded.provision import make_streams
from services.registry.settings import RegistrySettings


def test_only_what_is_older_is_too_old():
    for good in ("2.15.1", "2.15.2-RC.1", "2.16.0", "3.0.0", "", "a build of ours"):
        assert not too_old("bus-1", good), good
    for bad in ("2.15.0", "2.14.6", "2.9.10", "v2.12.1"):
        assert too_old("bus-1", bad).startswith(f"bus-1 is nats-server {bad.removeprefix('v')}, which is too old"), bad


async def test_one_that_is_too_old_for_its_configuration_says_so_instead_of_its_exit_code_alone(tmp_path, monkeypatch):
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'nats-server: v2.9.10'\nexit 1\n")
    old.chmod(0o700)
    monkeypatch.setattr(natsserver, "binary", lambda: str(old))
    Keys(tmp_path / "keys").make("local")
    with pytest.raises(
        RuntimeError, match=r"ended with code 1; its log is .* is nats-server 2\.9\.10.* relies on 2\.15\.1 or newer"
    ):
        await NatsServer(Keys(tmp_path / "keys"), tmp_path / "nats").start()


async def test_on_a_bus_that_is_too_old_nothing_is_made_and_everybody_says_why(tmp_path, monkeypatch):
    keys = Keys(tmp_path / "keys")
    keys.make("local")
    server = NatsServer(keys, tmp_path / "nats")
    await server.start()
    monkeypatch.setattr(versions, "OLDEST", (99, 0, 0))
    settings = RegistrySettings(data_dir=tmp_path, nats_url=server.url)
    try:
        with capture_logs() as told, pytest.raises(SettingsError, match=r"PRINTBUS_NATS_URL.*printbus is nats-server 2.*99\.0\.0"):
            await make_streams(server.url, keys, settings, "")
        assert [each for each in told if each["event"] == "bus is too old"]
        system = await connect(server.url, SYSTEM, keys.path(f"{SYSTEM}.creds"))
        found = [each async for each in examination.synced(system)]
        await system.close()
        assert [each.says for each in found if each.level is Level.BAD] == [too_old("printbus", version(system))]
        admin = await connect(server.url, ADMIN, keys.path(f"{ADMIN}.creds"))
        assert (await admin.js.account_info()).streams == 0
        await admin.close()
    finally:
        await server.stop()


def version(bus):
    return bus.client._server_info["version"]
