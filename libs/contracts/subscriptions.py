"""Graph's subscriptions to change notifications, and what may be asked of the dispatcher about them (graph-print.md 4)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.endpoints import DeliveryList, DeliveryState, Replayed
from libs.contracts.message import Message

#: The longest that a subscription may live, in ms: 4230 minutes.
LONGEST = 4230 * 60_000
#: The one filter that a subscription may have, as programs write it: spaces around the first `=`, or none.
_FETCHABLE = re.compile(r"\$filter\s*=\s*isFetchable\s+eq\s+true", re.IGNORECASE)


def only_fetchable(query: str) -> bool:
    """Whether `notificationQueryOptions` asks for jobs that became ready for their printer, and for nothing else."""
    return bool(_FETCHABLE.fullmatch(query.strip()))


class Topic(StrEnum):
    """What is subscribed: the hooks of a definition, or the jobs of a printer (of every printer: ours, `printer` empty)."""

    HOOKS = "hooks"
    JOBS = "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription of an application. `resource`, `changes` (created, updated, deleted) and `query` are as they were sent.

    `expires`, `created_at` in ms since 1970. `base` is the address of the door's version, `https://print.example/v1.0`, that job
    URLs in notifications begin with. `certificate` is as the client sent it (base64); its private key never comes here.

    `sn` is the client of ours that the application is, empty: none. `tenant_id` is the tenant as tokens call it (`tid`), empty:
    `tenant_guid(tenant)`. `paused`: its application lost its right; deliveries wait for its return. `failing_since` (ms, 0: not at
    all): its receiver has done nothing but fail since then.
    """

    id: str
    tenant: str
    app: str
    creator: str
    topic: Topic
    resource: str
    changes: str
    url: str
    expires: int
    base: str
    definition: str = ""
    agent: str = ""
    printer: str = ""
    state: str | None = None
    query: str | None = None
    lifecycle_url: str | None = None
    tls_version: str = "v1_2"
    data: bool | None = None
    certificate: str | None = None
    certificate_id: str | None = None
    token_audience: str | None = None
    created_at: int = 0
    sn: str = ""
    tenant_id: str = ""
    paused: bool = False
    failing_since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSubscription(Message, subject="query.{region}.webhooks.add-subscription"):
    """`subscription` as asked for, checked by the door in all that needs no network; its id and `created_at` count as given.

    The dispatcher checks where the addresses lead and does the handshake (graph-print.md 4.3) with both: ask with a timeout of
    25 s. Refused: BAD_REQUEST with the sentence that the client is told; nothing is kept then.
    """

    region: str
    tenant: str
    subscription: SubscriptionView


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAnswer:
    subscription: SubscriptionView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscriptions(Message, subject="query.{region}.webhooks.list-subscriptions"):
    """Those of this application that have not expired, oldest first; `app` empty: of the whole tenant."""

    region: str
    tenant: str
    app: str
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    subscriptions: tuple[SubscriptionView, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSubscription(Message, subject="query.{region}.webhooks.get-subscription"):
    """Refused (NOT_FOUND) for another application's, and for one that has expired."""

    region: str
    tenant: str
    app: str
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewSubscription(Message, subject="query.{region}.webhooks.renew-subscription"):
    """Change what is not None; another `url` needs the handshake again. It counts as `ReauthorizeSubscription` too."""

    region: str
    tenant: str
    app: str
    subscription: str
    expires: int | None = None
    url: str | None = None
    state: str | None = None
    certificate: str | None = None
    certificate_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReauthorizeSubscription(Message, subject="query.{region}.webhooks.reauthorize-subscription"):
    """The application is still allowed what it was: deliveries that waited for it go on."""

    region: str
    tenant: str
    app: str
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSubscription(Message, subject="query.{region}.webhooks.remove-subscription"):
    """What was still to be told is told no more."""

    region: str
    tenant: str
    app: str
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotifications(Message, subject="query.{region}.webhooks.list-notifications"):
    """What a subscription was told, newest first; `lifecycle`: what its lifecycle address was. The rest as in `ListDeliveries`."""

    region: str
    tenant: str
    app: str
    subscription: str
    lifecycle: bool = False
    state: DeliveryState | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayNotifications(Message, subject="query.{region}.webhooks.replay-notifications"):
    """Tell one notification again (`delivery`), or all that ended and happened since `since`, as `ReplayDeliveries`."""

    region: str
    tenant: str
    app: str
    subscription: str
    delivery: str = ""
    since: int | None = None
    state: DeliveryState | None = None


#: Question -> the record that answers it (or a `Refusal`).
SUBSCRIPTION_ANSWER: dict[type[Message], type] = {
    AddSubscription: SubscriptionAnswer,
    ListSubscriptions: SubscriptionList,
    GetSubscription: SubscriptionAnswer,
    RenewSubscription: SubscriptionAnswer,
    ReauthorizeSubscription: SubscriptionAnswer,
    RemoveSubscription: SubscriptionAnswer,
    ListNotifications: DeliveryList,
    ReplayNotifications: Replayed,
}
