"""One CUPS queue as a printer: the held-job protocol, and one released job at a time, so that a retry keeps its place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Protocol

from libs.contracts.devices import Capabilities, PrinterState
from libs.ipp.attributes import Attributes
from libs.ipp.enums import JobState
from libs.ipp.errors import ClientError, IppError
from libs.ipp.job import Job
from libs.ipp.session import Given
from services.agent import raw
from services.agent.attempt import Attempt
from services.agent.cups.device import QueueDevice, device_uri
from services.agent.cups.options import copies, options
from services.agent.documents import Content
from services.agent.domain import Means, Outcome, Sight, Step, Unknown
from services.agent.drivers import Declined, Fault, Seen
from services.agent.ipp import capabilities
from services.agent.ipp.jobs import Jobs, outcome, unreachable
from services.agent.ipp.reasons import STATE_ATTRIBUTES, plain, read_state
from services.agent.ipp.refusals import FINAL
from services.agent.ipp.watch import Forgotten, Watch
from services.agent.printer_uri import PrinterUri
from services.agent.stall import Stall

#: What CUPS says of a queue when the printer forgot a job that it was printing.
LOST = "cups-ipp-missing-job-history"
_STATE = (*STATE_ATTRIBUTES, "device-uri")


class Spooler(Protocol):
    """A connection to cupsd. Its methods raise `ClientError`s."""

    async def create(self, queue: str, name: str, chosen: Given) -> int:
        """A held job without data; its number."""

    async def send(self, queue: str, number: int, name: str, content: Content, progress: "asyncio.Event") -> None:
        """A held job's only document, under its content's media type. `progress` is set whenever CUPS has taken a piece."""

    async def release(self, number: int) -> None:
        """Let a held job go."""

    async def queue(self, name: str, requested: Sequence[str]) -> Attributes:
        """A queue's own attributes."""

    def all_jobs(self, requested: Sequence[str]) -> AsyncIterator[Job]: ...

    async def get_jobs(self, which_jobs: str, requested: Sequence[str], *, first_job_id: int | None) -> list[Job]: ...

    async def get_job_attributes(self, job_id: int, requested: Sequence[str]) -> Job: ...

    async def cancel_job(self, job_id: int) -> None: ...

    async def close(self) -> None: ...


