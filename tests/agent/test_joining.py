"""Joining a server that is not what it should be, and what lies in the data folder afterwards."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager

import pytest

from libs.contracts.agents import Enrolled
from libs.contracts.message import encode
from libs.runtime.authority import Authority
from libs.runtime.settings import read
from libs.runtime.trust import fingerprint
from services.agent import joining
from services.agent.joined import write_joined
from services.agent.joining import NotJoined
from services.agent.settings import AgentSettings

TOKEN = "x" * 43


class Server:
    """Answers every request with what it is told to, over TLS by an authority of its own."""

    def __init__(self, folder, answers):
        self.authority = Authority(folder / "authority")
        self.answers = answers
        self.asked = []

    @asynccontextmanager
    async def __call__(self):
        leaf = self.authority.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(leaf.certificate, leaf.key)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        async with server:
            yield f"https://localhost:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0)
        body = await reader.readexactly(length)
        path = head.split()[1]
        self.asked.append((path, body))
        status, answer = self.answers.get(path, (404, b"nothing"))
        writer.write(b"HTTP/1.1 %d x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status, len(answer), answer))
        await writer.drain()
        writer.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://192.0.2.1:39899", "must not travel unprotected"),
        ("print.example.org", "is no server's address"),
        ("https://", "is no server's address"),
    ],
)
async def test_an_address_that_will_not_do_is_refused_before_anything_is_sent(url, sentence):
    with pytest.raises(NotJoined, match=sentence):
        await joining.find(url)


@pytest.mark.parametrize("content", ["", "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"])
async def test_a_file_that_is_no_certificate_is_refused(tmp_path, content):
    (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(NotJoined, match="holds no certificate"):
        await joining.find("https://localhost:1", ca=tmp_path / "ca.pem")


async def test_a_server_that_nobody_vouches_for_is_told_of_with_what_to_do(tmp_path):
    server = Server(tmp_path, {"/enrol": (200, b"{}")})
    async with server() as url:
        with pytest.raises(NotJoined, match="give --fingerprint"):
            await joining.join(await joining.find(url), TOKEN, tmp_path / "data")
    assert server.asked == []  # the token never left


async def test_another_server_s_fingerprint_is_refused_and_the_token_stays_here(tmp_path):
    server = Server(tmp_path, {})
    server.answers["/webprinter-ca.pem"] = (200, server.authority.certificate().read_bytes())
    async with server() as url:
        with pytest.raises(NotJoined, match="not the server that is meant"):
            await joining.find(url, mark="ab" * 32)
        mark = fingerprint(server.authority.certificate())
        found = await joining.find(url, mark=":".join(mark[at : at + 2].upper() for at in range(0, 64, 2)))
        assert found.ca == server.authority.certificate().read_text()
    assert [path for path, _ in server.asked] == ["/webprinter-ca.pem"] * 2


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((403, b'{"message": "The enrolment token was used already."}'), "was used already"),
        ((404, b"nothing"), "answers 404 to an enrolment"),
        ((200, b"[]"), "something else than an enrolment"),
    ],
)
async def test_a_no_is_told_and_the_next_try_has_the_same_key(tmp_path, answer, sentence):
    server = Server(tmp_path, {"/enrol": answer})
    async with server() as url:
        found = await joining.find(url, ca=server.authority.certificate())
        for _ in range(2):
            with pytest.raises(NotJoined, match=sentence):
                await joining.join(found, TOKEN, tmp_path / "data")
    first, second = (json.loads(body) for _, body in server.asked)
    assert first == second
    assert not (tmp_path / "data" / "joined.json").exists()


async def test_an_answer_with_a_wicked_serial_number_writes_nothing(tmp_path):
    wicked = Enrolled(sn="../../etc", tenant="main", shard=0, region="local", jwt="x", urls=())
    server = Server(tmp_path, {"/enrol": (200, encode(wicked))})
    async with server() as url:
        with pytest.raises(NotJoined, match="something else than a serial number"):
            await joining.join(await joining.find(url, ca=server.authority.certificate()), TOKEN, tmp_path / "data")
    assert [path.name for path in (tmp_path / "data" / "keys").iterdir()] == ["joining.seed"]


async def test_a_server_s_own_folder_is_left_alone(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "operator.seed").write_text("secret")
    with pytest.raises(NotJoined, match="belongs to a server"):
        await joining.join(joining.Server("https://localhost:1", "localhost"), TOKEN, tmp_path)


def test_what_was_written_down_is_what_the_agent_starts_from_unless_the_environment_says_otherwise(tmp_path, monkeypatch):
    write_joined(tmp_path, sn="jueKiUEE", tenant="clinic", shard=3, region="eu", nats_url="tls://print.example.org:4223")
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(tmp_path))
    settings = read(AgentSettings)
    assert (settings.own_sn, settings.tenant, settings.shard, settings.region) == ("jueKiUEE", "clinic", 3, "eu")
    assert settings.nats_url == "tls://print.example.org:4223"
    monkeypatch.setenv("PRINTBUS_NATS_URL", "wss://print.example.org:4224")
    assert read(AgentSettings).nats_url == "wss://print.example.org:4224"
    (tmp_path / "joined.json").write_text("broken")
    assert read(AgentSettings).tenant == "main"


async def test_what_cannot_be_a_token_is_refused_before_anything_is_sent_or_written(tmp_path):
    for token in ("", "wrong"):
        with pytest.raises(NotJoined, match="no enrolment token"):
            await joining.join(joining.Server("https://localhost:9", "localhost"), token, tmp_path / "data")
    assert not (tmp_path / "data").exists()
