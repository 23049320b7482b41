"""Agents outside: TLS and WebSocket, credentials by template, expiry and revocation, on a real server."""

import asyncio
import ssl
import time
from contextlib import asynccontextmanager

import nkeys
import pytest

from libs.contracts.permissions import agent_permissions
from libs.contracts.streams import PRINT, agent_consumer
from libs.runtime import admin, bus, natsserver
from libs.runtime.authority import Authority
from libs.runtime.bus import Unanswered, connect
from libs.runtime.claims import NotTold, tell_claims
from libs.runtime.closing import arrived
from libs.runtime.credentials import credentials_file, load_key, make_key, scoped_jwt, write_secret
from libs.runtime.keys import ADMIN, AGENT_NAME, AGENT_TENANT, AGENTS_SIGNER, Keys
from libs.runtime.natsserver import NatsServer, Outside
from libs.runtime.trust import bus_options
from tests.agent.orders import free_port
from tests.waiting import until

AGENT, OTHER = "agentAAA", "agentBBB"


def enrolled(keys: Keys, agent: str, tenant: str = "main", seconds: int = 3600):
    """Credentials as a registry signs them; the file and the public key."""
    pair = make_key(nkeys.PREFIX_BYTE_USER)
    return renew(keys, agent, pair, tenant, seconds), pair


def renew(keys: Keys, agent: str, pair, tenant: str = "main", seconds: int = 3600):
    signer = load_key(keys.path(AGENTS_SIGNER).read_bytes())
    account = load_key(keys.path("account.seed").read_bytes()).public
    jwt = scoped_jwt(agent, pair.public, account, signer, tags={"tenant": tenant}, expires=int(time.time()) + seconds)
    path = keys.path(f"{agent}.creds")
    write_secret(path, credentials_file(jwt, pair))
    return path


@asynccontextmanager
async def listening(folder, **ports):
    keys = Keys(folder / "keys")
    keys.make("local")
    server = NatsServer(keys, folder / "nats", outside=Outside("127.0.0.1", **ports))
    await server.start()
    try:
        chief = await connect(server.url, ADMIN, keys.path(f"{ADMIN}.creds"))
        await admin.provision(chief, "local")
        for agent in (AGENT, OTHER):
            await admin.ensure_consumer(chief.js, agent_consumer("local", 0, "main", agent))
        yield server, keys, chief
        await chief.close()
    finally:
        await server.stop()


async def test_everybody_speaks_tls_where_there_is_a_port_for_it(tmp_path):
    port = await free_port()
    async with listening(tmp_path, tls_port=port) as (server, keys, _chief):
        assert server.url == f"tls://127.0.0.1:{port}"
        path, _ = enrolled(keys, AGENT)
        agent = await connect(f"tls://localhost:{port}", AGENT, path)
        assert agent.connected
        await agent.close()
        with pytest.raises(Unanswered):
            await connect(f"nats://127.0.0.1:{port}", AGENT, path, within=3)
        keys.path("elsewhere").mkdir()
        strange = keys.path("elsewhere") / "a.creds"
        strange.write_bytes(path.read_bytes())
        write_secret(strange.with_name("ca.pem"), Authority(tmp_path / "other").certificate().read_bytes())
        with pytest.raises(Unanswered, match="CERTIFICATE_VERIFY_FAILED"):
            await connect(server.url, AGENT, strange, within=3)


async def test_a_websocket_carries_the_bus_while_this_machine_stays_without_tls(tmp_path):
    port = await free_port()
    async with listening(tmp_path, websocket_port=port) as (server, keys, chief):
        assert server.url.startswith("nats://127.0.0.1:")
        path, _ = enrolled(keys, AGENT)
        agent = await connect(f"wss://localhost:{port}", AGENT, path)
        heard = []

        async def hear(message) -> None:
            heard.append(message.data)

        await agent.client.subscribe(f"_INBOX.{AGENT}.x", cb=hear)
        await arrived(agent.client)
        await chief.client.publish(f"_INBOX.{AGENT}.x", b"y" * 300_000)
        await until(lambda: heard == [b"y" * 300_000])
        await server.stop()
        await server.start()
        await until(lambda: agent.connected)
        await agent.close()


