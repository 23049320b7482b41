"""A printer as a program sees it: the operations of RFC 8011 as methods."""

from collections.abc import AsyncIterator, Iterable, Sequence

from libs.ipp.attributes import Attributes, Value
from libs.ipp.connection import Document
from libs.ipp.enums import Operation, Status
from libs.ipp.errors import IppAnswerError, IppError
from libs.ipp.job import Job
from libs.ipp.message import Group, Response
from libs.ipp.session import Given, Session
from libs.ipp.tags import GroupTag
from libs.ipp.values import Keyword, MimeMediaType, Name, Text

JOB_ATTRIBUTES = ("job-id", "job-uri", "job-uuid", "job-name", "job-state", "job-state-reasons", "job-state-message")
"""What is asked about jobs by default. cupsd 2.4 tells the names of ended jobs only when job-uuid is asked for too."""


class Client(Session):
    """A session whose operations have names; what a session can raise, they can."""

    async def get_printer_attributes(self, requested: Sequence[str] = ("all",)) -> Attributes:
        """The printer's attributes; `media-col-database` must be named, `all` leaves it out (PWG 5100.7)."""
        response = await self.request(Operation.GET_PRINTER_ATTRIBUTES, _requested(requested))
        return response.group(GroupTag.PRINTER)

    async def validate_job(
        self, *, name: str | None = None, document_format: str | None = None, job: Given | None = None
    ) -> Response:
        """Whether the printer would take a job; the response's `unsupported` says what it would ignore."""
        return await self.request(Operation.VALIDATE_JOB, _job_operation(name, document_format), _job_group(job))

    async def print_job(
        self,
        document: Document,
        *,
        name: str | None = None,
        document_format: str | None = None,
        job: Given | None = None,
        operation: Given | None = None,
    ) -> Job:
        """A job with one document, in one request; `operation` adds operation attributes, `job` the job template's."""
        attributes = _job_operation(name, document_format) | (operation or {})
        return _numbered(await self.request(Operation.PRINT_JOB, attributes, _job_group(job), document))

    async def create_job(self, *, name: str | None = None, job: Given | None = None, operation: Given | None = None) -> Job:
        """A job that waits for its documents."""
        attributes = _job_operation(name, None) | (operation or {})
        return _numbered(await self.request(Operation.CREATE_JOB, attributes, _job_group(job)))

    async def send_document(
        self,
        job_id: int,
        document: Document,
        *,
        document_format: str | None = None,
        name: str | None = None,
        last: bool = True,
    ) -> Job:
        """A document for a job that was created before; `last` closes the job."""
        attributes: dict[str, Value] = {"job-id": job_id}
        if name is not None:
            attributes["document-name"] = Name(name)
        if document_format is not None:
            attributes["document-format"] = MimeMediaType(document_format)
        attributes["last-document"] = last
        response = await self.request(Operation.SEND_DOCUMENT, attributes, (), document)
        return Job.of(Attributes({"job-id": job_id}) | response.group(GroupTag.JOB))

    async def get_job_attributes(self, job_id: int, requested: Sequence[str] = JOB_ATTRIBUTES) -> Job:
        """One job. IppError with client-error-not-found when the printer does not know it (any more)."""
        response = await self.request(Operation.GET_JOB_ATTRIBUTES, {"job-id": job_id, **_requested(requested)})
        return Job.of(response.group(GroupTag.JOB))

    async def get_jobs(
        self,
        which_jobs: str = "not-completed",
        requested: Sequence[str] = JOB_ATTRIBUTES,
        *,
        first_job_id: int | None = None,
        limit: int | None = None,
        my_jobs: bool = False,
    ) -> list[Job]:
        """One answer's worth of jobs; `first_job_id` (PWG 5100.11) where the printer knows it.

        Jobs about which the printer says nothing, not even a number (RFC 8010 section A.9), are left out.
        """
        asked = _requested(dict.fromkeys(("job-id", *requested)))
        attributes: dict[str, Value | Sequence[Value]] = {"which-jobs": Keyword(which_jobs), **asked}
        if first_job_id is not None:
            attributes["first-job-id"] = first_job_id
        if limit is not None:
            attributes["limit"] = limit
        if my_jobs:
            attributes["my-jobs"] = True
        response = await self.request(Operation.GET_JOBS, attributes)
        return [Job.of(attributes) for attributes in response.every(GroupTag.JOB) if "job-id" in attributes]

    async def all_jobs(self, requested: Sequence[str] = JOB_ATTRIBUTES, *, page: int | None = None) -> AsyncIterator[Job]:
        """Every job that the printer knows, ended or not, once each; as many answers as it takes, by first-job-id.

        cupsd gives 500 jobs in an answer, oldest first. `page` asks for fewer, which only such a printer should be
        asked: ippeveprinter lists the newest first and knows no first-job-id. A printer without `which-jobs=all` is
        asked for its two halves.
        """
        seen: set[int] = set()
        try:
            async for job in self._paged("all", requested, page, seen):
                yield job
        except IppError as error:
            if error.status != Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED:
                raise
            for which in ("not-completed", "completed"):
                for job in _unseen(await self.get_jobs(which, requested), seen):
                    yield job

    async def _paged(self, which_jobs: str, requested: Sequence[str], page: int | None, seen: set[int]) -> AsyncIterator[Job]:
        """Pages of jobs in the order of their numbers, which cupsd keeps for `all` only."""
        first = 1
        while new := _unseen(await self.get_jobs(which_jobs, requested, first_job_id=first, limit=page), seen):
            for job in new:
                yield job
            first = max(seen) + 1

    async def cancel_job(self, job_id: int, message: str | None = None) -> None:
        """Cancels a job. IppError with client-error-not-possible when it has ended."""
        said: dict[str, Value] = {} if message is None else {"message": Text(message)}
        await self.request(Operation.CANCEL_JOB, {"job-id": job_id, **said})

    async def hold_job(self, job_id: int, hold_until: str | None = None) -> None:
        """Holds a job, until a keyword of job-hold-until when one is given."""
        until: dict[str, Value] = {} if hold_until is None else {"job-hold-until": Keyword(hold_until)}
        await self.request(Operation.HOLD_JOB, {"job-id": job_id, **until})

    async def release_job(self, job_id: int) -> None:
        """Lets a held job go on."""
        await self.request(Operation.RELEASE_JOB, {"job-id": job_id})

    async def identify_printer(self, actions: Sequence[str] = (), message: str | None = None) -> None:
        """Makes the printer show itself (PWG 5100.13), by its own default or by `display`, `flash`, `sound`, `speak`."""
        attributes: dict[str, Value | Sequence[Value]] = {}
        if actions:
            attributes["identify-actions"] = [Keyword(action) for action in actions]
        if message is not None:
            attributes["message"] = Text(message)
        await self.request(Operation.IDENTIFY_PRINTER, attributes)


def _numbered(response: Response) -> Job:
    """The job that a request made; without its number nobody could ever ask about it."""
    job = Job.of(response.group(GroupTag.JOB))
    if job.id <= 0:
        raise IppAnswerError("the printer took a job without telling its number", sent=True)
    return job


def _unseen(jobs: Iterable[Job], seen: set[int]) -> list[Job]:
    """Jobs whose numbers are not `seen` yet, once each. One that ends between two answers stands in both, and a printer that
    answers several at a time may name one twice.
    """
    new = {job.id: job for job in jobs if job.id not in seen}
    seen.update(new)
    return list(new.values())


def _requested(names: Iterable[str]) -> dict[str, Value | Sequence[Value]]:
    return {"requested-attributes": [Keyword(name) for name in names]}


def _job_operation(name: str | None, document_format: str | None) -> Attributes:
    given: dict[str, Value] = {}
    if name is not None:
        given["job-name"] = Name(name)
    if document_format is not None:
        given["document-format"] = MimeMediaType(document_format)
    return Attributes(given)


def _job_group(job: Given | None) -> tuple[Group, ...]:
    return (Group(GroupTag.JOB, Attributes(job)),) if job else ()
