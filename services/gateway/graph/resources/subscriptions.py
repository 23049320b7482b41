"""Subscriptions to change notifications (graph-print.md 1.10, 4)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from libs.contracts.definitions import DefinitionList, ListDefinitions
from libs.contracts.fleet import GetPrinter, PrinterAnswer
from libs.contracts.message import Message
from libs.contracts.queries import Code
from libs.contracts.subscriptions import (
    AddSubscription,
    GetSubscription,
    ListSubscriptions,
    ReauthorizeSubscription,
    RemoveSubscription,
    RenewSubscription,
    SubscriptionAnswer,
    SubscriptionList,
    SubscriptionView,
    Topic,
)
from libs.runtime.bus import Refused
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.subscription import (
    LONGEST_CERTIFICATE,
    LONGEST_TEXT,
    LONGEST_URL,
    Heard,
    changes_of,
    data_of,
    expiry_of,
    heard,
    invalid,
    needed,
    optional,
    query_of,
    subscription_entity,
    tls_of,
)
from services.gateway.graph.odata.paging import offset_of
from services.gateway.graph.problem import Problem, bad, missing
from services.gateway.graph.rights.matrix import hearing

CONTEXT = "subscriptions"
#: Seconds: the dispatcher asks the addresses to show that they want it (4.3).
PATIENCE = 25.0
#: Subscriptions that are read at a time when all are needed.
STEP = 999
#: Members that are fixed for a subscription's life.
_FIXED = {
    "resource": "resource",
    "changeType": "changes",
    "lifecycleNotificationUrl": "lifecycle_url",
    "notificationQueryOptions": "query",
    "includeResourceData": "data",
    "latestSupportedTlsVersion": "tls_version",
    "notificationUrlAppId": "token_audience",
}


async def add_subscription(call: Call) -> Answer:
    """A new one, once its addresses have echoed a token."""
    who, body = call.who, call.body
    resource = needed(body, "resource")
    about = heard(resource)
    hearing(about.path).admit(who, strict=call.strict)
    wanted = SubscriptionView(
        id=str(uuid4()),
        tenant=who.tenant,
        tenant_id=who.tenant_id,
        app=who.app,
        creator=who.id,
        sn=who.sn,
        topic=about.topic,
        resource=resource,
        changes=changes_of(body, about.topic),
        query=query_of(body, about.topic),
        url=needed(body, "notificationUrl"),
        lifecycle_url=optional(body, "lifecycleNotificationUrl", LONGEST_URL),
        expires=expiry_of(body),
        base=call.base,
        state=optional(body, "clientState", LONGEST_TEXT),
        tls_version=tls_of(body),
        data=data_of(body),
        certificate=optional(body, "encryptionCertificate", LONGEST_CERTIFICATE),
        certificate_id=optional(body, "encryptionCertificateId", LONGEST_TEXT),
        token_audience=optional(body, "notificationUrlAppId", LONGEST_TEXT),
        created_at=int(time.time() * 1000),
        **await _place(call, about),
    )
    made = await _validated(call, AddSubscription(region=call.gateway.region, tenant=who.tenant, subscription=wanted))
    await call.record("subscription added", made.id, resource=made.resource, host=_host(made.url))
    return _shown(made, 201)


async def list_subscriptions(call: Call) -> Answer:
    """Those of the calling application; without their clientState."""
    if call.query.filter is not None or call.query.orderby:
        return Collection(_entities(await _all(call)), CONTEXT)
    begin = offset_of(call.query)
    page = await _page(call, begin, max(call.query.page, 1))
    found = page.subscriptions[: call.query.page]
    more = page.more and bool(found)
    count = len(await _all(call)) if call.query.count else None
    return Collection(_entities(found), CONTEXT, applied=True, skiptoken=str(begin + len(found)) if more else "", count=count)


async def get_subscription(call: Call) -> Answer:
    """One of them."""
    return _shown(await _one(call))


async def change_subscription(call: Call) -> Answer:
    """Renew it: another end, address, clientState or certificate; the application must still be allowed to hear."""
    found = await _one(call)
    hearing(heard(found.resource).path).admit(call.who, strict=call.strict)
    changes = _changes(call.body, found)
    changed = await _validated(call, RenewSubscription(**mine(call), **changes))
    await call.record("subscription changed", changed.id, fields=" ".join(sorted(changes)), host=_host(changed.url))
    return _shown(changed)


async def remove_subscription(call: Call) -> Answer:
    """Its address hears no more."""
    await call.ask(RemoveSubscription(**mine(call)))
    await call.record("subscription removed", call.ids["subscription"])
    return Reply(status=204)


async def reauthorize(call: Call) -> Answer:
    """The application is still allowed to hear: what waited for that goes on."""
    found = await _one(call)
    hearing(heard(found.resource).path).admit(call.who, strict=call.strict)
    await call.ask(ReauthorizeSubscription(**mine(call)))
    await call.record("subscription reauthorized", call.ids["subscription"])
    return Reply(status=204)


async def vapid_key(call: Call) -> Answer:  # noqa: ARG001 - whatever is asked, there is none
    """There is no web push."""
    raise Problem(501, "notSupported", "There is no web push here: subscribe with a notificationUrl.")


async def _place(call: Call, about: Heard) -> dict[str, Any]:
    """What is subscribed, as the registry knows it: a definition of this application, or a printer of its tenant."""
    region, tenant = call.gateway.region, call.who.tenant
    if about.topic is Topic.HOOKS:
        question = ListDefinitions(region=region, tenant=tenant, app=call.who.app, definition=about.key)
        found: DefinitionList = await call.ask(question)
        if not found.definitions:
            raise missing(f"task definition {about.key[:64]} of this application")
        return {"definition": found.definitions[0].id}
    if not about.key:
        return {}
    printer: PrinterAnswer = await call.ask(GetPrinter(region=region, tenant=tenant, printer=about.key))
    return {"agent": printer.printer.agent, "printer": printer.printer.device.id}


def _changes(body: Mapping[str, Any], found: SubscriptionView) -> dict[str, Any]:
    for name, field in _FIXED.items():
        if body.get(name) is not None and (body[name] or None) != (getattr(found, field) or None):
            raise bad(f"{name} cannot be changed: remove the subscription and make another one.", name)
    given: dict[str, Any] = {
        "url": optional(body, "notificationUrl", LONGEST_URL),
        "state": optional(body, "clientState", LONGEST_TEXT),
        "certificate": optional(body, "encryptionCertificate", LONGEST_CERTIFICATE),
        "certificate_id": optional(body, "encryptionCertificateId", LONGEST_TEXT),
    }
    if body.get("expirationDateTime") is not None:
        given["expires"] = expiry_of(body)
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise bad("The body names nothing to change; write expirationDateTime.", "expirationDateTime")
    return changes


async def _one(call: Call) -> SubscriptionView:
    answer: SubscriptionAnswer = await call.ask(GetSubscription(**mine(call)))
    return answer.subscription


async def _validated(call: Call, question: Message) -> SubscriptionView:
    try:
        answer: SubscriptionAnswer = await call.ask(question, PATIENCE)
    except Refused as reason:
        if reason.code is Code.BAD_REQUEST:
            raise invalid(reason.message) from None
        raise
    return answer.subscription


async def _all(call: Call) -> list[SubscriptionView]:
    found: list[SubscriptionView] = []
    while True:
        page = await _page(call, len(found), STEP)
        found += page.subscriptions
        if not page.more or not page.subscriptions:
            return found


async def _page(call: Call, offset: int, limit: int) -> SubscriptionList:
    who = call.who
    question = ListSubscriptions(region=call.gateway.region, tenant=who.tenant, app=who.app, offset=offset, limit=limit)
    answer: SubscriptionList = await call.ask(question)
    return answer


def _host(url: str) -> str:
    """Where it leads; not the rest of the address, which may hold a secret."""
    return urlsplit(url).hostname or ""


def mine(call: Call) -> dict[str, Any]:
    """Which subscription of the calling application the path names, as questions have it."""
    who = call.who
    return {"region": call.gateway.region, "tenant": who.tenant, "app": who.app, "subscription": call.ids["subscription"]}


def _entities(found: Sequence[SubscriptionView]) -> list[dict[str, Any]]:
    return [subscription_entity(each, state=False) for each in found]


def _shown(one: SubscriptionView, status: int = 200) -> Reply:
    return Reply(status, subscription_entity(one), f"{CONTEXT}/$entity")


_ONE = "subscriptions/{subscription}"

ROUTES = (
    Route("GET", "subscriptions", list_subscriptions),
    Route("POST", "subscriptions", add_subscription),
    Route("GET", "subscriptions/getVapidPublicKey()", vapid_key, rule="subscriptions"),
    Route("GET", _ONE, get_subscription),
    Route("PATCH", _ONE, change_subscription),
    Route("DELETE", _ONE, remove_subscription),
    Route("POST", f"{_ONE}/reauthorize", reauthorize),
)
