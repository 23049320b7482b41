"""Subscriptions at Graph's door: the published examples member by member, and what is refused in which words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.contracts.definitions import DefinitionList, DefinitionView, ListDefinitions
from libs.contracts.endpoints import AttemptView, DeliveryList, DeliveryState, DeliveryView, Replayed
from libs.contracts.fleet import GetPrinter, PrinterAnswer
from libs.contracts.queries import Code
from libs.contracts.subscriptions import (
    AddSubscription,
    GetSubscription,
    ListNotifications,
    ListSubscriptions,
    ReauthorizeSubscription,
    RemoveSubscription,
    RenewSubscription,
    ReplayNotifications,
    SubscriptionAnswer,
    SubscriptionList,
    Topic,
)
from libs.runtime.bus import Refused
from services.gateway.graph.resources import deliveries, subscriptions
from tests.gateway.graph.calling import APP, BASE, a_printer, application, graph, user

DEFINITION = "fab143fd-ee61-4358-8558-2c7dee953982"
PRINTER = a_printer()
#: Stands for a time that is further ahead than a subscription may live.
TOO_FAR = "too far"
HOOK_URL = "https://webhookappexample.azurewebsites.net/api/notifications"


def ahead(**duration):
    return (datetime.now(UTC) + timedelta(**duration)).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_tasks(**more):
    """The published request for JobStarted, its date moved."""
    return {
        "changeType": "created",
        "resource": f"print/taskDefinitions/{DEFINITION}/tasks",
        "clientState": "secret",
        "notificationUrl": HOOK_URL,
        "expirationDateTime": ahead(days=2),
        **more,
    }


def to_jobs(**more):
    """The published request for JobFetchable, its date moved."""
    return {
        "changeType": "updated",
        "resource": f"print/printers/{PRINTER.id}/jobs",
        "notificationQueryOptions": "$filter = isFetchable eq true",
        "notificationUrl": HOOK_URL,
        "expirationDateTime": ahead(days=2),
        "clientState": "mysecret",
        **more,
    }


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[subscriptions, deliveries], who=application()) as made:
        one = DefinitionView(id=DEFINITION, tenant="main", app=APP, name="Counting")
        made.bus.answers[ListDefinitions] = lambda query: DefinitionList(
            definitions=(one,) if (query.definition, query.app) == (DEFINITION, APP) else ()
        )
        made.bus.answers[GetPrinter] = lambda query: (
            PrinterAnswer(printer=PRINTER) if query.printer == PRINTER.id else Refused(Code.NOT_FOUND, "There is no such printer.")
        )
        made.bus.answers[AddSubscription] = lambda query: SubscriptionAnswer(subscription=query.subscription)
        yield made


async def made_by(door, body):
    """What the dispatcher was asked to add."""
    await door.post("/subscriptions", body, 201)
    return door.asked(AddSubscription)[-1].subscription


@pytest.mark.parametrize("body", [to_tasks(), to_jobs()], ids=["JobStarted", "JobFetchable"])
async def test_the_published_requests_get_the_published_answers(door, body):
    answer = await door.call("POST", "/subscriptions", body)
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["location"] == f"{BASE}/v1.0/subscriptions/{told['id']}"
    assert told == {
        "@odata.context": f"{BASE}/v1.0/$metadata#subscriptions/$entity",
        "id": door.asked(AddSubscription)[0].subscription.id,
        "resource": body["resource"],
        "applicationId": APP,
        "changeType": body["changeType"],
        "clientState": body["clientState"],
        "notificationUrl": HOOK_URL,
        "notificationQueryOptions": body.get("notificationQueryOptions"),
        "lifecycleNotificationUrl": None,
        "expirationDateTime": body["expirationDateTime"],
        "creatorId": door.who.id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
    }


async def test_a_resource_is_understood_however_it_is_written(door):
    for resource in (
        f"/print/taskdefinitions/{DEFINITION}/TASKS",
        f"https://graph.microsoft.com/v1.0/print/taskDefinitions('{DEFINITION}')/tasks",
        f"{BASE}/beta/print/taskDefinitions/{DEFINITION}/tasks",
    ):
        found = await made_by(door, to_tasks(resource=resource))
        assert (found.topic, found.definition, found.resource) == (Topic.HOOKS, DEFINITION, resource)
    for query in ("$filter = isFetchable eq true", "$filter=isFetchable eq true", None):
        found = await made_by(door, to_jobs(resource=f"Print/Printers('{PRINTER.id}')/Jobs", notificationQueryOptions=query))
        assert (found.topic, found.agent, found.printer, found.query) == (Topic.JOBS, PRINTER.agent, PRINTER.device.id, query)
    every = await made_by(door, to_jobs(resource="print/jobs", changeType="created,updated,deleted"))
    assert (every.topic, every.printer, every.changes) == (Topic.JOBS, "", "created,updated,deleted")
    assert (every.base, every.tenant, every.app) == (f"{BASE}/v1.0", "main", APP)


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("resource", "me/messages", "print/taskDefinitions/{id}/tasks"),
        ("resource", None, "needed"),
        ("changeType", "updated", "must be created"),
        ("changeType", "created,created", "must be created"),
        ("notificationUrl", None, "needed"),
        ("notificationUrl", 5, "must be a text"),
        ("notificationQueryOptions", "$filter=status eq 1", "leave it out"),
        ("clientState", "x" * 129, "at most 128"),
        ("encryptionCertificateId", "x" * 129, "at most 128"),
        ("expirationDateTime", "tomorrow", "2026-01-03T10:00:00Z"),
        ("expirationDateTime", "2020-01-30T22:42:09Z", "in the future"),
        ("expirationDateTime", TOO_FAR, "4230 minutes"),
        ("latestSupportedTlsVersion", "v9", "v1_2"),
        ("includeResourceData", "yes", "true or false"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_name(door, member, value, words):
    value = ahead(minutes=4235) if value == TOO_FAR else value
    told = await door.post("/subscriptions", to_tasks(**{member: value}), 400)
    assert member in told["error"]["message"]
    assert words in told["error"]["message"]
    assert not door.asked(AddSubscription)


async def test_other_refusals_keep_their_status(door):
    told = await door.post("/subscriptions", to_tasks(resource="print/taskDefinitions/4711/tasks"), 404)
    assert "4711" in told["error"]["message"]
    await door.post("/subscriptions", to_jobs(resource="print/printers/4711/jobs"), 404)
    await door.post("/subscriptions", to_jobs(notificationQueryOptions="$filter=id eq 1"), 400)
    await door.post("/subscriptions", to_tasks(includeResourceData=True), 400)
    echo = "Subscription validation request failed: notificationUrl answered 403 Forbidden, and 200 OK is required."
    door.bus.answers[AddSubscription] = Refused(Code.BAD_REQUEST, echo)
    told = await door.post("/subscriptions", to_tasks(), 400)
    assert (told["error"]["code"], told["error"]["message"]) == ("ValidationError", echo)
    assert told["error"]["target"] == "notificationUrl"
    door.bus.answers[AddSubscription] = Refused(Code.FORBIDDEN, "The application has 5 subscriptions.")
    await door.post("/subscriptions", to_tasks(), 403)


async def test_each_resource_needs_its_own_application_permission(door):
    door.who = application("Printer.Read.All")
    await door.post("/subscriptions", to_jobs(), 201)
    assert "PrintTaskDefinition.ReadWrite.All" in (await door.post("/subscriptions", to_tasks(), 403))["error"]["message"]
    door.who = application("PrintTaskDefinition.ReadWrite.All")
    await door.post("/subscriptions", to_tasks(), 201)
    await door.post("/subscriptions", to_jobs(), 403)
    door.who = user(administrator=True)
    assert "application" in (await door.post("/subscriptions", to_tasks(), 403))["error"]["message"]


async def test_a_subscription_is_shown_listed_renewed_and_removed(door):
    one = await made_by(door, to_tasks())
    other = replace(one, id="0f0f0f0f-0000-4000-8000-000000000002", token_audience="another")
    door.bus.answers[GetSubscription] = SubscriptionAnswer(subscription=one)
    door.bus.answers[ListSubscriptions] = lambda query: SubscriptionList(
        subscriptions=(one, other)[query.offset : query.offset + query.limit], more=query.offset + query.limit < 2
    )
    door.bus.answers[RenewSubscription] = lambda query: SubscriptionAnswer(subscription=replace(one, expires=query.expires))
    door.bus.answers[ReauthorizeSubscription] = door.bus.answers[RemoveSubscription] = SubscriptionAnswer(subscription=one)
    path = f"/subscriptions/{one.id}"

    assert (await door.get(path))["clientState"] == "secret"
    page = await door.get("/subscriptions?$top=1")
    assert [(each["id"], each["clientState"]) for each in page["value"]] == [(one.id, None)]
    following = await door.client.get(page["@odata.nextLink"])
    assert [each["notificationUrlAppId"] for each in following.json()["value"]] == ["another"]
    assert "@odata.nextLink" not in following.json()

    later = ahead(hours=60)
    assert (await door.patch(path, {"expirationDateTime": later}, 200))["expirationDateTime"] == later
    await door.patch(path, {"expirationDateTime": later, "includeResourceData": False}, 200)  # it has none, which is the same
    for body, words in (
        ({"expirationDateTime": ahead(days=-1)}, "in the future"),
        ({"lifecycleNotificationUrl": HOOK_URL}, "cannot be changed"),
        ({"expirationDateTime": later, "latestSupportedTlsVersion": "v1_3"}, "latestSupportedTlsVersion cannot be changed"),
        ({}, "nothing to change"),
    ):
        assert words in (await door.patch(path, body, 400))["error"]["message"]
    await door.post(f"{path}/reauthorize", None, 204)
    await door.post(f"{path}/microsoft.graph.reauthorize", None, 204)
    await door.delete(path)
    assert door.asked(RemoveSubscription)[0].subscription == one.id
    noted = [(each.by, each.action, each.what) for each in door.bus.recorded]
    who = f"the application {APP}"
    again = (who, "subscription reauthorized", one.id)
    changed, removed = ((who, f"subscription {how}", one.id) for how in ("changed", "removed"))
    assert noted[-5:] == [changed, changed, again, again, removed]
    assert HOOK_URL not in str(door.bus.recorded)
    assert "notificationUrl" in (await door.get("/subscriptions/getVapidPublicKey()", 501))["error"]["message"]

    door.who = application("Printer.Read.All")
    await door.patch(path, {"expirationDateTime": later}, 403)
    await door.post(f"{path}/reauthorize", None, 403)


async def test_the_log_is_shown_and_told_again(door):
    at = 1_700_000_000_000
    tried = AttemptView(number=1, replay=0, at=at, took=12, status=500, excerpt="out of order", error="it answered 500")
    about = {"id": "e1", "endpoint": "s", "event": "TaskHooked", "task": "t1", "at": at, "attempts": 14}
    row = DeliveryView(**about, state=DeliveryState.SKIPPED, log=(tried,))
    door.bus.answers[ListNotifications] = DeliveryList(deliveries=(row,))
    door.bus.answers[ReplayNotifications] = Replayed(count=3)
    path = "/subscriptions/0f0f0f0f-0000-4000-8000-000000000002"
    for query in ("state=lost", "lifecycle=perhaps", "until=tomorrow"):
        error = (await door.get(f"{path}/deliveries?{query}", 400))["error"]
        assert error["target"] == query.partition("=")[0]
    told = await door.get(f"{path}/deliveries?state=Skipped&since=2023-11-14T00:00:00Z&$top=5")
    assert [(each["id"], each["state"], each["log"][0]["answer"]) for each in told["value"]] == [("e1", "skipped", "out of order")]
    (asked,) = door.asked(ListNotifications)
    assert (asked.state, asked.since, asked.limit) == (DeliveryState.SKIPPED, 1_699_920_000_000, 5)
    assert (await door.post(f"{path}/replay", {"since": "2023-11-14T00:00:00Z", "state": "skipped"}))["count"] == 3
    (noted,) = door.bus.recorded
    assert (noted.action, noted.what, noted.details) == ("deliveries replayed", path.rpartition("/")[2], {"count": "3"})
    assert "delivered" in (await door.post(f"{path}/replay", {"state": "lost"}, 400))["error"]["message"]
