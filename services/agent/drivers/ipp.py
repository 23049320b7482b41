"""Driver `ipp`: straight to an IPP printer over a kept-alive connection, its own states and job list as the truth."""

import asyncio
from collections.abc import AsyncIterator

import structlog

from libs.contracts.devices import UnknownPolicy
from libs.ipp.attributes import Attributes, Value
from libs.ipp.client import Client
from libs.ipp.connection import Document, Patience
from libs.ipp.enums import Operation, Status
from libs.ipp.errors import ClientError, IppError
from libs.ipp.values import Keyword
from libs.runtime.crashpoint import crashpoint
from services.agent.attempt import Attempt
from services.agent.domain import Means, Outcome, Sight, Step, Unknown
from services.agent.drivers import Declined, Fault, Found, Seen
from services.agent.ipp import capabilities, reasons
from services.agent.ipp.jobs import Jobs, outcome, unreachable
from services.agent.ipp.refusals import FINAL
from services.agent.ipp.ticket import job_attributes
from services.agent.ipp.watch import Forgotten, Watch
from services.agent.printer_uri import PrinterUri
from services.agent.stall import Stall

log = structlog.get_logger()

#: How often an idle printer is asked for its state, in seconds, and how often for everything.
IDLE = 2.0
EVERYTHING = 600.0
#: A printer that is busy with another job is asked again after a millisecond, then ever more slowly.
BUSY_FIRST = 0.0005
BUSY_GROWTH = 1.3
BUSY_LAST = 0.25
BUSY_LIMIT = 10.0
#: Documents up to this many bytes go in one piece.
SMALL = 64 * 1024

_BUSY = frozenset({Status.SERVER_ERROR_BUSY, Status.SERVER_ERROR_TOO_MANY_JOBS})


def connect(uri: PrinterUri) -> "IppPrinter":
    """`ipp://host:port/ipp/print?name=Office`, or ipps; `verify=no` takes any certificate."""
    client = Client(uri.uri, user="printbus", patience=Patience(connect=5.0, answer=15.0, stall=600.0), verify=uri.verify)
    return IppPrinter(client, uri.name, uri.unknown)


