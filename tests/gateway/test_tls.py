"""The same over HTTPS: whoever trusts this machine's authority believes the server, on pages and on sockets."""

import json
import ssl

import httpx
from websockets.asyncio.client import connect

from tests.gateway.webapi.rig import SHOP, doors
from tests.postgres import free_port


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
