"""The IPP printer behind a CUPS queue: CUPS says `completed` of jobs that it lost, so the printer is asked itself."""

import asyncio
import time
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from libs.contracts.devices import Capabilities
from libs.ipp.attributes import Attributes
from libs.ipp.client import Client
from libs.ipp.connection import Patience
from libs.ipp.enums import JobState
from libs.ipp.errors import ClientError
from libs.ipp.job import Job
from services.agent.attempt import Attempt
from services.agent.cups.power import Power
from services.agent.domain import Outcome, Printed, Unknown
from services.agent.drivers import Seen
from services.agent.ipp import capabilities, reasons
from services.agent.ipp.jobs import Listing, outcome, pages
from services.agent.ipp.reasons import sentence, stopping

#: How often a job that CUPS has finished with is asked for, in seconds.
POLL = 0.5


def device_uri(uri: str) -> str | None:
    """The IPP address in a queue's device-uri, behind the guard too; None: the device does not speak IPP."""
    behind = uri.rpartition("|")[2] if uri.startswith("once:") else uri
    return behind if behind.startswith(("ipp://", "ipps://")) else None


class QueueDevice:
    """What the printer says of itself, and of our jobs."""

    def __init__(self, uri: str, label: str) -> None:
        self.uri = uri
        self._label = label
        # CUPS takes whatever certificate the printer has; asking it must not need more than printing to it.
        self._client = Client(uri, user="printbus", patience=Patience(connect=3.0, answer=5.0), verify=False)
        self._listing = Listing(self._client)
        self._asking = asyncio.Lock()  # one question about itself at a time, as in the driver `ipp`
        self._power = Power()
        self._cuts: WeakKeyDictionary[Attempt, int] = WeakKeyDictionary()
        self._remembers = False

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def capabilities(self) -> Capabilities:
        """What it can do. Raises `ClientError`."""
        async with self._asking:
            return capabilities.read(await self._client.get_printer_attributes(capabilities.REQUESTED))

    async def state(self, before: Seen) -> Seen:
        """How it is now; it may be unreachable."""
        try:
            return reasons.read_state(await self._ask(reasons.STATE_ATTRIBUTES), before)
        except ClientError:
            return reasons.unreachable(before)

    def begin(self, attempt: Attempt) -> None:
        """Its job goes to the printer now: what happens to its power from here on counts."""
        self._cuts[attempt] = self._power.cuts

    async def truth(self, attempt: Attempt, queued: Job, *, lost: bool) -> Outcome:
        """What became of a job that CUPS has finished with. `lost`: CUPS itself says that the printer forgot it."""
        while True:
            try:
                job = await self._find(attempt)
                await self._ask(("printer-up-time",))
            except ClientError:
                attempt.stop("connecting-to-device", sentence(self._label, "connecting-to-device"))
            else:
                if job is None:
                    return self._absent(attempt, queued, lost=lost)
                if job.state is None or job.state.ended:
                    self._remembers = True
                    return outcome(job, attempt, self._label)
                await self._tell(attempt, job)
            await asyncio.sleep(POLL)

    async def _find(self, attempt: Attempt) -> Job | None:
        """Its job. One that is not in the list is looked for again: CUPS asks the printer meanwhile, which may confuse it."""
        ours = await self._listing.named(attempt.name) or await self._listing.named(attempt.name)
        return max(ours, key=lambda job: job.id) if ours else None

    async def _ask(self, requested: Sequence[str]) -> Attributes:
        """Some of its attributes; `printer-up-time` must be among them. Raises `ClientError`."""
        async with self._asking:
            asked = time.monotonic()
            said = await self._client.get_printer_attributes(requested)
            self._power.hear(said, asked, time.monotonic())
        return said

    async def _tell(self, attempt: Attempt, job: Job) -> None:
        reason = stopping(await self.state(Seen()))
        if reason and job.state in (JobState.PROCESSING, JobState.PROCESSING_STOPPED):
            attempt.stop(reason, sentence(self._label, reason), pages(job))
        else:
            attempt.resume(pages(job))

    def _absent(self, attempt: Attempt, queued: Job, *, lost: bool) -> Outcome:
        """The printer has no such job: it keeps no history, or it lost it with its power."""
        if queued.state is not JobState.COMPLETED:
            return outcome(queued, attempt, self._label)
        cut = self._power.cuts > self._cuts.get(attempt, self._power.cuts)
        begun = queued.attributes.integer("time-at-processing") or 0
        if lost or cut or self._remembers or self._power.since(begun, time.time()):
            return Unknown(
                f"The printer {self._label} lost this job, as after a power cut: nobody can say whether it is on paper. "
                "Look at the printer, then say what is true."
            )
        return Printed(attempt.order.document.pages, confirmed=False, warning="the printer keeps no history of its jobs")
