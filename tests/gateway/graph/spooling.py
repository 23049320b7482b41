"""A spooler that knows one job and its upload sessions, as far as the gateway's tests need it."""

from dataclasses import replace

from libs.contracts.documents import Inline, Stored
from libs.contracts.fleet import GetPrinter, GetPrinterShare, PrinterAnswer, ShareAnswer, ShareView
from libs.contracts.fleetsettings import FleetSettings, GetFleetSettings
from libs.contracts.jobs import DocumentPlace, DocumentView, GetJob, JobAnswer, JobView, LocateDocument
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.contracts.uploads import (
    CompleteUpload,
    DropUpload,
    GetUpload,
    KeepPiece,
    OpenUpload,
    UploadAnswer,
    UploadView,
)
from libs.runtime.bus import Refused
from services.gateway.graph.entities.documents import document_id
from services.spooler.ranges import brings, missing
from tests.gateway.graph.calling import a_printer

TASK = "jueKiUEE-000000000001"
DOCUMENT = document_id(TASK, 1)
SHARE = "5a4e0000-0000-4000-8000-000000000001"


class Spooler:
    """`upload` is the session that there is; `refusal` is the answer to whatever changes something, or locates the document."""

    def __init__(self, door, printer=None):
        self.printer = printer or a_printer()
        self.upload = None
        self.pieces = []
        self.refusal = None
        self.document = DocumentView()
        self.content = Inline(b"%PDF-1.7 small")
        self.conversion = True
        self.acknowledged_at = 0
        share = ShareView(id=SHARE, tenant="main", name="Office", printer=self.printer, allow_all=True)
        door.bus.answers |= {
            GetPrinter: PrinterAnswer(printer=self.printer),
            GetPrinterShare: ShareAnswer(share=share),
            GetFleetSettings: lambda _: FleetSettings(conversion=self.conversion),
            GetJob: lambda _: JobAnswer(job=self.job),
            LocateDocument: self.locate,
            OpenUpload: self.open,
            GetUpload: self.get,
            KeepPiece: self.keep,
            CompleteUpload: self.complete,
            DropUpload: self.drop,
        }
        self.job_path = f"/print/printers/{self.printer.id}/jobs/{TASK}"
        self.path = f"{self.job_path}/documents/{DOCUMENT}"

    @property
    def job(self):
        where = {"agent": self.printer.agent, "printer": self.printer.device.id}
        return JobView(
            task=TASK, leg=1, tenant="main", sn="app", name="", stage=Stage.AWAITING_DATA, reason="", message="", created_at=1,
            document=self.document, acknowledged_at=self.acknowledged_at, **where,
        )  # fmt: skip

    def locate(self, _query):
        if self.refusal:
            return self.refusal
        return DocumentPlace(content=self.content, media_type="application/pdf", name="Übersicht.pdf")

    def open(self, query):
        if self.refusal:
            return self.refusal
        if query.resume and self.upload and self.upload.size == query.size:
            return UploadAnswer(upload=self.upload)
        self.pieces = []
        self.upload = UploadView(
            id="upload1", tenant=query.tenant, task=query.task, leg=query.leg, size=query.size, name=query.name,
            media_type=query.media_type, format=query.format, expires=1_767_409_445_000, missing=((0, query.size - 1),),
        )  # fmt: skip
        return UploadAnswer(upload=self.upload)

    def get(self, query):
        if self.upload is None or query.upload != self.upload.id:
            return Refused(Code.NOT_FOUND, "There is no such upload session.")
        return UploadAnswer(upload=self.upload)

    def keep(self, query):
        if self.refusal:
            return self.refusal
        kept = brings((query.first, query.last), [(first, last) for first, last, _ in self.pieces])
        if kept:
            self.pieces.append((query.first, query.last, query.object))
        gaps = missing([(first, last) for first, last, _ in self.pieces], self.upload.size)
        self.upload = replace(self.upload, missing=gaps, pieces=() if gaps else tuple(self.pieces))
        return UploadAnswer(upload=self.upload, kept=kept)

    def complete(self, query):
        if self.refusal:
            return self.refusal
        assert isinstance(query.document, Stored)
        assert query.document.size == self.upload.size
        if not self.upload.complete:
            self.upload = replace(
                self.upload, complete=True, missing=(), pieces=(), document=query.document, uploaded_at=1_767_409_445_678
            )
        return UploadAnswer(upload=self.upload)

    def drop(self, query):
        answer = self.get(query)
        self.upload = None
        return answer
