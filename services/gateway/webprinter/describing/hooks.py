"""The commands of endpoints and deliveries, described for the published OpenAPI document."""

from typing import Literal

from pydantic import BaseModel, Field

from services.gateway.webprinter.describing.commands import Described

Dialect = Literal["standard", "cloudevents", "webprinter"]
Kind = Literal["new", "status", "end", "device"]
DeliveryWord = Literal["waiting", "delivered", "skipped"]


class Named(Described):
    """A device; without `controlSn`, of that name at any client."""

    device_name: str
    control_sn: str | None = None


class Choice(Described):
    """What an endpoint is, and what it hears of."""

    name: str | None = Field(None, max_length=255)
    mode: Literal["structured", "binary"] | None = Field(None, description="Of the dialect cloudevents; missing: structured.")
    events: list[Kind] | None = Field(None, description="Missing or empty: those of tasks. `device` only when it is named.")
    devices: list[str | Named] | None = Field(None, max_length=100, description="Missing or empty: all.")


class NewEndpoint(Choice):
    """Where events are to go. An administrator decides which private networks it may lead to."""

    url: str = Field(examples=["https://example.org/printing"], max_length=2048)
    dialect: Dialect | None = Field("standard", description="Standard Webhooks, CloudEvents 1.0, or the callback of Webprinter.")


class OneEndpoint(Described):
    """An endpoint by its id."""

    endpoint_id: str = Field(examples=["ep-5f1c9a0b7d3e2846"])


class Changes(OneEndpoint, Choice):
    """What is missing stays as it is."""

    url: str | None = None
    enabled: bool | None = Field(None, description="true: it begins anew; what it missed can be replayed.")


class Look(OneEndpoint):
    """Which deliveries. Times are ms since 1970 (below 10^11: seconds), both ends inclusive."""

    state: DeliveryWord | None = None
    task_id: str | None = None
    delivery_id: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int | None = Field(20, ge=1, description="At most 100.")


class Repeated(OneEndpoint):
    """Either one delivery, or all since a time."""

    delivery_id: str | None = None
    since: int | None = None
    state: DeliveryWord | None = Field(None, description="Only those that ended so.")


class AddEndpoint(Described):
    """Have an address told of this client's events; the answer holds its secret, which is never shown again (extension)."""

    command: Literal["addEndpoint"]
    data: NewEndpoint


class ListEndpoints(Described):
    """This client's endpoints (extension)."""

    command: Literal["listEndpoints"]


class UpdateEndpoint(Described):
    """Change an endpoint (extension)."""

    command: Literal["updateEndpoint"]
    data: Changes


class RemoveEndpoint(Described):
    """Tell an endpoint nothing any more (extension)."""

    command: Literal["removeEndpoint"]
    data: OneEndpoint


class RotateSecret(Described):
    """Give an endpoint a new secret; for a day deliveries carry both signatures (extension)."""

    command: Literal["rotateSecret"]
    data: OneEndpoint


class TestEndpoint(Described):
    """Send an endpoint an event that says that it is a test (extension)."""

    command: Literal["testEndpoint"]
    data: OneEndpoint


class ListDeliveries(Described):
    """What an endpoint was told and what it answered, newest first (extension)."""

    command: Literal["listDeliveries"]
    data: Look


class ReplayDeliveries(Described):
    """Tell an endpoint again, under the same ids (extension)."""

    command: Literal["replayDeliveries"]
    data: Repeated


class EndpointRow(Described):
    """An endpoint. Times are ms since 1970, null: none."""

    endpoint_id: str
    name: str
    url: str
    dialect: Dialect
    mode: Literal["structured", "binary"] | None
    events: list[Kind] = Field(description="Empty: those of tasks.")
    devices: list[Named] = Field(description="Empty: all.")
    enabled: bool
    reason: str = Field(description="Why it is switched off.")
    configured: bool = Field(description="It is described by the server's settings, and commands cannot change it.")
    create_timestamp: int
    change_timestamp: int
    failing_since: int | None
    overlap_until: int | None = Field(description="Until then the secret before signs too.")
    proven_timestamp: int | None = Field(
        description="Since then it is known to want events: it answered OPTIONS with WebHook-Allowed-Origin (CloudEvents, HTTP 1.1 "
        "Web Hooks). null: what is told to all such addresses together has a rate, beyond which events wait; testEndpoint asks it."
    )
    allowed_rate: int | None = Field(description="Requests a minute that it allows; null: it named no limit.")
    unproven_reason: str = Field(description="What its last answer to OPTIONS lacked.")
    secret: str | None = Field(None, description="Only where it was made just now.")


class Attempt(Described):
    """One try. `duration` in ms; no signature and no secret is kept."""

    attempt: int
    replay: int
    timestamp: int
    duration: int
    headers: dict[str, str]
    status: int | None
    answer: str = Field(description="The beginning of the answer's body.")
    message: str


class DeliveryRow(Described):
    """An event on its way to an endpoint. `deliveryId` is the `webhook-id` that the receiver sees, also when it is replayed."""

    delivery_id: str
    endpoint_id: str
    event: str = Field(examples=["EndTaskEvent"])
    task_id: str | None
    timestamp: int
    state: DeliveryWord
    attempts: int
    replay: int
    next_timestamp: int | None
    end_timestamp: int | None
    status: int | None
    message: str
    body: str
    log: list[Attempt]


class Deliveries(Described):
    """Deliveries, and whether there are others."""

    deliveries: list[DeliveryRow]
    more: bool


class Count(Described):
    """How many."""

    count: int


REQUESTS: tuple[type[BaseModel], ...] = (
    AddEndpoint,
    ListEndpoints,
    UpdateEndpoint,
    RemoveEndpoint,
    RotateSecret,
    TestEndpoint,
    ListDeliveries,
    ReplayDeliveries,
)
#: What their answers hold under `data`.
ANSWERS: tuple[type[BaseModel], ...] = (EndpointRow, Deliveries, Count)