async def test_the_template_gives_an_agent_exactly_what_the_matrix_says(tmp_path):
    template = agent_permissions("local", 0, AGENT_TENANT, AGENT_NAME)
    filled = agent_permissions("local", 0, "main", AGENT)
    replaced = [
        tuple(each.replace(AGENT_NAME, AGENT).replace(AGENT_TENANT, "main") for each in part)
        for part in (template.publish, template.subscribe)
    ]
    assert replaced == [filled.publish, filled.subscribe]
    assert not template.answers
    async with listening(tmp_path, websocket_port=await free_port()) as (server, keys, _chief):
        path, _ = enrolled(keys, AGENT)
        agent = await connect(server.url, AGENT, path)
        denied = []

        async def erred(error) -> None:
            denied.append(str(error))

        agent.client._error_cb = erred
        assert (await agent.js.consumer_info(PRINT, f"agent_{AGENT}")).name == f"agent_{AGENT}"
        more = [
            f"$JS.API.CONSUMER.MSG.NEXT.{PRINT}.agent_{OTHER}",
            f"$JS.API.CONSUMER.INFO.{PRINT}.agent_{OTHER}",
            f"$JS.API.CONSUMER.CREATE.{PRINT}.mine",
            f"$JS.API.STREAM.INFO.{PRINT}",
            f"$JS.API.STREAM.MSG.GET.{PRINT}",
            f"$JS.API.STREAM.DELETE.{PRINT}",
            "$JS.API.STREAM.NAMES",
            f"$JS.ACK.{PRINT}.agent_{OTHER}.1.1.1.1.1",
            f"report.local.task.main.{OTHER}",
            f"report.local.task.other.{AGENT}",
            f"heartbeat.local.main.{OTHER}",
            f"query.local.registry.renew-credentials.main.{OTHER}",
            "query.local.registry.list-devices",
            "query.local.spooler.cancel-task",
            "intake.local.main.CLIENT01",
            f"order.print.local.0.main.{AGENT}.x",
            "task.end.local.main.x.y",
            f"_INBOX.{OTHER}.x",
            "$SYS.REQ.SERVER.PING",
        ]
        for subject in more:
            await agent.client.publish(subject, b"{}")
        listen = [
            f"_INBOX.{OTHER}.>",
            "_INBOX.>",
            "task.>",
            "order.>",
            "query.>",
            "heartbeat.>",
            "$SYS.>",
            f"report.local.task.main.{AGENT}",
        ]
        for subject in listen:
            await agent.client.subscribe(subject)
        await arrived(agent.client)
        await until(lambda: len(denied) == len(more) + len(listen), what=f"{len(more) + len(listen)} denials")
        for subject in (
            f"report.local.task.main.{AGENT}",
            f"heartbeat.local.main.{AGENT}",
            f"query.local.spooler.admit-agent.main.{AGENT}",
        ):
            await agent.client.publish(subject, b"{}")
        await arrived(agent.client)
        assert len(denied) == len(more) + len(listen)
        await agent.close()


async def test_who_was_revoked_is_put_out_and_nobody_else_notices(tmp_path, monkeypatch):
    monkeypatch.setattr(bus, "REVIVE", 0.2)
    async with listening(tmp_path, websocket_port=await free_port()) as (server, keys, chief):
        path, pair = enrolled(keys, AGENT)
        other, _ = enrolled(keys, OTHER)
        agent = await connect(server.url, AGENT, path, revive=True)
        neighbour = await connect(server.url, OTHER, other)
        lost = []

        async def note() -> None:
            lost.append("lost")

        neighbour.client._disconnected_cb = note
        chief.client._disconnected_cb = note
        keys.revoke({pair.public: int(time.time())})
        await tell_claims(server.url, keys)
        await until(lambda: not agent.connected, 5, "the agent is put out")
        with pytest.raises(Unanswered):
            await connect(server.url, AGENT, path, within=1.0)
        assert not agent.connected
        keys.revoke({})
        reconnected = agent.reconnected
        await tell_claims(server.url, keys)
        await asyncio.wait_for(reconnected.wait(), 10)
        assert agent.connected
        assert neighbour.connected
        assert not lost
        await agent.close()
        await neighbour.close()


