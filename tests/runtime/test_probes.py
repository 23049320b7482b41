"""Probes and metrics over HTTP."""

import asyncio
import socket

import httpx
import pytest
from prometheus_client import Counter

from libs.runtime import probes
from libs.runtime.probes import http_server, probe_server
from libs.runtime.service import Service
from libs.runtime.traces import Tracing


async def get(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


@pytest.fixture
def services() -> list[Service]:
    return [Service(name, Tracing(name)) for name in ("spooler", "agent")]


async def test_ready_is_when_nothing_keeps_any_service_from_it(services):
    said = {"lease": "it is not known who holds the lease"}

    async def lease() -> str:
        return said["lease"]

    services[0].check("lease", lease)
    async with probe_server(services, 0) as port:
        answer = await get(port, "/readyz")
        assert (answer.status_code, answer.json()) == (503, {"ready": False, "problems": {"spooler": said}})
        said["lease"] = ""
        answer = await get(port, "/readyz")
        assert (answer.status_code, answer.json()) == (200, {"ready": True, "problems": {}})


async def test_alive_is_whoever_answers(services):
    async with probe_server(services, 0) as port:
        answer = await get(port, "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_metrics_are_those_of_all_services(services):
    for service in services:
        Counter(f"{service.name}_things", "Things", registry=service.metrics).inc(3)
    async with probe_server(services, 0) as port:
        answer = await get(port, "/metrics")
    assert "spooler_things_total 3.0" in answer.text
    assert "agent_things_total 3.0" in answer.text


async def test_an_address_that_is_taken_is_an_error_and_not_the_end_of_the_process():
    async def app(_scope, _receive, _send) -> None:
        raise AssertionError("nobody asks")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="Address already in use"):
            async with http_server(app, "127.0.0.1", taken.getsockname()[1]):
                pass
    with pytest.raises(OSError, match="Cannot assign"):
        async with http_server(app, "192.0.2.1", 0):
            pass


async def test_the_port_is_free_again_after_the_block(services):
    async with probe_server(services, 0) as port:
        pass
    async with probe_server(services, port) as again:
        assert again == port
        assert (await get(again, "/healthz")).status_code == 200


async def test_a_line_is_left_to_its_client_to_close(services, monkeypatch):
    assert probes.KEPT > 60, "nginx and cloud load balancers keep a line for a minute, and send on it until then"
    monkeypatch.setattr(probes, "KEPT", 1)
    async with probe_server(services, 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 10)  # to its end: nobody asks any more
        finally:
            writer.close()
        assert answer.startswith(b"HTTP/1.1 200")
