"""The embedded server's own end; what it does while it runs is in tests/integration."""

import os
import socket
from types import SimpleNamespace

import pytest

from services.embedded.server import Embedded, _free_port
from services.embedded.standstill import AlreadyRunning, take_lock


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


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_free_port_is_found_at_addresses_of_both_kinds(host):
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    assert _free_port(host)
