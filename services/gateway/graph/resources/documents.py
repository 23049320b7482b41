"""The document of a job: shown, uploaded, downloaded (graph-print.md 1.6, 1.7)."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from libs.contracts.documents import Format, Stored
from libs.contracts.fleet import PrinterView
from libs.contracts.fleetsettings import FleetSettings, GetFleetSettings
from libs.contracts.jobs import DocumentPlace, GetJob, JobAnswer, JobView, LocateDocument
from libs.contracts.uploads import CompleteUpload, OpenUpload, UploadAnswer, UploadView
from libs.runtime.bus import Refused
from services.gateway.graph.asked.place import Spot, leg_of, placed, spot_of, spotted
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.documents import document_entity, document_id
from services.gateway.graph.http.members import media_type
from services.gateway.graph.problem import Problem, bad, missing
from services.gateway.graph.rights.permissions import held
from services.gateway.graph.signed.downloads import download_url
from services.gateway.graph.signed.uploading import exactly, finished, upload_session
from services.gateway.graph.words.contenttypes import format_of, refusal

_PATHS = ("print/printers/{printer}/jobs/{job}/documents", "print/shares/{share}/jobs/{job}/documents")
_FILE_NAME = re.compile(r"""filename\s*=\s*"?([^";]+)"?""", re.IGNORECASE)
#: Characters of a document's name.
_LONGEST = 255


async def list_documents(call: Call) -> Answer:
    """The one document that a job has."""
    job = await _job(call)
    return Collection([document_entity(job, beta=call.beta)], _context(call))


async def get_document(call: Call) -> Answer:
    """One document."""
    job = await _job(call)
    _check_id(call, job.task, job.leg)
    return Reply(body=document_entity(job, beta=call.beta), context=f"{_context(call)}/$entity")


async def download(call: Call) -> Answer:
    """Where its bytes are, for a few minutes."""
    where = LocateDocument(
        **_where(call, await spotted(call)), user=_reader(call), fetched_by="" if call.who.delegated else call.who.app
    )
    _check_id(call, where.task, where.leg)
    _: DocumentPlace = await call.ask(where)
    return Reply(302, headers={"Location": download_url(call.gateway, _origin(call), where), "Cache-Control": "no-store"})


async def create_upload_session(call: Call) -> Answer:
    """A new upload session in the place of the one before."""
    view = await placed(call)
    properties = call.body.get("properties")
    if not isinstance(properties, Mapping):
        example = '{"properties": {"documentName": "report.pdf", "contentType": "application/pdf", "size": 4711}}'
        raise bad(f"properties is missing: write {example}.", "properties")
    kind = media_type(properties.get("contentType"), "properties.contentType")
    size = size_of(call, properties.get("size"), "properties.size")
    upload = await open_upload(call, view, _name(properties), kind, size, said="properties.contentType")
    session = upload_session(call.gateway, _origin(call), upload)
    return Reply(body=session, context="microsoft.graph.uploadSession")


async def put_value(call: Call) -> Answer:
    """The whole document in one request (ours): Content-Type says what it is, Content-Disposition may say its name."""
    view = await placed(call)
    length = call.headers.get("content-length", "")
    if not length.isdecimal():
        raise Problem(411, "lengthRequired", "Send Content-Length, or use createUploadSession.", target="Content-Length")
    found = _FILE_NAME.search(call.headers.get("content-disposition", ""))
    name = found[1].strip()[:_LONGEST] if found else ""
    kind = media_type(call.headers.get("content-type", ""), "Content-Type")
    upload = await open_upload(call, view, name, kind, size_of(call, int(length[:20]), "Content-Length"))
    return Reply(body=finished(await _stored(call, upload)), context=f"{_context(call)}/$entity")


async def _stored(call: Call, upload: UploadView) -> UploadView:
    if call.request is None:
        raise Problem(400, "notSupported", "A document cannot be part of a batch: send it alone.")
    call.gateway.check_room()
    documents = call.gateway.documents
    name = f"{upload.tenant}/{upload.task}/source-{upload.id}-{secrets.token_hex(4)}"
    size, sha256 = await documents.put_stream(name, exactly(call.request, upload.size))
    question = CompleteUpload(
        region=call.gateway.region, tenant=upload.tenant, upload=upload.id, document=Stored(name, size, sha256)
    )
    try:
        answer: UploadAnswer = await call.ask(question)
    except Refused:
        await documents.discard(name)
        raise
    return answer.upload