async def test_no_answer_is_lost_while_the_server_is_told(tmp_path):
    async with listening(tmp_path, websocket_port=await free_port()) as (server, keys, _chief):
        spooler = await connect(server.url, "spooler", keys.path("spooler.creds"))
        gateway = await connect(server.url, "gateway", keys.path("gateway.creds"))

        async def answer(message) -> None:
            await message.respond(b"yes")

        async def ask() -> None:
            while not told.is_set():
                answers.append((await gateway.client.request("query.local.spooler.list-tasks", b"?", timeout=20)).data)

        await spooler.client.subscribe("query.local.spooler.list-tasks", cb=answer)
        await arrived(spooler.client)
        told, answers = asyncio.Event(), []
        asking = [asyncio.create_task(ask()) for _ in range(8)]
        for since in range(5):
            keys.revoke({make_key(nkeys.PREFIX_BYTE_USER).public: since})
            await tell_claims(server.url, keys)
        told.set()
        await asyncio.gather(*asking)  # raises where one of them was not answered
        assert len(answers) >= 8
        assert set(answers) == {b"yes"}
        await spooler.close()
        await gateway.close()


async def test_a_server_that_is_not_there_is_not_told(tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.make("local")
    with pytest.raises(NotTold, match="no server at nats://"):
        await tell_claims("nats://127.0.0.1:1", keys)


async def test_a_certificate_that_was_made_anew_is_taken_up(tmp_path, monkeypatch):
    monkeypatch.setattr(natsserver, "CERTIFICATE_EVERY", 0.0)
    port = await free_port()
    async with listening(tmp_path, tls_port=port) as (server, keys, chief):
        assert not await server.heed()
        before = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
        keys.path("nats.pem").unlink()
        keys.path("nats.pem").write_text("")
        assert await server.heed()

        async def another() -> bool:
            return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port)) != before

        await until(another)
        assert chief.connected


async def test_credentials_end_at_their_time_and_new_ones_let_the_same_bus_in_again(tmp_path, monkeypatch):
    monkeypatch.setattr(bus, "REVIVE", 0.2)
    async with listening(tmp_path, websocket_port=await free_port()) as (server, keys, _chief):
        path, pair = enrolled(keys, AGENT, seconds=2)
        agent = await connect(server.url, AGENT, path, revive=True)
        await until(lambda: not agent.connected)
        reconnected = agent.reconnected
        renew(keys, AGENT, pair)
        await asyncio.wait_for(reconnected.wait(), 10)
        assert (await agent.js.consumer_info(PRINT, f"agent_{AGENT}")).name == f"agent_{AGENT}"
        await agent.close()


async def test_a_stranger_s_signature_lets_nobody_in(tmp_path):
    async with listening(tmp_path, websocket_port=await free_port()) as (server, keys, _chief):
        stranger = make_key(nkeys.PREFIX_BYTE_ACCOUNT)
        pair = make_key(nkeys.PREFIX_BYTE_USER)
        account = load_key(keys.path("account.seed").read_bytes()).public
        jwt = scoped_jwt(AGENT, pair.public, account, stranger, tags={"tenant": "main"}, expires=0)
        write_secret(tmp_path / "x.creds", credentials_file(jwt, pair))
        with pytest.raises(Unanswered):
            await connect(server.url, AGENT, tmp_path / "x.creds", within=2)


async def test_a_certificate_is_asked_of_nobody_who_needs_none():
    assert bus_options("nats://127.0.0.1:4222", None) == {}
