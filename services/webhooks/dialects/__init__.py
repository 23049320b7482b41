"""The family of webhook dialects, one file per dialect: what each must provide.

A file of this package says how an event looks to its receivers (`shape`), which headers an attempt carries and how it is
signed (`headers`), which answer means that the event was taken (`accepts`), which events it has words for (`tells`), and its
`schedule`: how long to wait between attempts (one attempt more than there are pauses, then the event is skipped), and whether
the next event waits for the one before. The name of the file is the dialect of an endpoint. A new dialect is one new file
here; it is found at start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import ModuleType
from typing import Protocol, cast, runtime_checkable

from libs.contracts.endpoints import EventKind
from libs.runtime import discovery
from services.webhooks.domain import Delivery, Endpoint, Event
from services.webhooks.verdict import Schedule


@dataclass(frozen=True, slots=True)
class Place:
    """Where the events come from: the IPv4 addresses of the serving machine, and the time zone of its days."""

    ips: tuple[str, ...]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Configured:
    """What the settings say of schedules, in seconds: the pauses of Webprinter's callback, and those of all others.

    `retry_after`: the longest wish of a receiver that is obeyed; `patience`: how long an endpoint may do nothing but fail.
    """

    callback: tuple[float, ...]
    webhook: tuple[float, ...]
    jitter: float
    retry_after: float
    patience: float


class Speech(Protocol):
    """What a lane needs of how it speaks."""

    def headers(self, delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
        """The headers of the next attempt, made at `now`; the same id at every attempt."""

    def accepts(self, status: int) -> bool:
        """Whether an answer with this HTTP status means that the event was taken."""


@runtime_checkable
class Dialect(Speech, Protocol):
    """What a file of this family provides."""

    def shape(self, event: Event, endpoint: Endpoint, place: Place) -> str:
        """The body of an event: what is stored, and posted at every attempt."""

    def tells(self, kind: EventKind) -> bool:
        """Whether there are words for events of this kind."""

    def schedule(self, configured: Configured) -> Schedule:
        """When to try again, and for how long."""


def discover(package: ModuleType) -> Mapping[str, Dialect]:
    """Every dialect of the package by its name."""
    return {name: cast(Dialect, module) for name, module in discovery.discover(package).items()}
