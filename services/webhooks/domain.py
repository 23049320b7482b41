"""The rules of delivery: who hears of an event. No clock, no network, no database; what follows from an answer is in `verdict`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from libs.contracts.endpoints import DeliveryState, DeviceFilter, EventKind
from libs.contracts.events import DeviceChanged, EndTask, NewTask, UpdateTaskStatus

State = DeliveryState


@dataclass(frozen=True, slots=True)
class Trial:
    """An event that says that it is a test: somebody wants to see whether an endpoint hears us."""

    id: str
    tenant: str
    sn: str
    at: int
    kind: Literal["Test"] = "Test"


OfTask = NewTask | UpdateTaskStatus | EndTask
Event = OfTask | DeviceChanged | Trial

#: The event of the bus -> what endpoints choose by.
KINDS = {
    "NewTask": EventKind.NEW,
    "UpdateTaskStatus": EventKind.STATUS,
    "EndTask": EventKind.END,
    "DeviceChanged": EventKind.DEVICE,
}
#: What a delivery says that came, or still waited, when its endpoint was switched off.
OFF = "the endpoint is switched off"
#: What an endpoint hears of that chooses nothing.
TASKS = (EventKind.NEW, EventKind.STATUS, EventKind.END)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who hears of the tasks of one client (`sn`; empty: of the whole tenant), where, and in which dialect.

    `secret` empty: nothing is signed; the old one signs too until `old_until`. `trusted`: the operator chose the address, so that
    it may lead anywhere. `proven_at`: it allowed us to tell it, at most `allowed_rate` times a minute (0: as often as we like);
    `unproven`: what its last answer lacked for that. Times are ms since 1970, 0: none.
    """

    id: str
    sn: str
    url: str
    dialect: str
    secret: str = ""
    tenant: str = ""
    name: str = ""
    binary: bool = False
    kinds: tuple[EventKind, ...] = ()
    devices: tuple[DeviceFilter, ...] = ()
    trusted: bool = False
    old_secret: str = ""
    old_until: int = 0
    disabled_at: int = 0
    reason: str = ""
    failing_since: int = 0
    created_at: int = 0
    changed_at: int = 0
    proven_at: int = 0
    allowed_rate: int = 0
    unproven: str = ""

    def secrets(self, now: int) -> tuple[str, ...]:
        """The secrets that sign at `now` (ms), the newest first."""
        old = (self.old_secret,) if self.old_secret and now < self.old_until else ()
        return (self.secret, *old) if self.secret else ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. `event` is its id on the bus and its id at the receiver; times are ms since 1970.

    `sequence` is the event's place in the stream and the order of delivery; `body` is what is posted at every attempt; `replay`
    counts how often somebody had it told again.
    """

    endpoint: str
    event: str
    sequence: int
    name: str
    task: str
    body: str
    traceparent: str
    at: int
    state: State = State.WAITING
    attempts: int = 0
    due_at: int = 0
    ended_at: int = 0
    status: int = 0
    error: str = ""
    replay: int = 0


def wants(endpoint: Endpoint, event: Event) -> bool:
    """Whether an endpoint hears of this event: it is its client's or its tenant's, and one of those that it chose."""
    if isinstance(event, Trial):
        return True
    tenant, sn = whose(event)
    mine = endpoint.sn == sn if endpoint.sn else endpoint.tenant == tenant
    return mine and endpoint.tenant in ("", tenant) and KINDS[event.kind] in (endpoint.kinds or TASKS) and _chosen(endpoint, event)


def whose(event: OfTask | DeviceChanged) -> tuple[str, str]:
    """The tenant and the client that an event is about."""
    return (event.tenant, event.agent) if isinstance(event, DeviceChanged) else (event.task.tenant, event.task.sn)


def for_partners(subject: str) -> bool:
    """Whether a subject is of what partner applications alone are told: no endpoint hears of it."""
    return subject.partition(".")[0] == "partner"


def owner(subject: str) -> tuple[str, str]:
    """As `whose`, of an event that is not read yet. Raises `ValueError` for what is no event's."""
    what, *words = subject.split(".")
    if len(words) != 5 or what not in ("task", "device"):
        raise ValueError("an event's subject has six words")
    return (words[1], words[2]) if what == "device" else (words[2], words[3])


def _chosen(endpoint: Endpoint, event: OfTask | DeviceChanged) -> bool:
    if isinstance(event, DeviceChanged):
        agent, name = event.agent, event.device.name
    else:
        agent, name = event.task.agent, event.task.device
    return not endpoint.devices or any(each.name == name and each.agent in ("", agent) for each in endpoint.devices)


def deliveries(
    event: Event, event_id: str, sequence: int, endpoints: Iterable[Endpoint], body: Callable[[Endpoint], str]
) -> list[Delivery]:
    """The deliveries of one event: one for each endpoint that wants it, with its `body`; switched off, it may have it replayed."""
    return [
        Delivery(
            endpoint=endpoint.id,
            event=event_id,
            sequence=sequence,
            name=event.kind,
            task=event.task.id if isinstance(event, OfTask) else "",
            body=body(endpoint),
            traceparent=event.traceparent if isinstance(event, OfTask) else "",
            at=event.at,
            state=State.SKIPPED if endpoint.disabled_at else State.WAITING,
            ended_at=event.at if endpoint.disabled_at else 0,
            error=OFF if endpoint.disabled_at else "",
        )
        for endpoint in endpoints
        if wants(endpoint, event)
    ]
