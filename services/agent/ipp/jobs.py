"""Our jobs in a printer's own list: found by name, never by number alone, and followed to their end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.ipp.enums import JobState, Status
from libs.ipp.errors import ClientError, IppError
from libs.ipp.job import Job
from libs.runtime.latest import Latest
from services.agent.attempt import Attempt
from services.agent.domain import Failed, Means, Outcome, Printed, Sight, Step
from services.agent.drivers import STUCK, Fault
from services.agent.ipp.capabilities import words

#: cupsd tells the names of ended jobs only to who asks for job-uuid too.
REQUESTED = (
    "job-id",
    "job-uuid",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-state-message",
    "job-impressions-completed",
    "job-media-sheets-completed",
    "number-of-documents",
    "time-at-processing",
)
_WITHOUT_DATA = frozenset({"job-data-insufficient", "job-incoming"})
#: How long bytes that were on their way when the connection was lost may still arrive, in seconds.
ARRIVAL = 5.0


def unreachable(printer: str, error: ClientError) -> Fault:
    """The printer cannot be asked now."""
    return Fault("connecting-to-device", f"The printer {printer} does not answer ({_cause(error)}).")


def stuck(printer: str) -> Fault:
    """The printer has begun to take a document, and does not go on."""
    return Fault(STUCK, f"The printer {printer} stopped reading in the middle of the document.")


def _cause(error: ClientError) -> str:
    return error.keyword if isinstance(error, IppError) else "no connection" if not error.sent else "it broke off"


def sight(job: Job, attempt: Attempt, means: Means) -> Sight:
    """What one job of our name means for its attempt."""
    if job.state is None or job.state in (JobState.PENDING, JobState.PENDING_HELD):
        if _WITHOUT_DATA & set(job.reasons) or job.attributes.integer("number-of-documents") == 0:
            return Sight.EMPTY
        held = job.state is JobState.PENDING_HELD and attempt.step is not Step.RELEASED  # then it was not us who holds it
        return Sight.HELD if held else Sight.LIVE
    begun = job.attributes.integer("time-at-processing") is not None
    if job.state is JobState.CANCELED and not begun and _ours(job, attempt, means):
        return Sight.EMPTY  # cleared away by us, before it had its document
    return Sight.ENDED if job.state.ended else Sight.LIVE


def _ours(job: Job, attempt: Attempt, means: Means) -> bool:
    """Whether it was us who canceled a job: we know it, or nobody else can have seen it with its document."""
    return job.id in attempt.discarded or (means is Means.LIST and attempt.step < Step.RELEASED)


_WEIGHT = {Sight.ENDED: 3, Sight.LIVE: 3, Sight.HELD: 2, Sight.EMPTY: 1}


@dataclass(frozen=True, slots=True)
class Found:
    """All jobs under one attempt's name: the one that counts, and what it shows. The others are without ink."""

    sight: Sight
    job: Job | None = None
    others: tuple[Job, ...] = ()


class JobList(Protocol):
    """Whatever can be asked for jobs in IPP's words: an IPP client, or a connection to cupsd. Raises `ClientError`s."""

    def all_jobs(self, requested: Sequence[str]) -> AsyncIterator[Job]:
        """Every job that is known, ended or not."""

    async def get_jobs(self, which_jobs: str, requested: Sequence[str], *, first_job_id: int | None) -> list[Job]:
        """Jobs from a number on."""

    async def get_job_attributes(self, job_id: int, requested: Sequence[str]) -> Job:
        """One job."""

    async def cancel_job(self, job_id: int) -> None:
        """Cancel one job."""


class Listing:
    """A printer's whole list of jobs, by name. Whoever looks at the same time shares one list: that is short work for a printer,
    and one that answers several at a time may leave jobs out (ippeveprinter walks through one list for all).
    """

    def __init__(self, client: JobList) -> None:
        self._client = client
        self._latest: Latest[dict[str, list[Job]]] = Latest(self._list)

    async def named(self, name: str) -> list[Job]:
        """The jobs of this name. Raises `ClientError`."""
        return (await self._latest.get()).get(name, [])

    async def _list(self) -> dict[str, list[Job]]:
        known: dict[str, list[Job]] = {}
        async for job in self._client.all_jobs(REQUESTED):
            known.setdefault(job.name or "", []).append(job)
        return known