class IppPrinter:
    """Driver and printer in one."""

    window = 16

    def __init__(self, client: Client, name: str, unknown: UnknownPolicy) -> None:
        self.name = name
        self.unknown = unknown
        self.means = Means.LIST
        self.seen = reasons.unreachable(Seen())
        self._client = client
        self._jobs = Jobs(client, name, self.means)
        self._watch = Watch(self._jobs, self._look)
        self._said = Attributes()
        self._creates = True
        self._changed_at: int | None = None
        self._known = asyncio.Event()
        self._found: Found = lambda _printers: None

    async def run(self, found: Found) -> None:
        """Ask the printer what it is and can, then how it is, again and again."""
        self._found = found
        found([self])
        loop = asyncio.get_running_loop()
        asked = -EVERYTHING
        try:
            while True:
                try:
                    if loop.time() - asked >= EVERYTHING or not self._known.is_set():
                        await self._learn()
                        asked = loop.time()
                    changed = self._changed_at
                    await self._look()
                    if self._changed_at != changed:
                        asked = -EVERYTHING
                except ClientError as error:
                    log.debug("printer not reached", printer=self.name, error=str(error)[:200])
                    self._see(reasons.unreachable(self.seen))
                await asyncio.sleep(IDLE)
        finally:
            await self._watch.close()
            await self._client.close()

    async def prepare(self, attempt: Attempt) -> None:
        """Refuse what the printer cannot do, before any byte; then note that a job may stand there from now on."""
        await self._learned()
        formats = self.seen.capabilities.formats
        media_type = attempt.content.media_type
        if formats and media_type not in formats:
            raise Declined("unsupported-document-format", f"The printer {self.name} does not take {media_type}.")
        self._attributes(attempt)
        await attempt.reach(Step.INTENT)

    async def put(self, attempt: Attempt) -> None:
        if attempt.strayed:  # a request for a job was not answered
            await self._jobs.discard(attempt)
        async with Stall(attempt, self.name) as stall:
            if self.means is Means.HOLD:
                await self._put_held(attempt, stall)
            elif self._creates:
                await self._put_created(attempt, stall)
            else:
                await self._put_at_once(attempt, stall)

    async def follow(self, attempt: Attempt) -> Outcome:
        if attempt.step < Step.RELEASED:
            await attempt.reach(Step.RELEASED, sent=True)
        try:
            return outcome(await self._watch.end(attempt), attempt, self.name)
        except Forgotten:
            return await self._forgotten(attempt)

    async def look(self, attempt: Attempt) -> Sight:
        await self._learned()
        return await self._jobs.look(attempt)

    async def release(self, attempt: Attempt) -> None:
        await attempt.reach(Step.RELEASING)
        try:
            await self._client.release_job(attempt.job or 0)
        except ClientError as error:
            raise unreachable(self.name, error) from error

    async def discard(self, attempt: Attempt) -> None:
        await self._jobs.discard(attempt)

    async def _put_held(self, attempt: Attempt, stall: Stall) -> None:
        """The held-job protocol: the document lies in the printer before the point of no return."""
        held: dict[str, Value] = {"job-hold-until": Keyword("indefinite")}
        await self._create(attempt, self._attributes(attempt) | held, stall)
        await attempt.reach(Step.CREATED, job=attempt.job)
        try:
            await self._send(attempt, stall)
        except ClientError as error:
            attempt.strayed = True
            raise unreachable(self.name, error) from error
        await attempt.reach(Step.SENT)
        await self.release(attempt)

    async def _put_created(self, attempt: Attempt, stall: Stall) -> None:
        await self._create(attempt, self._attributes(attempt), stall)
        await attempt.reach(Step.RELEASING)
        try:
            await self._send(attempt, stall)
        except ClientError as error:
            raise unreachable(self.name, error) from error

    async def _put_at_once(self, attempt: Attempt, stall: Stall) -> None:
        """Print-Job, for printers without Create-Job: nothing can be asked of it between the two."""
        pause = BUSY_FIRST
        while True:
            await attempt.reach(Step.RELEASING)
            try:
                job = await self._client.print_job(
                    _document(attempt, stall),
                    name=attempt.name,
                    document_format=attempt.content.media_type,
                    job=self._attributes(attempt),
                )
            except IppError as error:
                if error.status not in _BUSY:
                    raise self._refused(error) from error
                stall.progress()
            except ClientError as error:
                raise unreachable(self.name, error) from error
            else:
                attempt.job = job.id
                return
            await attempt.reach(Step.INTENT)  # it took nothing: a withdrawal is still in time
            await asyncio.sleep(pause)
            pause = min(pause * BUSY_GROWTH, BUSY_LAST)

    async def _create(self, attempt: Attempt, attributes: dict[str, Value], stall: Stall) -> None:
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
                raise unreachable(self.name, error) from error
            else:
                attempt.job = job.id
                return
            if waited > BUSY_LIMIT:
                raise Fault("", f"The printer {self.name} is busy with another job.")
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * BUSY_GROWTH, BUSY_LAST)

    async def _send(self, attempt: Attempt, stall: Stall) -> None:
        try:
            await self._client.send_document(
                attempt.job or 0, _document(attempt, stall), document_format=attempt.content.media_type
            )
        except IppError as error:
            if error.status in FINAL:
                await self._jobs.discard(attempt)
                raise self._refused(error) from error
            raise

    def _refused(self, error: IppError) -> Fault | Declined:
        if error.status in FINAL:
            return Declined(FINAL[error.status], f"The printer {self.name} refuses it ({error.keyword}).")
        return Fault("other", f"The printer {self.name} does not take jobs now ({error.keyword}).")

    async def _forgotten(self, attempt: Attempt) -> Outcome:
        """The number is unknown there: look for the name, then say that nobody knows."""
        found = await self._jobs.find(attempt)
        if found.job and found.job.id != attempt.job:
            attempt.job = found.job.id
            return await self.follow(attempt)
        return Unknown(
            f"The printer {self.name} does not know this job any more, as after a power cut: nobody can say whether it is on "
            "paper. Look at the printer, then say what is true."
        )

    def _attributes(self, attempt: Attempt) -> dict[str, Value]:
        return job_attributes(attempt.order.ticket, self._said, self.seen.capabilities)

    async def _learned(self) -> None:
        """Once it is known what the printer is and can. Raises `Fault`."""
        if not self._known.is_set():
            try:
                await self._learn()
            except ClientError as error:
                raise unreachable(self.name, error) from error

    async def _learn(self) -> None:
        said = await self._client.get_printer_attributes(capabilities.REQUESTED)
        operations = said.integers("operations-supported")
        creation = said.strings("job-creation-attributes-supported")
        holds = Operation.RELEASE_JOB in operations and ("job-hold-until" in creation or "job-hold-until-supported" in said)
        self._creates = Operation.CREATE_JOB in operations and Operation.SEND_DOCUMENT in operations
        self.means = self._jobs.means = Means.HOLD if holds and self._creates else Means.LIST
        self._said = said
        self._known.set()
        known = Seen(capabilities=capabilities.read(said), system_default=self.seen.system_default)
        self._see(reasons.read_state(said, known))

    async def _look(self) -> Seen:
        """The printer's state now. Raises `ClientError`."""
        said = await self._client.get_printer_attributes(reasons.STATE_ATTRIBUTES)
        self._changed_at = said.integer("printer-config-change-time")
        self._see(reasons.read_state(said, self.seen))
        return self.seen

    def _see(self, seen: Seen) -> None:
        if seen != self.seen:
            self.seen = seen
            self._found([self])


def _document(attempt: Attempt, stall: Stall) -> Document:
    """The document, in one piece if it is small, or as pieces that count as progress."""
    content = attempt.content
    return content.data if content.path is None and len(content.data) <= SMALL else _pieces(attempt, stall)


async def _pieces(attempt: Attempt, stall: Stall) -> AsyncIterator[bytes]:
    first = True
    async for piece in attempt.content.pieces():
        stall.progress()
        yield piece
        if first:
            crashpoint("agent-mid-document")
            first = False
