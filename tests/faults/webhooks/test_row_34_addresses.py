"""Row 34: addresses that strangers choose lead neither inside, nor to us, nor to somebody who has not asked to be called."""

import asyncio
import socket
import time
from dataclasses import replace

import httpx
import pytest
from prometheus_client import generate_latest

from libs.contracts.queries import Code
from libs.contracts.subscriptions import AddSubscription, ListSubscriptions, RenewSubscription
from libs.runtime.bus import Refused
from libs.runtime.settings import read
from services.gateway.app import start as start_gateway
from services.gateway.settings import GatewaySettings
from services.registry.app import start as start_registry
from services.registry.settings import RegistrySettings
from services.webhooks.graph.tries import MOST
from tests.bus import running_bus
from tests.gateway.test_revocation import running
from tests.postgres import free_port
from tests.waiting import until
from tests.webhooks.asking import ALLOWED, Client
from tests.webhooks.dispatching import dispatcher
from tests.webhooks.events import news, publish
from tests.webhooks.receivers import answer, receiver
from tests.webhooks.subscribing import APP, echoing, hooked, to_hooks, told

pytestmark = pytest.mark.timeout(150)
INSIDE = [
    "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/x", "https://192.168.1.1/", "https://172.16.0.1/", "https://[::1]/",
    "https://169.254.169.254/latest/meta-data", "https://[fd00:ec2::254]/", "https://100.100.100.200/", "https://0.0.0.0/",
    "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/", "https://224.0.0.1/",
    "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://inside.test/", "https://wrapped.test/",
    "https://me:secret@example.org/", "https://example.org:25/", "gopher://example.org/", "file:///etc/passwd", "//example.org/",
    "javascript:alert(1)", "https://example.org/\r\nX-Evil: 1", "https://127.0.0.1%00.example.org/",
]  # fmt: skip
#: Doors of our own that answer somebody.
OURS = ["/", "/openapi", "/openapi/sendTmpFile", "/enrol", "/oauth2/v2.0/token", "/readyz", "/healthz", "/v1.0/subscriptions"]


@pytest.fixture
def names(monkeypatch):
    """name -> the addresses that it has, one after another."""
    known = {"outside.test": ["93.184.216.34"], "inside.test": ["10.0.0.7"], "wrapped.test": ["::ffff:10.0.0.7"]}
    real = socket.getaddrinfo

    def resolve(host, port, *args, **options):
        if host not in known:
            return real(host, port, *args, **options)
        address = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


class Application:
    """An application that asks for subscriptions, through the gateway's connection."""

    def __init__(self, bus):
        self._bus = bus

    async def ask(self, kind, **fields):
        return await self._bus.ask(kind(region="local", tenant="main", **fields), timeout=25)

    async def add(self, url, **more):
        return (await self.ask(AddSubscription, subscription=to_hooks(url, **more))).subscription

    async def refused(self, asking):
        with pytest.raises(Refused) as caught:
            await asking
        return caught.value


@pytest.mark.row(34)
async def test_row_34_no_address_inside_is_taken_and_none_is_connected_to(row, tmp_path, names):
    async with running_bus(tmp_path) as rig, receiver() as sink, dispatcher(rig, webhook_schedule=(0.2,), webhook_jitter=0.0):
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        application, client = Application(gateway), Client(gateway)
        for number, url in enumerate(INSIDE):
            one, two = {"app": f"{number}"}, {"app": f"{number}", "lifecycle_url": url}
            for asking in (application.add(url, **one), application.add("https://outside.test/", **two), client.add(url)):
                why = await application.refused(asking)
                assert why.code is Code.BAD_REQUEST, url
                assert "secret" not in why.message
        plain = await application.refused(application.add("http://93.184.216.34/"))
        assert "https" in plain.message, "without the operator's word notifications are encrypted"
        assert not (await application.ask(ListSubscriptions, app=APP)).subscriptions
        names["rebinding.test"] = ["93.184.216.34", "127.0.0.1"]
        endpoint, _ = await client.add(f"http://rebinding.test:{8080}/hook")
        names["rebinding.test"] = ["127.0.0.1"]
        await client.change(endpoint, name="unchanged address")
        (event,) = await publish(spooler, news(1))

        async def given_up():
            return await client.states(endpoint) == [(event, "skipped", 2)]

        await until(given_up, 20)
        ((log,),) = [(each,) for each in await client.log(endpoint, delivery=event)]
        assert {each.error.partition(";")[0] for each in log.log} == {
            "rebinding.test is not on the public network and may not be reached"
        }
        names["late.test"] = ["93.184.216.34", "127.0.0.1"]
        late = await application.refused(application.add("https://late.test/"))
        assert "may not be reached" in late.message, "public when it was vetted, inside when the handshake connected"
        assert sink.requests == []
    row.did(
        f"{len(INSIDE)} addresses (private, loopback, metadata, wrapped in IPv6, odd spellings, credentials, schemes, CR LF) as "
        "notificationUrl, lifecycleNotificationUrl and endpoint; two names that lead outside when vetted, inside when connected to."
    )
    row.saw(
        "Each was refused when it was written (400, no secret repeated), and both rebinding names at the connection: no request "
        "reached anything inside, and the delivery's log says why."
    )


