"""The embedded server's own end; what it does while it runs is in tests/integration."""

import asyncio
import os
import socket
from types import SimpleNamespace

import pytest

from libs.runtime.ending import end
from services.embedded import server as server_module
from services.embedded.server import Embedded, _free_port
from services.embedded.standstill import AlreadyRunning, take_lock
from tests.waiting import until


class Part:
    """A service, or nats-server: it writes down that it was stopped, and may fail then."""

    def __init__(self, name: str, stopped: list[str], error: Exception | None = None) -> None:
        self.name, self.grace, self._stopped, self._error = name, 0.0, stopped, error
        self.tracing = SimpleNamespace(close=lambda: stopped.append(f"spans of {name}"))

    async def stop(self) -> None:
        self._stopped.append(self.name)
        if self._error:
            raise self._error


async def test_a_service_that_does_not_stop_well_leaves_nothing_running_and_no_lock(tmp_path):
    stopped: list[str] = []
    server = Embedded(data_dir=tmp_path)
    server._lock = take_lock(tmp_path)
    server._server = Part("nats", stopped)  # type: ignore[assignment]
    server._services += [Part("registry", stopped), Part("spooler", stopped, OSError("the disk is full"))]  # type: ignore[list-item]
    with pytest.raises(AlreadyRunning):
        take_lock(tmp_path)
    with pytest.raises(OSError, match="the disk is full"):
        await server.stop()
    assert stopped == ["spooler", "spans of spooler", "registry", "spans of registry", "nats"]
    os.close(take_lock(tmp_path))


class Bus:
    """A nats-server that died, and whose disk is full for a while."""

    def __init__(self, full: int) -> None:
        self._full = full
        self.ended = True
        self.started = 0

    async def start(self) -> None:
        self.started += 1
        if self.started <= self._full:
            raise OSError(28, "No space left on device")
        self.ended = False

    async def over(self) -> None:
        if not self.ended:
            await asyncio.Event().wait()

    async def heed(self) -> bool:
        return False


async def test_a_bus_that_cannot_be_started_as_its_disk_is_full_is_started_when_there_is_room(tmp_path, monkeypatch):
    monkeypatch.setattr(server_module, "AGAIN", 0.0)
    bus = Bus(full=2)
    watching = asyncio.create_task(Embedded(data_dir=tmp_path)._watch_server(bus))  # type: ignore[arg-type]
    await until(lambda: not bus.ended)
    assert bus.started == 3
    await end(watching)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_free_port_is_found_at_addresses_of_both_kinds(host):
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    assert _free_port(host)
