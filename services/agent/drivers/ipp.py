"""Driver `ipp`: straight to an IPP printer over a kept-alive connection, its own states and job list as the truth."""

import asyncio
import time

import structlog

from libs.contracts.devices import Capabilities
from libs.contracts.documents import RAW_MEDIA_TYPE
from libs.contracts.tickets import Ticket
from libs.ipp.attributes import Attributes
from libs.ipp.client import Client
from libs.ipp.connection import Patience
from libs.ipp.decoding import Limits
from libs.ipp.enums import Operation
from libs.ipp.errors import ClientError, IppAnswerError
from libs.ipp.session import Given
from services.agent import raw
from services.agent.attempt import Attempt
from services.agent.domain import Means, Outcome, Printed, Sight, Step, Unknown
from services.agent.drivers import Declined, Fault, Found, Seen
from services.agent.ipp import capabilities, counting, reasons
from services.agent.ipp.handover import Handover
from services.agent.ipp.jobs import Jobs, outcome, unreachable
from services.agent.ipp.ticket import job_attributes
from services.agent.ipp.watch import Forgotten, Watch
from services.agent.printer_uri import PrinterUri
from services.agent.stall import Stall

log = structlog.get_logger()

#: How often an idle printer is asked for its state, in seconds, and how often for everything.
IDLE = 2.0
EVERYTHING = 600.0
#: What an answer may hold: ten times what the most talkative printer says, and no more than the agent reads in a tenth of a second.
MOST_OCTETS, MOST = 4 * 1024 * 1024, Limits(values=40_000)
#: How long a printer whose answers are no IPP is left alone at most, in seconds.
QUARANTINE = 60.0
#: How wrong a printer's count of its own seconds may be, in seconds.
SLACK = 2.0


def connect(uri: PrinterUri) -> "IppPrinter":
    """`ipp://host:port/ipp/print?name=Office`, or ipps; `verify=no` takes any certificate.

    An IPP printer guesses what unnamed bytes are. `raw=true` says that it guesses right, so that labels pass untouched.
    """
    patience = Patience(connect=5.0, answer=min(15.0, uri.stall), stall=uri.stall)
    client = Client(uri.uri, user="printbus", patience=patience, verify=uri.verify, max_response=MOST_OCTETS, limits=MOST)
    return IppPrinter(client, uri)