class Jobs:
    """The job list of one printer or queue. `label` names it in sentences."""

    def __init__(self, client: JobList, label: str, means: Means) -> None:
        self.client = client
        self.label = label
        self.means = means
        self._listing = Listing(client)

    async def find(self, attempt: Attempt) -> Found:
        """Our jobs by name, waiting for bytes that may be on their way. Raises `Fault`."""
        deadline = asyncio.get_running_loop().time() + ARRIVAL
        while True:
            found = await self._find(attempt)
            arriving = found.job is not None and found.sight is Sight.EMPTY and "job-incoming" in found.job.reasons
            if not arriving or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(0.1)

    async def _find(self, attempt: Attempt) -> Found:
        try:
            ours = await self._listing.named(attempt.name) or await self._unlisted(attempt)
        except ClientError as error:
            raise unreachable(self.label, error) from error
        if not ours:
            return Found(Sight.ABSENT)
        ranked = sorted(ours, key=lambda job: (_WEIGHT[sight(job, attempt, self.means)], job.id))
        return Found(sight(ranked[-1], attempt, self.means), ranked[-1], tuple(ranked[:-1]))

    async def _unlisted(self, attempt: Attempt) -> list[Job]:
        """A job that may be on paper is asked for by its number before its absence is believed, or looked for again without one."""
        if attempt.step < Step.RELEASING:
            return []
        if attempt.job is None:
            return await self._listing.named(attempt.name)
        job = await self.state(attempt)
        return [job] if job else []

    async def look(self, attempt: Attempt) -> Sight:
        """What the list shows under the attempt's name; its job's number is noted. Raises `Fault`."""
        found = await self.find(attempt)
        if found.job:
            attempt.job = found.job.id
        if found.sight in (Sight.LIVE, Sight.HELD, Sight.ENDED):
            await self._cancel_all(attempt, found.others)
        return found.sight

    async def discard(self, attempt: Attempt) -> None:
        """Cancel what stands there without ink. Raises `Fault`."""
        found = await self.find(attempt)
        if found.sight in (Sight.EMPTY, Sight.HELD) and found.job:
            await self._cancel_all(attempt, (found.job, *found.others))
        attempt.strayed = False

    async def _cancel_all(self, attempt: Attempt, jobs: tuple[Job, ...]) -> None:
        for job in jobs:
            if job.state is None or not job.state.ended:
                await self.cancel(attempt, job.id)

    async def cancel(self, attempt: Attempt, number: int) -> None:
        """Cancel one job, if it has not ended. Raises `Fault`."""
        attempt.discarded.add(number)
        try:
            await self.client.cancel_job(number)
        except IppError as error:
            if error.status not in (Status.CLIENT_ERROR_NOT_POSSIBLE, Status.CLIENT_ERROR_NOT_FOUND):
                raise Fault("other", f"The printer {self.label} does not cancel a job ({error.keyword}).") from error
        except ClientError as error:
            raise unreachable(self.label, error) from error

    async def state(self, attempt: Attempt) -> Job | None:
        """The attempt's job now; None when the printer does not know it any more. Raises `ClientError`."""
        if attempt.job is None:
            return None
        try:
            job = await self.client.get_job_attributes(attempt.job, REQUESTED)
        except IppError as error:
            if error.status in (Status.CLIENT_ERROR_NOT_FOUND, Status.CLIENT_ERROR_GONE):
                return None
            raise
        return job if job.name in (attempt.name, None) else None  # numbers begin anew after a power cut


def pages(job: Job) -> int:
    """Impressions that are done, as far as the printer counts them; of one that counts sheets only, one for each."""
    said = job.attributes
    done = said.integer("job-impressions-completed") or said.integer("job-media-sheets-completed") or 0
    return min(max(done, 0), 1_000_000)


def outcome(job: Job, attempt: Attempt, printer: str, sure: int = 0) -> Outcome:
    """What an ended job means. `attempt.step` tells whether the printer ever had all of the document, `sure` how many of its sides
    are on paper for certain.
    """
    done = max(pages(job), sure)
    reasons = words(job.reasons)
    if job.state is JobState.COMPLETED:
        warnings = [each for each in reasons if each in ("job-completed-with-warnings", "job-completed-with-errors")]
        return Printed(pages=done or attempt.order.document.pages, warning=", ".join(warnings))
    if job.state is JobState.CANCELED:
        by = "job-canceled-by-user" if "job-canceled-by-user" in reasons else "job-canceled-at-device"
        return Failed(by, f"Its job was canceled at the printer {printer}.", canceled=True, pages=done)
    cause = next((each for each in reasons if each in _CAUSES), "aborted-by-system")
    whole = attempt.step >= Step.RELEASED
    return Failed(
        cause,
        f"The printer {printer} gave it up ({', '.join(reasons) or 'it does not say why'})"
        + (f" after {done} {'page' if done == 1 else 'pages'}." if done else "."),
        transient=not whole and not done,
        pages=done,
        sure=sure,
    )


_CAUSES = (
    "document-format-error",
    "document-unprintable-error",
    "document-password-error",
    "document-security-error",
    "document-permission-error",
    "document-access-error",
    "unsupported-document-format",
    "unsupported-attributes-or-values",
    "unsupported-compression",
    "compression-error",
    "resources-are-not-ready",
)
