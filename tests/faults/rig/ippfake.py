"""A fake IPP printer over real HTTP, on the codec of libs/ipp: cheap enough for twenty in one process, and scripted.

`async with FakePrinter("Office", history=row.history("Office")) as printer:` and `printer.uri` in PRINTERS. By itself it is a
good printer: PDF on A4 and A5, jobs with names, pages that it counts, paper that it notes in its history. The knobs of a
test are its attributes and verbs: `stop`/`mend` (reasons), `abort_after`, `forget`, `power_off`/`power_on`, `hang`, `drip`,
`second_per_page`, `said` (attributes of the printer, to be changed), `lie` (an answer of one's own).
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pypdfium2

from libs.ipp.attributes import Attributes, Value
from libs.ipp.decoding import decode_request
from libs.ipp.encoding import encode
from libs.ipp.enums import JobState, Operation, PrinterState, Status
from libs.ipp.errors import IppDecodeError
from libs.ipp.message import Group, Request, Response
from libs.ipp.tags import GroupTag
from libs.ipp.values import Charset, EnumValue, Keyword, Name, NaturalLanguage, Uri
from libs.runtime.ending import end
from tests.faults.rig.history import History
from tests.faults.rig.ippsaid import A4, A5, printer_attributes
from tests.faults.rig.posts import Listener, http, read_post

#: An answer of one's own: the request and the honest answer in; the octets of the whole HTTP answer out, in pieces if they are
#: many, None for the honest one.
Lie = Callable[[Request, Response], bytes | Iterable[bytes] | None]


@dataclass
class FakeJob:
    """One job of the printer: `impressions` pages are on paper, `document` is None until it came whole."""

    id: int
    name: str
    asked: Attributes
    state: JobState = JobState.PENDING_HELD
    reasons: tuple[str, ...] = ("job-data-insufficient",)
    document: bytes | None = None
    media_type: str = ""
    pages: int = 0
    impressions: int = 0
    begun: int | None = None

    @property
    def sides(self) -> int:
        """Of each sheet, as it was asked for."""
        return 2 if (self.asked.string("sides") or "").startswith("two-sided") else 1

    def on_paper(self) -> list[str]:
        """The first line of each page that came out."""
        if not self.impressions or not self.document:
            return []
        opened = pypdfium2.PdfDocument(self.document)
        try:
            return [opened[page].get_textpage().get_text_bounded().splitlines()[0] for page in range(self.impressions)]
        finally:
            opened.close()

    def shown(self, uri: str) -> Attributes:
        """Its job-description attributes."""
        values: dict[str, Value | list[Value]] = {
            "job-id": self.id,
            "job-uri": Uri(f"{uri}/{self.id}"),
            "job-name": Name(self.name),
            "job-state": EnumValue(self.state),
            "job-state-reasons": [Keyword(reason) for reason in self.reasons or ("none",)],
            "job-impressions-completed": self.impressions,
            "job-media-sheets-completed": self.impressions // self.sides,
            "number-of-documents": int(self.document is not None),
        }
        return Attributes(values if self.begun is None else {**values, "time-at-processing": self.begun})


@dataclass
class FakePrinter:
    """One printer on a port of its own, while the context lasts."""

    name: str = "Office"
    history: History | None = None
    paper: Path | None = None  # a folder for what comes out: <job name>.pdf
    media: Iterable[tuple[int, int]] = (A4, A5)  # in 1/100 mm
    custom: tuple[int, int, int, int] | None = None  # the least and the greatest width, and height, of a sheet of any size
    second_per_page: float = 0.0
    window: int = 0  # bytes that it takes in unread; 0: as usual
    abort_after: int | None = None  # pages, whereupon the job in hand ends as aborted; once
    linger_after: int | None = None  # pages, whereupon the job in hand goes on no more, without a reason, until this is None again
    hang: bool = False  # it takes requests and never answers
    drip: float = 0.0  # seconds between two octets of an answer
    deaf_after: int = 0  # bytes of a longer request, whereupon it reads no more (give it a window, too); 0: it reads everything
    busy_above: int = 1000  # jobs that it takes at a time
    lie: Lie | None = None
    jobs: dict[int, FakeJob] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)  # the operations of all requests, in order
    reasons: tuple[str, ...] = ()
    stopped: bool = False

    def __post_init__(self) -> None:
        self._listener = Listener(self._serve, window=self.window)
        self.said = printer_attributes(self.name, self.uri, self.media, self.custom)
        self._next = 1
        self._on_since = time.monotonic()
        self._moved = asyncio.Event()
        self._engine: asyncio.Task[None] | None = None

    @property
    def uri(self) -> str:
        """Where it is printed to; add `?name=Office` for PRINTERS, as `entry` does."""
        return f"ipp://127.0.0.1:{self._listener.port}/ipp/print"

    @property
    def entry(self) -> str:
        """Its entry in PRINTERS."""
        return f"{self.uri}?name={self.name}"

    async def __aenter__(self) -> Self:
        await self.power_on()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.power_off()
        await self._listener.release()

    async def power_on(self) -> None:
        """Begin to answer, at the address that it always had; what it knew before `power_off` is gone."""
        self._on_since = time.monotonic()
        await self._listener.open()
        self._engine = asyncio.create_task(self._print(), name=f"printer {self.name}")

    async def power_off(self) -> None:
        """Cut its power: connections, jobs and numbers are gone, and what is half printed stays so."""
        if self._engine:
            await end(self._engine)
        await self._listener.close()
        self.forget()
        self._next = 1

    def forget(self) -> None:
        """Forget every job; numbers go on."""
        self.jobs.clear()

    def stop(self, *reasons: str) -> None:
        """Stop for these reasons (`media-empty-error`) in the middle of whatever it prints."""
        self.reasons, self.stopped = reasons, True
        self._stir()

    def warn(self, *reasons: str) -> None:
        """Tell these reasons (`toner-low-warning`), and print on."""
        self.reasons = reasons

    def mend(self) -> None:
        """Go on by itself: no reason is left."""
        self.reasons, self.stopped = (), False
        self._stir()

    @property
    def printed(self) -> list[FakeJob]:
        """The jobs that are on paper whole, in order of their numbers."""
        return [job for job in self.jobs.values() if job.state is JobState.COMPLETED]

    async def _print(self) -> None:
        """Its engine: one job after the other, one page after the other."""
        while True:
            self._moved.clear()
            job = next((each for each in self.jobs.values() if each.state is JobState.PENDING), None)
            if job is None:
                await self._moved.wait()
                continue
            job.begun = self._up()
            while job.impressions < job.pages and job.state in (JobState.PENDING, JobState.PROCESSING, JobState.PROCESSING_STOPPED):
                await self._page(job)
            if job.state is JobState.PROCESSING:
                self._finish(job)

    async def _page(self, job: FakeJob) -> None:
        while self.stopped:
            job.state, job.reasons = JobState.PROCESSING_STOPPED, ("printer-stopped",)
            self._moved.clear()
            await self._moved.wait()
            if job.state.ended:
                return
        job.state, job.reasons = JobState.PROCESSING, ("job-printing",)
        if self.abort_after is not None and job.impressions >= self.abort_after:
            self.abort_after = None
            job.state, job.reasons = JobState.ABORTED, ("aborted-by-system",)
            return
        while self.linger_after is not None and job.impressions >= self.linger_after:  # noqa: ASYNC110 - it is a plain field
            await asyncio.sleep(0.02)  # a page that takes as long as the test wants
        if self.second_per_page:
            await asyncio.sleep(self.second_per_page)  # a printer so fast
        if not self.stopped and not job.state.ended:
            job.impressions += 1
            self._note("page", job, page=job.impressions)

    def _finish(self, job: FakeJob) -> None:
        job.state, job.reasons = JobState.COMPLETED, ("job-completed-successfully",)
        self._note("paper", job, bytes=hashlib.sha256(job.document or b"").hexdigest(), pages=job.pages)
        if self.paper:
            self.paper.mkdir(parents=True, exist_ok=True)
            (self.paper / f"{job.name}.pdf").write_bytes(job.document or b"")

    def _note(self, what: str, job: FakeJob, **facts: object) -> None:
        if self.history:
            task, _, attempt = job.name.rpartition(".")
            self.history.note(what, task=task, attempt=int(attempt) if attempt.isdigit() else 0, job=job.id, **facts)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body, whole = await read_post(reader, writer, self.deaf_after)
            if not whole:
                return
            try:
                request, end = decode_request(body)
            except IppDecodeError:
                writer.write(http(b"", status="400 Bad Request"))
                continue
            self.asked.append(request.operation)
            if self.hang:
                await asyncio.Event().wait()
            response = self._answer(request, body[end:])
            octets = self.lie(request, response) if self.lie else None
            await self._say(writer, http(encode(response)) if octets is None else octets)

    async def _say(self, writer: asyncio.StreamWriter, octets: bytes | Iterable[bytes]) -> None:
        if not self.drip or not isinstance(octets, bytes):
            for piece in (octets,) if isinstance(octets, bytes) else octets:
                writer.write(piece)
                await writer.drain()
            return
        for octet in octets:
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(self.drip)  # the pace of its octets

    def _answer(self, request: Request, document: bytes) -> Response:
        given = request.group(GroupTag.OPERATION)
        match request.operation:
            case Operation.GET_PRINTER_ATTRIBUTES:
                return self._respond(request, self._state(given.strings("requested-attributes")), GroupTag.PRINTER)
            case Operation.VALIDATE_JOB:
                return self._respond(request)
            case Operation.CREATE_JOB:
                return self._create(request, given)
            case Operation.PRINT_JOB:
                response = self._create(request, given)
                if response.successful:
                    self._take(self.jobs[self._next - 1], given, document)
                return response
            case Operation.GET_JOBS:
                shown = [Group(GroupTag.JOB, job.shown(self.uri)) for job in self._listed(given)]
                return self._respond(request, *shown)
        return self._of_job(request, given, document)

    def _of_job(self, request: Request, given: Attributes, document: bytes) -> Response:
        job = self.jobs.get(given.integer("job-id") or 0)
        if job is None:
            return self._respond(request, status=Status.CLIENT_ERROR_NOT_FOUND)
        if request.operation == Operation.SEND_DOCUMENT:
            self._take(job, given, document)
        elif request.operation == Operation.CANCEL_JOB:
            if job.state.ended:
                return self._respond(request, status=Status.CLIENT_ERROR_NOT_POSSIBLE)
            job.state, job.reasons = JobState.CANCELED, ("job-canceled-by-user",)
            self._stir()
        return self._respond(request, Group(GroupTag.JOB, job.shown(self.uri)))

    def _create(self, request: Request, given: Attributes) -> Response:
        if sum(not job.state.ended for job in self.jobs.values()) >= self.busy_above:
            return self._respond(request, status=Status.SERVER_ERROR_BUSY)
        job = FakeJob(self._next, given.string("job-name") or "untitled", request.group(GroupTag.JOB))
        self.jobs[job.id] = job
        self._next += 1
        return self._respond(request, Group(GroupTag.JOB, job.shown(self.uri)))

    def _take(self, job: FakeJob, given: Attributes, document: bytes) -> None:
        job.document = document
        job.media_type = given.string("document-format") or ""
        job.pages = pages_of(document) * (job.asked.integer("copies") or 1)
        job.state, job.reasons = JobState.PENDING, ()
        self._stir()

    def _listed(self, given: Attributes) -> list[FakeJob]:
        which, first = given.string("which-jobs") or "not-completed", given.integer("first-job-id") or 1
        wanted = {"all": (True, False), "completed": (True,), "not-completed": (False,)}[which]
        return [job for job in self.jobs.values() if job.id >= first and job.state.ended in wanted][: given.integer("limit")]

    def _state(self, wanted: tuple[str, ...]) -> Group:
        working = any(job.state is JobState.PROCESSING for job in self.jobs.values())
        state = PrinterState.STOPPED if self.stopped else PrinterState.PROCESSING if working else PrinterState.IDLE
        now = {
            "printer-state": EnumValue(state),
            "printer-state-reasons": [Keyword(reason) for reason in self.reasons or ("none",)],
            "printer-up-time": self._up(),
        }
        said = self.said | now
        if wanted and "all" not in wanted:
            said = Attributes({name: values for name, values in said.items() if name in wanted})
        return Group(GroupTag.PRINTER, said)

    def _respond(self, request: Request, *groups: Group | int, status: int = Status.SUCCESSFUL_OK) -> Response:
        spoken = Attributes({"attributes-charset": Charset("utf-8"), "attributes-natural-language": NaturalLanguage("en")})
        told = tuple(group for group in groups if isinstance(group, Group))
        return Response(status, request.request_id, (Group(GroupTag.OPERATION, spoken), *told))

    def _up(self) -> int:
        return int(time.monotonic() - self._on_since) + 1

    def _stir(self) -> None:
        self._moved.set()


def pages_of(document: bytes) -> int:
    """How many pages a document has; what is no PDF is one."""
    if not document.startswith(b"%PDF"):
        return 1
    opened = pypdfium2.PdfDocument(document)
    try:
        return len(opened)
    finally:
        opened.close()