@pytest.mark.row(34)
async def test_row_34_nobody_is_called_who_did_not_echo_and_a_third_party_only_so_often(row, tmp_path):
    async def redirecting(request, writer):
        return answer(307, b"", f"Location: {sink.url}?validationToken=x")

    async with (
        running_bus(tmp_path) as rig,
        receiver(echoing()) as owner,
        receiver(echoing()) as sink,
        receiver(redirecting) as elsewhere,
        receiver() as third,
        dispatcher(rig, subscription_http=True, subscription_schedule=(0.2,)),
    ):
        spooler, application = await rig.connect("spooler"), Application(await rig.connect("gateway"))
        port = free_port()
        shared = {"data_dir": rig.data_dir, "nats_url": rig.url, "sn": "jueKiUEE"}
        registry = read(RegistrySettings, **shared, api_token="owner", roaming_name="-")
        settings = read(GatewaySettings, data_dir=rig.data_dir, nats_url=rig.url, http_port=port, worker=1)
        async with (
            running("registry", start_registry, registry),
            running("gateway", start_gateway, settings),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as door,
        ):

            async def listening():
                return (await door.post("/openapi", json={"command": "ping"}, headers={"Api-Access-Token": "owner"})).is_success

            await until(listening, 20, "our own door is open")
            for path in OURS:
                why = await application.refused(application.add(f"http://127.0.0.1:{port}{path}"))
                assert "Subscription validation request failed" in why.message, path
        assert "307" in (await application.refused(application.add(elsewhere.url))).message
        assert sink.requests == [], "a redirect is not followed"
        kept = await application.add(owner.url)
        for number in range(3):
            answers = await asyncio.gather(
                *(application.refused(application.add(f"{third.url}/{number}/{each}")) for each in range(MOST // 2))
            )
        assert {each.code for each in answers} == {Code.BUSY}
        called = len(third.requests)
        assert called <= MOST - len(OURS) - 1
        moved = await application.refused(application.ask(RenewSubscription, app=APP, subscription=kept.id, url=third.url))
        assert moved.code is Code.BUSY, "nor by moving one that was proven"
        await publish(spooler, [hooked(number) for number in range(20)])
        await until(lambda: len(told(owner)) == 20, 20)
        assert len(third.requests) == called, "no event goes to who has not echoed"
        assert [each.id for each in (await application.ask(ListSubscriptions, app=APP)).subscriptions] == [kept.id]
    row.did(
        f"notificationUrl set to {len(OURS)} doors of this installation, to a receiver that redirects, and {3 * (MOST // 2)} times "
        "to a third party that answers 200 without the token; then 20 events."
    )
    row.saw(
        f"No door of ours echoes a token, so no loop can be made. The third party was asked {called} times, then the "
        f"application was told to wait (at most {MOST} unanswered handshakes a minute for each application); no event reached it.",
        third_party_requests=called,
    )


@pytest.mark.row(34)
async def test_row_34_a_third_party_is_told_slowly_until_it_says_that_it_wants_to_be_told(row, tmp_path):
    rate, seconds, count = 120, row.scale(4, 20), row.scale(300, 400)
    settings = {"webhook_allow_networks": ALLOWED, "webhook_unproven_rate": rate, "webhook_origin": "print.example.org"}
    async with (
        running_bus(tmp_path) as rig,
        receiver(willing=False) as victim,
        receiver() as owner,
        receiver() as chosen,
        receiver(willing=False) as page,
        dispatcher(rig, chosen.url, **settings) as service,
    ):
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        client, rival = Client(gateway), Client(gateway, sn="rival123", tenant="rival")
        flood = []
        for number in range(10):
            dialect = ("standard", "webprinter")[number % 2]
            flood.append((await client.add(f"{victim.url}/{number}", dialect=dialect))[0])
        wanted, _ = await client.add(owner.url)
        await rival.add(page.url)
        assert not victim.handshakes, "nothing is asked of anybody before there is something to hold back"
        begun = time.monotonic()
        ids = await publish(spooler, news(count))
        await publish(spooler, [replace(each, task=replace(each.task, tenant="rival")) for each in news(20, sn="rival123")])
        await until(lambda: len(page.requests) == 20, 20, "another tenant does not wait")
        await until(lambda: len(owner.requests) == count, 60, "who says that it wants events gets them at full speed")
        proven = time.monotonic() - begun
        await until(lambda: len(chosen.requests) == count, 30, "what the operator chose was never held")
        await until(lambda: time.monotonic() - begun > seconds, seconds + 5)
        reached = len(victim.requests) + victim.handshakes
        took = time.monotonic() - begun
        assert reached <= rate + rate / 60 * took + 1, "a minute's worth at once, then the rate: handshakes included"
        assert reached >= rate / 60 * (took - proven), "and it is told: slowly, not never"
        assert victim.handshakes <= len(flood) * (1 + took // 60)
        assert sorted(owner.ids) == sorted(ids)
        assert owner.handshakes == 1
        views = {each.id: each for each in await client.endpoints()}
        assert views[wanted].proven_at
        assert not any(views[each].proven_at for each in flood)
        assert any("no WebHook-Allowed-Origin" in views[each].unproven for each in flood)
        assert all(each.enabled for each in views.values())
        states = [state for each in flood for _, state, _ in await client.states(each)]
        assert set(states) <= {"waiting", "delivered"}, "nothing is skipped"
        told = generate_latest(service.metrics).decode()
        assert 'webhooks_handshakes_total{outcome="allowed"} 1.0' in told
        victim.willing = True
        assert (await client.test(flood[0])).state
        moved = await client.change(wanted, url=f"{victim.url}/moved")
        assert not moved.proven_at, "a proof is of an address"
    row.did(
        f"{count} events for ten endpoints that all lead to one third party, which answers 200 to everything and has asked for "
        f"nothing; one that answers OPTIONS with WebHook-Allowed-Origin, one of the operator's, one of another tenant; {rate}/min."
    )
    row.saw(
        f"The third party got {reached} requests in {took:.0f} s, handshakes included, of {count * len(flood)} that waited; the "
        f"one that had proven itself all {count} within {proven:.1f} s, the operator's too, and the other tenant's did not wait.",
        third_party_per_second=reached / took,
    )
