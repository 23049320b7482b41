"""Giving a document to an IPP printer, in the most exact of three ways that it offers (design.md rule 9)."""

import asyncio
from collections.abc import AsyncIterator

from libs.contracts.documents import RAW_MEDIA_TYPE
from libs.ipp.client import Client
from libs.ipp.connection import Document
from libs.ipp.enums import Status
from libs.ipp.errors import ClientError, IppError, IppTimeoutError
from libs.ipp.session import Given
from libs.ipp.values import Keyword
from libs.runtime.crashpoint import crashpoint
from services.agent.attempt import Attempt
from services.agent.domain import Step
from services.agent.drivers import Declined, Fault
from services.agent.ipp.jobs import Jobs, stuck, unreachable
from services.agent.ipp.refusals import FINAL
from services.agent.raw import UNTOUCHED
from services.agent.stall import Stall

#: A printer that is busy with another job is asked again after half a millisecond, then ever more slowly.
BUSY_FIRST = 0.0005
BUSY_GROWTH = 1.3
BUSY_LAST = 0.25
BUSY_LIMIT = 10.0
#: Documents up to this many bytes go in one piece.
SMALL = 64 * 1024

_BUSY = frozenset({Status.SERVER_ERROR_BUSY, Status.SERVER_ERROR_TOO_MANY_JOBS})


class Handover:
    """The three ways; each takes an attempt from INTENT over RELEASING. Raise `Fault` and `Declined`.

    `untouched` is the document format under which the printer takes bytes that are to pass as they are.
    """

    def __init__(self, client: Client, jobs: Jobs, label: str) -> None:
        self._client = client
        self._jobs = jobs
        self._label = label
        self.untouched = RAW_MEDIA_TYPE

    async def held(self, attempt: Attempt, attributes: Given, stall: Stall) -> None:
        """The held-job protocol: the document lies in the printer before the point of no return."""
        await self._create(attempt, {**attributes, "job-hold-until": Keyword("indefinite")}, stall)
        await attempt.reach(Step.CREATED, job=attempt.job)
        try:
            await self._send(attempt, stall)
        except ClientError as error:
            attempt.strayed = True
            raise unreachable(self._label, error) from error
        await attempt.reach(Step.SENT)
        await self.release(attempt)

    async def release(self, attempt: Attempt) -> None:
        """Let a held job go; may be repeated."""
        await attempt.reach(Step.RELEASING)
        try:
            await self._client.release_job(attempt.job or 0)
        except ClientError as error:
            raise unreachable(self._label, error) from error

    async def created(self, attempt: Attempt, attributes: Given, stall: Stall) -> None:
        """A job under our name first, its document past the point of no return."""
        await self._create(attempt, attributes, stall)
        await attempt.reach(Step.RELEASING, job=attempt.job)
        try:
            await self._send(attempt, stall)
        except ClientError as error:
            raise unreachable(self._label, error) from error

    async def at_once(self, attempt: Attempt, attributes: Given, stall: Stall) -> None:
        """Print-Job, for printers without Create-Job: nothing can be asked of it between the two."""
        pause = BUSY_FIRST
        while True:
            await attempt.reach(Step.RELEASING)
            try:
                job = await self._client.print_job(
                    _document(attempt, stall),
                    name=attempt.name,
                    document_format=self._format(attempt),
                    job=attributes,
                )
            except IppError as error:
                if error.status not in _BUSY:
                    raise self._refused(error) from error
                stall.progress()
            except ClientError as error:
                raise unreachable(self._label, error) from error
            else:
                attempt.job = job.id
                return
            await attempt.reach(Step.INTENT)  # it took nothing: a withdrawal is still in time
            await asyncio.sleep(pause)
            pause = min(pause * BUSY_GROWTH, BUSY_LAST)

    async def _create(self, attempt: Attempt, attributes: Given, stall: Stall) -> None:
        """A job of our name, as soon as the printer takes one."""
        pause, waited = BUSY_FIRST, 0.0
        while True:
            try:
                job = await self._client.create_job(name=attempt.name, job=attributes)
            except IppError as error:
                if error.status not in _BUSY:
                    raise self._refused(error) from error
                stall.progress()
            except ClientError as error:
                attempt.strayed = error.sent
                raise unreachable(self._label, error) from error
            else:
                attempt.job = job.id
                return
            if waited > BUSY_LIMIT:
                raise Fault("", f"The printer {self._label} is busy with another job.")
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * BUSY_GROWTH, BUSY_LAST)

    async def _send(self, attempt: Attempt, stall: Stall) -> None:
        try:
            await self._client.send_document(attempt.job or 0, _document(attempt, stall), document_format=self._format(attempt))
        except IppError as error:
            if error.status in FINAL:
                await self._jobs.discard(attempt)
                raise self._refused(error) from error
            raise
        except IppTimeoutError as error:
            raise stuck(self._label) from error

    def _format(self, attempt: Attempt) -> str:
        media_type = attempt.content.media_type
        return self.untouched if media_type in UNTOUCHED else media_type

    def _refused(self, error: IppError) -> Fault | Declined:
        if error.status in FINAL:
            return Declined(FINAL[error.status], f"The printer {self._label} refuses it ({error.keyword}).")
        return Fault("other", f"The printer {self._label} does not take jobs now ({error.keyword}).")


def _document(attempt: Attempt, stall: Stall) -> Document:
    """The document, in one piece if it is small, or as pieces that count as progress."""
    content = attempt.content
    return content.data if content.path is None and len(content.data) <= SMALL else _pieces(attempt, stall)


async def _pieces(attempt: Attempt, stall: Stall) -> AsyncIterator[bytes]:
    first, before = True, 0
    async for piece in attempt.content.pieces():
        stall.progress(before)
        before = len(piece)
        yield piece
        if first:
            crashpoint("agent-mid-document")
            first = False
