"""The printer at every agent that prints nothing: what is sent to it has come the whole way (docs/adr/0061-canaries.md)."""

from libs.contracts import canary
from libs.contracts.devices import PartialPolicy, ResumePolicy, UnknownPolicy
from services.agent.attempt import Attempt
from services.agent.domain import Means, Outcome, Printed, Sight
from services.agent.drivers import Seen


class Nowhere:
    """It is no device: nobody configures it, and no report names it. What was lost in a crash is printed again, to nothing."""

    name = canary.NAME
    unknown = UnknownPolicy.REPRINT
    resume = ResumePolicy.ALL
    partial = PartialPolicy.GIVE_UP
    means = Means.NAME
    window = 16
    seen = Seen()

    async def prepare(self, attempt: Attempt) -> None:
        """There is nothing to be made ready."""

    async def put(self, attempt: Attempt) -> None:
        attempt.commit()

    async def follow(self, attempt: Attempt) -> Outcome:
        return Printed(attempt.order.document.pages)

    async def look(self, _attempt: Attempt) -> Sight:
        return Sight.ABSENT

    async def release(self, attempt: Attempt) -> None:
        raise AssertionError(f"nothing holds {attempt.name}")

    async def discard(self, attempt: Attempt) -> None:
        """Nothing is left of it."""
