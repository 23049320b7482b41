"""Upload sessions: the payload of a job in byte ranges, in any order (graph-print.md 1.7)."""

from dataclasses import dataclass

from libs.contracts.documents import Format, Stored
from libs.contracts.message import Message

#: Seconds that an upload may take, and that the answer to its last range is repeated after it.
UPLOAD_LIMIT = 3600
UPLOAD_GRACE = 900
#: Pieces of one upload; whoever sends it in smaller ones is asked for larger ones.
MOST_PIECES = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """A session. `missing` are (first, last) byte positions, both inclusive, in order; empty: all bytes are there.

    `pieces` are the (first, last, object name) that are stored, told when they are all there. `complete`: they are the task's
    document now, under `document`, since `uploaded_at`. Times are ms since 1970.
    """

    id: str
    tenant: str
    task: str
    leg: int
    size: int
    name: str
    media_type: str
    format: Format
    expires: int
    missing: tuple[tuple[int, int], ...] = ()
    pieces: tuple[tuple[int, int, str], ...] = ()
    complete: bool = False
    document: Stored | None = None
    uploaded_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUpload(Message, subject="query.{region}.spooler.open-upload"):
    """A new session for the document of a job; the one before ends, and its bytes are deleted.

    `resume`: the one that is there for as many bytes goes on instead. Opened
    by its user before the start (`user`, an id), or by the application whose hook works on it (`app`). Refused: NOT_FOUND,
    FORBIDDEN for another application, CONFLICT in another state.
    """

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int
    user: str = ""
    app: str = ""
    size: int
    name: str
    media_type: str
    format: Format
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUpload(Message, subject="query.{region}.spooler.get-upload"):
    """A session as it stands. Refused (NOT_FOUND) when it has ended or its time is over."""

    region: str
    tenant: str
    upload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPiece(Message, subject="query.{region}.spooler.keep-piece"):
    """These bytes are stored as `object`. What was there already is left as it is; the answer tells what is missing.

    Refused (BAD_REQUEST) outside of the document, and when there are `MOST_PIECES` already.
    """

    region: str
    tenant: str
    upload: str
    first: int
    last: int
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteUpload(Message, subject="query.{region}.spooler.complete-upload"):
    """All bytes are joined under `document`: they are the task's document from now on. The same again changes nothing.

    Refused (CONFLICT) when the job went on meanwhile.
    """

    region: str
    tenant: str
    upload: str
    document: Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class DropUpload(Message, subject="query.{region}.spooler.drop-upload"):
    """End a session that is not complete; what was sent is deleted."""

    region: str
    tenant: str
    upload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadAnswer:
    """`kept`: what was told to be stored is needed; otherwise its object is to be deleted by whoever stored it."""

    upload: UploadView
    kept: bool = True


#: Question -> the record that answers it (or a `Refusal`).
UPLOAD_ANSWER: dict[type[Message], type] = {
    OpenUpload: UploadAnswer,
    GetUpload: UploadAnswer,
    KeepPiece: UploadAnswer,
    CompleteUpload: UploadAnswer,
    DropUpload: UploadAnswer,
}
