"""Fetching over the network: an issuer with a certificate of an authority of its own, and one that nobody vouches for."""

import asyncio
import json
import ssl

import httpx
import pytest

from libs.runtime.authority import Authority
from services.gateway.oidc.fetching import Source
from services.gateway.oidc.refusal import NoKeys
from services.gateway.oidc.trusted import TrustedIssuer
from tests.gateway.oidc.issuing import RSA, published


async def test_an_issuer_of_ones_own_network_is_trusted_by_its_authority(tmp_path):
    leaf = Authority(tmp_path).leaf()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)

    async def answer(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        here = f"https://{head.partition('Host: ')[2].partition(chr(13))[0]}"
        told = {"issuer": here, "jwks_uri": f"{here}/keys"} if "openid-configuration" in head else {"keys": published(RSA)}
        body = json.dumps(told).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        here = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        def source(**more):
            return Source(TrustedIssuer(issuer=here, audiences="x", tenant="main", **more), here)

        keys, _ = await source(ca_file=tmp_path / "ca.pem").keys()
        assert [key["kid"] for key in keys] == ["rsa-1"]
        with pytest.raises(NoKeys, match="cannot be asked: ConnectError"):
            await source().keys()
        with pytest.raises(NoKeys, match="ca_file of"):
            await source(ca_file=tmp_path / "missing.pem").keys()
    with pytest.raises(NoKeys, match="cannot be asked"):
        await source(ca_file=tmp_path / "ca.pem").keys()


async def test_an_issuer_that_answers_byte_by_byte_is_not_waited_for_for_ever(monkeypatch):
    async def never(_request):
        await asyncio.Event().wait()

    monkeypatch.setattr("services.gateway.oidc.fetching.WITHIN", 0.01)
    trusted = TrustedIssuer(issuer="https://login.example", audiences="x", tenant="main")
    with pytest.raises(NoKeys, match="takes longer than"):
        await Source(trusted, trusted.issuer, httpx.MockTransport(never)).keys()
