"""How tasks come onto the bus: into the intake of the gateway's own region."""

from collections.abc import Sequence
from typing import Protocol

from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.crashpoint import crashpoint
from services.gateway.receipts import Receipts

#: The ids of the tasks of a message, and the message.
Submission = tuple[tuple[str, ...], Outgoing]


class Handover(Protocol):
    """Where a door's tasks go."""

    async def hand(self, submissions: Sequence[Submission]) -> None:
        """Make all of them durable, or none, in their order. Raises the bus's `NotStored` and `Unanswered`."""
        ...


class Straight:
    """Into the intake of the region, and nowhere else."""

    def __init__(self, bus: Bus, receipts: Receipts) -> None:
        self._bus = bus
        self._receipts = receipts

    async def hand(self, submissions: Sequence[Submission]) -> None:
        """As `Handover`."""
        await self._bus.publish_batch(INTAKE, [out for _, out in submissions])
        crashpoint("gateway-after-stored")
        for tasks, out in submissions:
            self._receipts.keep(tasks, out)
