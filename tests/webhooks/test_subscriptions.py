"""Subscriptions on a real bus with real receivers: the handshake, notifications, what is refused and what is given up."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import KeySet

from libs.contracts.ids import guid, tenant_guid
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.contracts.subscriptions import (
    AddSubscription,
    GetSubscription,
    ListNotifications,
    ListSubscriptions,
    RemoveSubscription,
    RenewSubscription,
    ReplayNotifications,
)
from libs.runtime.bus import Refused
from libs.runtime.issuing import Issuer
from services.webhooks.graph.notification import instant
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import dispatcher
from tests.webhooks.encrypted import certificate, opened
from tests.webhooks.events import SN, publish
from tests.webhooks.receivers import always, answer, receiver
from tests.webhooks.subscribing import (
    APP,
    BASE,
    DEFINITION,
    HOUR,
    PRINTER,
    echoing,
    fetchable,
    hooked,
    now,
    status,
    to_hooks,
    to_jobs,
    token_in,
    told,
)

pytestmark = pytest.mark.timeout(90)
RICH = {"subscription_http": True, "subscription_schedule": (0.1, 0.2), "graph_rich_notifications": True}
QUICK = {"subscription_http": True, "subscription_schedule": (0.1, 0.2)}


@pytest.fixture
async def rig(tmp_path):
    async with running_bus(tmp_path) as running:
        yield running


class Application:
    """An application that asks through the gateway."""

    def __init__(self, bus):
        self._bus = bus

    async def ask(self, kind, **fields):
        return await self._bus.ask(kind(region="local", tenant="main", **fields), timeout=25)

    async def add(self, subscription):
        return (await self.ask(AddSubscription, subscription=subscription)).subscription

    async def of(self, kind, subscription, **fields):
        return await self.ask(kind, app=APP, subscription=subscription.id, **fields)

    async def ids(self):
        return [each.id for each in (await self.ask(ListSubscriptions, app=APP)).subscriptions]


async def test_a_subscription_from_its_handshake_to_its_end(rig, database_url):
    spooler, application = await rig.connect("spooler"), Application(await rig.connect("gateway"))
    async with receiver(echoing()) as there, dispatcher(rig, database_url=database_url, **QUICK):
        started = await application.add(to_hooks(there.url + "?code=a%20b"))
        ready = await application.add(to_jobs(there.url))
        asked = there.requests[0]
        assert asked.path.startswith("/hook?code=a%20b&validationToken=")
        assert (asked.headers["content-type"], asked.body) == ("text/plain; charset=utf-8", b"")
        assert {" ", ":", "+", "%"} <= set(token_in(asked.path))

        await publish(
            spooler, [hooked(1), hooked(2, app="another"), fetchable(3), status(3, Stage.OUTGOING, 4, fetchable_at=now())]
        )
        await publish(spooler, [hooked(4)])
        await until(lambda: len(told(there)) == 3)
        by_id = {each["resourceData"]["id"]: each for each in told(there)}
        job, printer = f"{SN}-000000000001", guid("printer", SN, PRINTER)
        hook = hooked(1).hook.id
        assert by_id[hook] == {
            "id": by_id[hook]["id"],
            "subscriptionId": started.id,
            "subscriptionExpirationDateTime": instant(started.expires),
            "clientState": "secret",
            "changeType": "created",
            "resource": f"print/taskDefinitions/{DEFINITION}/tasks/{hook}",
            "tenantId": tenant_guid("main"),
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.PrintTask",
                "@odata.id": f"print/taskDefinitions/{DEFINITION}/tasks/{hook}",
                "id": hook,
                "parentUrl": f"{BASE}/print/printers/{printer}/jobs/{job}",
            },
        }
        fetched = by_id[f"{SN}-000000000003"]
        assert (fetched["changeType"], fetched["subscriptionId"]) == ("updated", ready.id)
        assert fetched["resource"] == f"print/printers/{printer}/jobs/{SN}-000000000003"
        posted = [request for request in there.requests if token_in(request.path) is None]
        assert {request.headers["content-type"] for request in posted} == {"application/json; charset=utf-8"}
        assert not any("authorization" in request.headers for request in posted)

        renewed = (await application.of(RenewSubscription, started, expires=now() + 2 * HOUR)).subscription
        assert renewed.expires > started.expires
        assert await application.ids() == [started.id, ready.id]
        await application.of(RemoveSubscription, started)
        assert await application.ids() == [ready.id]
        with pytest.raises(Refused, match="no subscription"):
            await application.of(GetSubscription, started)


async def test_what_a_receiver_does_not_take_is_listed_and_told_again(rig):
    spooler, application = await rig.connect("spooler"), Application(await rig.connect("gateway"))
    broken = {"status": 500}
    key, issuer = rsa.generate_private_key(65537, 2048), Issuer(rig.data_dir / "keys")
    issuer.make()

    async def moody(request, writer):
        return answer(broken["status"], b"", "Location: http://127.0.0.1:1/")

    async with (
        receiver(echoing(moody)) as there,
        receiver(echoing()) as well,
        receiver(echoing()) as life,
        dispatcher(rig, **RICH),
    ):
        one = await application.add(to_hooks(there.url, lifecycle_url=life.url))
        rich = {"data": True, "certificate": certificate(key), "certificate_id": "2026"}
        with pytest.raises(Refused, match="RSA key"):
            await application.add(
                to_hooks(well.url, **{**rich, "certificate": certificate(ec.generate_private_key(ec.SECP256R1()))})
            )
        await application.add(to_hooks(well.url, **rich))
        await publish(spooler, [hooked(1)])
        await until(lambda: len(told(well)) == 1)
        assert opened(told(well)[0]["encryptedContent"], key)["id"] == hooked(1).hook.id
        (token,) = well.requests[-1].json["validationTokens"]
        assert jwt.decode(token, KeySet.import_key_set(issuer.jwks())).claims["aud"] == APP
        await until(lambda: len(told(life)) == 1)
        (missed,) = told(life)
        assert (missed["lifecycleEvent"], missed["clientState"], missed["subscriptionId"]) == ("missed", "secret", one.id)
        assert len({each["id"] for each in told(there)}) == 1
        assert len(told(there)) == 3
        (row,) = (await application.of(ListNotifications, one)).deliveries
        assert (str(row.state), row.attempts, row.status) == ("skipped", 3, 500)
        assert "secret" not in row.body
        broken["status"] = 204
        assert (await application.of(ReplayNotifications, one, delivery=row.id)).count == 1
        await until(lambda: len(told(there)) == 4)
        assert told(there)[3]["id"] == told(there)[0]["id"]


WRONG = {
    "403 Forbidden": always(403),
    "202 Accepted": always(202),
    "302 Found": always(302, "Location: /"),
    "content type application/json": lambda request, writer: _answered(request, "application/json", lambda token: token),
    "nothing else": lambda request, writer: _answered(request, "text/plain", lambda token: token.replace("+", " ")),
    "and nothing else": lambda request, writer: _answered(request, "text/plain", lambda token: f'"{token}"'),
}


async def _answered(request, media_type, change):
    return answer(200, change(token_in(request.path)).encode(), f"Content-Type: {media_type}")


async def test_an_address_that_fails_the_handshake_is_refused_and_nothing_is_kept(rig):
    application = Application(await rig.connect("gateway"))

    async def refused(subscription):
        with pytest.raises(Refused) as caught:
            await application.add(subscription)
        assert caught.value.code is Code.BAD_REQUEST
        return caught.value.message

    async with receiver(echoing()) as well, dispatcher(rig, **QUICK, subscription_timeout=0.5, subscription_limit=1):
        for wanted, script in WRONG.items():
            async with receiver(script) as there:
                assert wanted in await refused(to_hooks(there.url))
                assert "lifecycleNotificationUrl" in await refused(to_hooks(well.url, lifecycle_url=there.url))
        async with receiver(lambda request, writer: until(lambda: False, 60)) as silent:
            assert "timed out" in await refused(to_hooks(silent.url))
        assert "could not be asked" in await refused(to_hooks(silent.url))
        assert "may not be reached" in await refused(to_hooks("http://169.254.169.254/"))
        assert "expirationDateTime" in await refused(to_hooks(well.url, expires=now() - 1))
        assert "expirationDateTime" in await refused(to_hooks(well.url, expires=now() + 80 * HOUR))
        assert "includeResourceData" in await refused(to_hooks(well.url, data=True))
        assert await application.ids() == []
        kept = await application.add(to_hooks(well.url))
        with pytest.raises(Refused, match="has 1 subscriptions") as caught:
            await application.add(to_hooks(well.url))
        assert caught.value.code is Code.FORBIDDEN
        with pytest.raises(Refused, match="notificationUrl"):
            await application.of(RenewSubscription, kept, url=silent.url)
        assert (await application.of(GetSubscription, kept)).subscription.url == well.url
