"""The same over HTTPS: whoever trusts this machine's authority believes the server, on pages and on sockets."""

import asyncio
import json
import socket
import ssl

import httpx
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from libs.runtime.ending import end
from libs.runtime.probes import Manner
from libs.runtime.service import Service
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.gateway import tls
from services.gateway.app import _secure as secure
from services.gateway.settings import GatewaySettings
from services.gateway.tls import Certificate
from tests.gateway.webapi.rig import SHOP, doors
from tests.postgres import free_port
from tests.waiting import until


async def test_a_client_that_trusts_the_authority_speaks_over_tls(tmp_path):
    port = free_port()
    async with doors(tmp_path, https_port=port, http_names=("localhost.localdomain",)) as server:
        answer = await server.client.get("/webprinter-ca.pem")
        assert answer.text.count("BEGIN CERTIFICATE") == 1
        assert "PRIVATE" not in answer.text
        (tmp_path / "trusted.pem").write_text(answer.text)
        trust = ssl.create_default_context(cafile=tmp_path / "trusted.pem")
        async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
            assert (await client.get(f"https://localhost:{port}/readyz")).json() == {"ready": True, "problems": {}}
        own = f"https://127.0.0.1:{port}"
        for origin in (SHOP, own):
            async with connect(
                f"wss://127.0.0.1:{port}/webapi", origin=origin, ssl=trust, subprotocols=["webprinter.v1"]
            ) as socket:
                assert json.loads(await socket.recv())["command"] == "HELLO"


async def test_without_https_there_is_no_certificate(tmp_path):
    async with doors(tmp_path) as server:
        answer = await server.client.get("/webprinter-ca.pem")
        assert answer.status_code == 404
        assert "PRINTBUS_HTTPS_PORT" in answer.text


async def test_a_renewed_certificate_is_used_for_new_connections_without_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(tls, "LOOK", 0.05)
    certificate = Certificate(tmp_path, ["print.example.org:8443"])
    context = await certificate.context()
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    renewing = asyncio.create_task(certificate.renew())
    try:
        port = server.sockets[0].getsockname()[1]
        first = await shown(port, tmp_path / "ca.pem")
        (tmp_path / "https.pem").unlink()

        async def another():
            return await shown(port, tmp_path / "ca.pem") != first

        await until(another)
    finally:
        await end(renewing)
        server.close()


async def shown(port, ca):
    """The certificate that the server shows to whoever trusts the authority and calls it by its configured name."""
    trust = ssl.create_default_context(cafile=ca)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="print.example.org")
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


async def test_a_default_port_that_is_taken_stops_nobody_and_one_that_was_asked_for_does(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = read(GatewaySettings, data_dir=tmp_path, sn="jueKiUEE")
        service = Service("gateway", Tracing("gateway"), 1)
        given = settings.model_copy(update={"https_port": port})
        assert "https_port" in given.model_fields_set
        with pytest.raises(OSError, match="ddress already in use"):
            await secure(service, Starlette(), given, Manner())
        default = settings.model_construct(**{**settings.model_dump(), "https_port": port}, _fields_set=set())
        await secure(service, Starlette(), default, Manner())
        await service.stop()