async def open_upload(
    call: Call, view: PrinterView, name: str, media_type: str, size: int, *, said: str = "Content-Type", resume: bool = False
) -> UploadView:
    """A session for the document of a path; `said` is where the media type stood. Raises `Problem` and the bus's `Refused`."""
    where = _where(call, spot_of(view))
    _check_id(call, where["task"], where["leg"])
    who = call.who
    question = OpenUpload(
        **where,
        user=_writer(call),
        app="" if who.delegated else who.app,
        size=size,
        name=name,
        media_type=media_type,
        format=await _format(call, view, media_type, said),
        resume=resume,
    )
    answer: UploadAnswer = await call.ask(question)
    return answer.upload


async def _format(call: Call, view: PrinterView, media_type: str, said: str) -> Format:
    """Raises `Problem` 400 that names what is taken; nothing is converted where the tenant has switched that off."""
    found = format_of(view, media_type)
    if found and found[1]:
        return found[0]
    settings: FleetSettings = await call.ask(GetFleetSettings(region=call.gateway.region, tenant=call.who.tenant))
    if found is None or not settings.conversion:
        raise refusal(view, media_type, said, conversion=settings.conversion)
    return found[0]


async def _job(call: Call) -> JobView:
    answer: JobAnswer = await call.ask(GetJob(**_where(call, await spotted(call)), user=_reader(call)))
    return answer.job


def _reader(call: Call) -> str:
    """Whose documents alone may be read; empty: everybody's. What lets one see all jobs does not show what is in them."""
    return call.who.id if call.who.delegated and "PrintJob.Read.All" not in held(call.who.permissions) else ""


def _writer(call: Call) -> str:
    """Whose jobs' documents alone may be uploaded before the start; empty: everybody's, as administrators may, and applications
    where they may print for others.
    """
    who = call.who
    if not who.delegated:
        return who.id if call.strict else ""
    return "" if who.administrator and "PrintJob.ReadWrite.All" in held(who.permissions) else who.id


def _where(call: Call, printer: Spot) -> dict[str, Any]:
    return {"agent": printer.agent, "printer": printer.device, **leg_of(call)}


def _check_id(call: Call, task: str, leg: int) -> None:
    """Every job has one document, whose id is derived."""
    if call.ids["document"].lower() != document_id(task, leg):
        raise missing(f"document {call.ids['document'][:64]} of this job")


def _name(properties: Mapping[str, Any]) -> str:
    name = properties.get("documentName")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST:
        raise bad(f"properties.documentName must be a text of 1 to {_LONGEST} characters.", "properties.documentName")
    return name.strip()


def size_of(call: Call, given: Any, name: str) -> int:
    """How many bytes a document has, as the member or header of this name says it. Raises `Problem`: 400, or 413 for too many."""
    most = call.gateway.max_document
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise bad(f"{name} must be the number of the document's bytes, 1 or more.", name)
    if given > most:
        text = f"The document has {given} bytes; at most {most} are allowed."
        raise Problem(413, "requestEntityTooLarge", text, target=name)
    return given


def _context(call: Call) -> str:
    kind = "shares" if "share" in call.ids else "printers"
    return f"print/{kind}('{call.ids.get('share') or call.ids['printer']}')/jobs('{call.ids['job']}')/documents"


def _origin(call: Call) -> str:
    return call.base.rpartition("/")[0]


ROUTES = tuple(
    route
    for path in _PATHS
    for route in (
        Route("GET", path, list_documents),
        Route("GET", f"{path}/{{document}}", get_document),
        Route("GET", f"{path}/{{document}}/$value", download),
        Route("PUT", f"{path}/{{document}}/$value", put_value, stream=True),
        Route("POST", f"{path}/{{document}}/createUploadSession", create_upload_session),
    )
)
