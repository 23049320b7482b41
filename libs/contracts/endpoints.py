"""Endpoints that hear of events over HTTP, their deliveries, and what may be asked of the dispatcher about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from libs.contracts.message import Message


class EventKind(StrEnum):
    """What an endpoint may hear of: a task was accepted, changed its status, ended; a device changed."""

    NEW = "new"
    STATUS = "status"
    END = "end"
    DEVICE = "device"


class DeliveryState(StrEnum):
    """Where a delivery is: still to be told, told, or given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """A device by its name; `agent` empty: of that name at any agent."""

    name: str
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """An endpoint without its secret. `sn` empty: it hears of the whole tenant. Times are ms since 1970, 0: none.

    `kinds` and `devices` empty: all. `reason` says why it is not `enabled`; `settled`: the server's settings describe it, and
    commands cannot change it. `overlap_until`: deliveries carry the signature of the secret before as well. `trusted`: the operator
    chose where it leads. `proven_at`: it allowed us to tell it (`allowed_rate` times a minute, 0: no limit); until then its events
    go slowly where there are many, and `unproven` says what its last answer lacked.
    """

    id: str
    tenant: str
    sn: str
    name: str
    url: str
    dialect: str
    binary: bool = False
    kinds: tuple[EventKind, ...] = ()
    devices: tuple[DeviceFilter, ...] = ()
    enabled: bool = True
    reason: str = ""
    settled: bool = False
    created_at: int = 0
    changed_at: int = 0
    failing_since: int = 0
    overlap_until: int = 0
    trusted: bool = False
    proven_at: int = 0
    allowed_rate: int = 0
    unproven: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try: what was sent beside the body, what came back (`excerpt`: the beginning of the answer's body), how long it took.

    `at` in ms since 1970, `took` in ms; `status` 0: there was no answer, and `error` says why. No signature and no secret.
    """

    number: int
    replay: int
    at: int
    took: int
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    excerpt: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """An event on its way to one endpoint. `id` is the event's, and the `webhook-id` that the receiver sees.

    `replay` counts how often somebody had it told again; `due_at`: when the next attempt may start, 0: at once.
    """

    id: str
    endpoint: str
    event: str
    task: str
    at: int
    state: DeliveryState
    attempts: int
    replay: int = 0
    due_at: int = 0
    ended_at: int = 0
    status: int = 0
    error: str = ""
    body: str = ""
    log: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEndpoint(Message, subject="query.{region}.webhooks.add-endpoint"):
    """Tell an address of this client's events; a secret is made for it. It must lead where clients' endpoints may lead."""

    region: str
    tenant: str
    sn: str
    url: str
    name: str = ""
    dialect: str = "standard"
    binary: bool = False
    kinds: tuple[EventKind, ...] = ()
    devices: tuple[DeviceFilter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEndpoints(Message, subject="query.{region}.webhooks.list-endpoints"):
    """The endpoints of this client, oldest first."""

    region: str
    tenant: str
    sn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointList:
    endpoints: tuple[EndpointView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateEndpoint(Message, subject="query.{region}.webhooks.update-endpoint"):
    """Change what is not None. One that is switched on again has a clean slate; what it missed can be replayed."""

    region: str
    tenant: str
    sn: str
    endpoint: str
    url: str | None = None
    name: str | None = None
    binary: bool | None = None
    kinds: tuple[EventKind, ...] | None = None
    devices: tuple[DeviceFilter, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveEndpoint(Message, subject="query.{region}.webhooks.remove-endpoint"):
    """Tell it nothing any more; the answer is what it was."""

    region: str
    tenant: str
    sn: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateSecret(Message, subject="query.{region}.webhooks.rotate-secret"):
    """Give it a new secret; for a day deliveries carry both signatures."""

    region: str
    tenant: str
    sn: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer:
    """`secret` only where one was made just now: it is never shown again."""

    endpoint: EndpointView
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryEndpoint(Message, subject="query.{region}.webhooks.try-endpoint"):
    """Send it an event that says that it is a test; the answer comes after its first attempt, or after 3 s without."""

    region: str
    tenant: str
    sn: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAnswer:
    delivery: DeliveryView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeliveries(Message, subject="query.{region}.webhooks.list-deliveries"):
    """The delivery log of an endpoint, newest first; `since` and `until` in ms, both inclusive, by the event's time."""

    region: str
    tenant: str
    sn: str
    endpoint: str
    state: DeliveryState | None = None
    task: str = ""
    delivery: str = ""
    since: int | None = None
    until: int | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryList:
    """`more`: there are others that did not fit; ask with the last one's time as `until`."""

    deliveries: tuple[DeliveryView, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDeliveries(Message, subject="query.{region}.webhooks.replay-deliveries"):
    """Tell one event again, or all that ended and happened since `since` (ms); `state`: only those that ended so."""

    region: str
    tenant: str
    sn: str
    endpoint: str
    delivery: str = ""
    since: int | None = None
    state: DeliveryState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many events will be told again."""

    count: int


#: Question -> the record that answers it (or a `Refusal`).
ENDPOINT_ANSWER: dict[type[Message], type] = {
    AddEndpoint: EndpointAnswer,
    ListEndpoints: EndpointList,
    UpdateEndpoint: EndpointAnswer,
    RemoveEndpoint: EndpointAnswer,
    RotateSecret: EndpointAnswer,
    TryEndpoint: DeliveryAnswer,
    ListDeliveries: DeliveryList,
    ReplayDeliveries: Replayed,
}