class CupsQueue:
    """A printer of the `cups` driver, which tells it how its queue is (`refresh`)."""

    means = Means.HOLD
    window = 8

    def __init__(self, spooler: Spooler, queue: str, name: str, uri: PrinterUri) -> None:
        self.name = name
        self.unknown = uri.unknown
        self.resume = uri.resume
        self.partial = uri.partial
        self._uri = uri
        self.seen = Seen()
        self._spooler = spooler
        self._queue = queue
        self._device: QueueDevice | None = None
        self._jobs = Jobs(spooler, name, self.means)
        self._watch = Watch(self._jobs, self._look)
        self._learned: str | None = None
        self._free = asyncio.Event()
        self._free.set()
        self._released: Attempt | None = None

    async def close(self) -> None:
        """Stop watching and close the connections."""
        await self._watch.close()
        if self._device:
            await self._device.close()
        await self._spooler.close()

    async def refresh(self, *, default: bool) -> None:
        """How the queue is now; an IPP device is asked itself. Raises `ClientError`."""
        said = await self._spooler.queue(self._queue, _STATE)
        uri = said.string("device-uri") or ""
        if uri != self._learned:
            await self._learn(uri)
        own = read_state(said, Seen(capabilities=self.seen.capabilities, system_default=default))
        if self._device and own.state is not PrinterState.STOPPED and own.accepting:
            own = await self._device.state(own)
        self.seen = own

    def lose(self) -> None:
        """Cupsd does not answer."""
        self.seen = Seen(
            PrinterState.UNREACHABLE, ("connecting-to-device",), capabilities=self.seen.capabilities, accepting=self.seen.accepting
        )

    async def prepare(self, attempt: Attempt) -> None:
        """Refuse what the printer cannot do; then note that a job may stand there from now on."""
        if self._learned is None:
            raise Fault("connecting-to-device", f"The print server of {self.name} does not answer.")
        self._chosen(attempt)
        await attempt.reach(Step.INTENT)

    async def put(self, attempt: Attempt) -> None:
        if attempt.strayed:
            await self._jobs.discard(attempt)
        async with Stall(attempt, self.name) as stall:
            await self._create(attempt)
            stall.progress()
            await attempt.reach(Step.CREATED, job=attempt.job)
            await self._send(attempt, stall)
            await attempt.reach(Step.SENT)
        await self.release(attempt)

    async def follow(self, attempt: Attempt) -> Outcome:
        try:
            if attempt.step < Step.RELEASED:
                await attempt.reach(Step.RELEASED)
            job = await self._watch.end(attempt)
        except Forgotten:
            return Unknown(
                f"The print server of {self.name} does not know this job any more: nobody can say whether it is on paper. "
                "Look at the printer, then say what is true."
            )
        finally:
            self._let_next(attempt)
        if job.state is JobState.PENDING_HELD:
            return await self._held_again(attempt, job)
        if self._device:
            return await self._device.truth(attempt, job, lost=await self._lost())
        return outcome(job, attempt, self.name)

    async def look(self, attempt: Attempt) -> Sight:
        return await self._jobs.look(attempt)

    async def release(self, attempt: Attempt) -> None:
        await self._free.wait()
        await attempt.reach(Step.RELEASING)
        self._free.clear()
        self._released = attempt
        if self._device:
            self._device.begin(attempt)
        try:
            await self._spooler.release(attempt.job or 0)
        except BaseException as error:
            self._let_next(attempt)
            if isinstance(error, ClientError):
                raise unreachable(self.name, error) from error
            raise

    async def discard(self, attempt: Attempt) -> None:
        await self._jobs.discard(attempt)

    def _let_next(self, attempt: Attempt) -> None:
        """This one is released no more, so that another may be."""
        if self._released is attempt:
            self._released = None
            self._free.set()

    def _chosen(self, attempt: Attempt) -> Given:
        """What its job is created with. Raises `Declined`."""
        can, media_type = self.seen.capabilities, attempt.content.media_type
        if media_type not in raw.UNTOUCHED:
            if can.receipt:
                raise Declined("unsupported-document-format", f"The receipt printer {self.name} does not take {media_type}.")
            return options(attempt.order.ticket, can)
        if media_type not in can.formats:
            message = f"The printer {self.name} does not take bytes as they are; if it does, add raw=true to its address."
            raise Declined("unsupported-document-format", message)
        return copies(attempt.order.ticket)

    async def _create(self, attempt: Attempt) -> None:
        try:
            attempt.job = await self._spooler.create(self._queue, attempt.name, self._chosen(attempt))
        except IppError as error:
            raise self._refused(error) from error
        except ClientError as error:
            attempt.strayed = error.sent
            raise unreachable(self.name, error) from error

    async def _send(self, attempt: Attempt, stall: Stall) -> None:
        taken = asyncio.Event()
        watching = asyncio.create_task(_progress(taken, stall))
        content = attempt.content
        if content.media_type in raw.UNTOUCHED:
            content = replace(content, media_type=raw.CUPS_RAW)
        try:
            await self._spooler.send(self._queue, attempt.job or 0, attempt.name, content, taken)
        except IppError as error:
            attempt.strayed = True
            await self._jobs.discard(attempt)
            raise self._refused(error) from error
        except ClientError as error:
            attempt.strayed = True
            raise unreachable(self.name, error) from error
        finally:
            watching.cancel()

    async def _lost(self) -> bool:
        """Whether CUPS says of its last job that the printer forgot it: the next one clears that."""
        try:
            said = await self._spooler.queue(self._queue, _STATE)
        except ClientError:
            return False
        return any(plain(reason) == LOST for reason in said.strings("printer-state-reasons"))

    async def _held_again(self, attempt: Attempt, job: Job) -> Outcome:
        """The guard backend holds what was at the device when cupsd died: it may be on paper."""
        await self._jobs.cancel(attempt, job.id)
        return Unknown(
            f"The print server of {self.name} was stopped while this was at the printer: nobody can say whether it is on paper. "
            "Look at the printer, then say what is true."
        )

    def _refused(self, error: IppError) -> Fault | Declined:
        if error.status in FINAL:
            return Declined(FINAL[error.status], f"The printer {self.name} refuses it ({error.keyword}).")
        return Fault("other", f"The print server of {self.name} does not take jobs now ({error.keyword}).")

    async def _learn(self, uri: str) -> None:
        """What the printer can: from itself if it speaks IPP, from CUPS otherwise. Raises `ClientError`."""
        said = await self._spooler.queue(self._queue, capabilities.REQUESTED)
        if self._device and self._device.uri != device_uri(uri):
            await self._device.close()
            self._device = None
        if (address := device_uri(uri)) and not self._device:
            self._device = QueueDevice(address, self.name)
        can = _own(said)
        # What stands behind a driver of IPP printers would guess what unnamed bytes are.
        passes = raw.CUPS_RAW in can.formats and (not self._device or _is_raw(said))
        if self._device:
            try:
                can = replace(await self._device.capabilities(), formats=can.formats)
            except ClientError:
                uri = ""  # CUPS's own word for now; the device is asked again
        self.seen = Seen(capabilities=raw.offered(can, self._uri, passes=passes))
        self._learned = uri

    async def _look(self) -> Seen:
        """How the queue is now, for the watch. Raises `ClientError`."""
        await self.refresh(default=self.seen.system_default)
        return self.seen


def _own(said: Attributes) -> Capabilities:
    """What CUPS says of a queue. A raw one promises copies that nobody makes."""
    can = capabilities.read(said)
    if _is_raw(said):
        return replace(can, max_copies=1, collates=(), default_collate=None)
    return can


def _is_raw(said: Attributes) -> bool:
    return "raw" in (said.string("printer-make-and-model") or "").lower()


async def _progress(taken: asyncio.Event, stall: Stall) -> None:
    while True:
        await taken.wait()
        taken.clear()
        stall.progress()