class IppPrinter:
    """Driver and printer in one."""

    window = 16

    def __init__(self, client: Client, uri: PrinterUri) -> None:
        self.name = name = uri.name
        self.unknown = uri.unknown
        self.resume = uri.resume
        self.partial = uri.partial
        self.means = Means.LIST
        self.seen = reasons.unreachable(Seen(capabilities=raw.offered(Capabilities(), uri, passes=False)))
        self._uri = uri
        self._client = client
        self._jobs = Jobs(client, name, self.means)
        self._watch = Watch(self._jobs, self._look)
        self._handover = Handover(client, self._jobs, name)
        self._said = Attributes()
        self._creates = True
        self._changed_at: int | None = None
        self._up = 0
        self._nonsense = 0  # answers in a row that were no IPP
        self._trusted_at = 0.0  # by the loop's clock
        self._known = asyncio.Event()
        self._asking = asyncio.Lock()  # one question about itself at a time: ippeveprinter garbles two answers side by side
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
                        await self._learn(anew=self._known.is_set())
                        asked = loop.time()
                    changed = self._changed_at
                    await self._look()
                    if self._changed_at != changed:
                        asked = -EVERYTHING
                    self._nonsense = 0
                except IppAnswerError as error:
                    self._distrust(error)
                except ClientError as error:
                    log.debug("printer not reached", printer=self.name, error=str(error)[:200])
                    self._see(reasons.unreachable(self.seen))
                await asyncio.sleep(max(IDLE, self._trusted_at - loop.time()))
        except asyncio.CancelledError:  # a run that broke is begun again, and meanwhile what prints is followed
            await self._watch.close()
            await self._client.close()
            raise

    async def prepare(self, attempt: Attempt) -> None:
        """Refuse what the printer cannot do, before any byte; then note that a job may stand there from now on."""
        await self._learned()
        formats = self.seen.capabilities.formats
        media_type = attempt.content.media_type
        if media_type not in formats and (formats or media_type in raw.UNTOUCHED):
            raise Declined("unsupported-document-format", f"The printer {self.name} does not take {media_type}.")
        self._attributes(attempt)
        await attempt.reach(Step.INTENT)

    async def put(self, attempt: Attempt) -> None:
        if attempt.strayed:  # a request for a job was not answered
            await self._jobs.discard(attempt)
        attributes = self._attributes(attempt)
        async with Stall(attempt, self.name) as stall:
            if self.means is Means.HOLD:
                await self._handover.held(attempt, attributes, stall)
            elif self._creates:
                await self._handover.created(attempt, attributes, stall)
            else:
                await self._handover.at_once(attempt, attributes, stall)
        attempt.left_at = time.monotonic()

    async def follow(self, attempt: Attempt) -> Outcome:
        if attempt.step < Step.RELEASED:
            await attempt.reach(Step.RELEASED, job=attempt.job, sent=True)
        try:
            job = await self._watch.end(attempt)
        except Forgotten:
            return await self._forgotten(attempt)
        counts = self._known.is_set() and counting.trusted(self._said)
        return outcome(job, attempt, self.name, counting.sure(job, attempt.order, self.seen.capabilities) if counts else 0)

    async def look(self, attempt: Attempt) -> Sight:
        await self._learned()
        return await self._jobs.look(attempt)

    async def release(self, attempt: Attempt) -> None:
        await self._handover.release(attempt)

    async def discard(self, attempt: Attempt) -> None:
        await self._jobs.discard(attempt)

    async def _forgotten(self, attempt: Attempt) -> Outcome:
        """The number is unknown there: look for the name, then for a power cut."""
        found = await self._jobs.find(attempt)
        if found.job and found.job.id != attempt.job:
            attempt.job = found.job.id
            return await self.follow(attempt)
        try:
            await self._look()
        except ClientError as error:
            raise unreachable(self.name, error) from error
        if attempt.left_at and self._up > time.monotonic() - attempt.left_at + SLACK:
            return Printed(attempt.order.document.pages, confirmed=False, warning="the printer keeps no history of its jobs")
        return Unknown(
            f"The printer {self.name} does not know this job any more, as after a power cut: nobody can say whether it is on "
            "paper. Look at the printer, then say what is true.",
            attempt.pages,
        )

    def _attributes(self, attempt: Attempt) -> Given:
        ticket = attempt.order.ticket
        if attempt.content.media_type in raw.UNTOUCHED:  # it says everything else itself
            ticket = Ticket(copies=ticket.copies)
        return job_attributes(ticket, self._said, self.seen.capabilities)

    def _distrust(self, error: IppAnswerError) -> None:
        """Its answers are no IPP: ask it ever more seldom, as each may be as large and as slow as it likes."""
        if not self._nonsense:
            log.warning("printer answers nonsense", printer=self.name, error=str(error)[:200])
        self._nonsense += 1
        self._trusted_at = asyncio.get_running_loop().time() + min(IDLE * 2**self._nonsense, QUARANTINE)
        self._see(reasons.quarantined(self.seen))

    async def _learned(self) -> None:
        """Once it is known what the printer is and can. Raises `Fault`."""
        if self._trusted_at > asyncio.get_running_loop().time():
            message = f"What the printer {self.name} answers is not IPP. It is asked again from time to time."
            raise Fault(reasons.NONSENSE, message)
        if not self._known.is_set():
            try:
                await self._learn(anew=False)
            except IppAnswerError as error:
                self._distrust(error)
                raise unreachable(self.name, error) from error
            except ClientError as error:
                raise unreachable(self.name, error) from error

    async def _learn(self, *, anew: bool = True) -> None:
        """What the printer is and can; unless `anew`, only if it is not known yet. Raises `ClientError`."""
        async with self._asking:
            if anew or not self._known.is_set():
                self._understand(await self._client.get_printer_attributes(capabilities.REQUESTED))

    def _understand(self, said: Attributes) -> None:
        operations = said.integers("operations-supported")
        creation = said.strings("job-creation-attributes-supported")
        holds = Operation.RELEASE_JOB in operations and ("job-hold-until" in creation or "job-hold-until-supported" in said)
        self._creates = Operation.CREATE_JOB in operations and Operation.SEND_DOCUMENT in operations
        self.means = self._jobs.means = Means.HOLD if holds and self._creates else Means.LIST
        self._said = said
        self._known.set()
        can = raw.offered(capabilities.read(said), self._uri, passes=False)
        self._handover.untouched = raw.CUPS_RAW if raw.CUPS_RAW in said.strings("document-format-supported") else RAW_MEDIA_TYPE
        known = Seen(capabilities=can, system_default=self.seen.system_default, rated=capabilities.rated(said))
        self._see(reasons.read_state(said, known))

    async def _look(self) -> Seen:
        """The printer's state now. Raises `ClientError`."""
        async with self._asking:
            said = await self._client.get_printer_attributes(reasons.STATE_ATTRIBUTES)
        self._changed_at = said.integer("printer-config-change-time")
        self._up = said.integer("printer-up-time") or 0
        self._see(reasons.read_state(said, self.seen))
        return self.seen

    def _see(self, seen: Seen) -> None:
        if seen != self.seen:
            self.seen = seen
            self._found([self])
