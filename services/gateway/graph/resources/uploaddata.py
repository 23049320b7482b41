"""Beta's uploadData: a document in segments, each with its range, before there were upload sessions (graph-print.md 1.13)."""

from services.gateway.graph.asked.place import placed
from services.gateway.graph.call import Answer, Call, Reply, Route
from services.gateway.graph.problem import Problem
from services.gateway.graph.resources.documents import open_upload, size_of
from services.gateway.graph.signed.contentrange import old_span_of, span_of
from services.gateway.graph.signed.uploading import UploadUrl

_PATH = "jobs/{job}/documents/{document}/uploadData"
#: What bytes are that nobody says anything of.
_OCTETS, _USUAL = "application/octet-stream", "application/pdf"


async def upload_data(call: Call) -> Answer:
    """One segment: 202, or 201 when it was the last that was missing; there are no bodies."""
    if call.request is None:
        raise Problem(400, "notSupported", "A document cannot be part of a batch: send it alone.")
    first, last, size = old_span_of(call.headers.get("content-range") or call.headers.get("range", ""))
    size_of(call, size, "Range")
    span = span_of(f"bytes {first}-{last}/{size}", size)
    media_type = call.headers.get("content-type", "") or _OCTETS
    view = await placed(call)
    upload = await open_upload(call, view, "", _USUAL if media_type == _OCTETS else media_type, size, resume=True)
    done = await UploadUrl(call.gateway).take(call.request, upload, span)
    return Reply(201 if done.complete else 202)


ROUTES = tuple(
    Route("POST", f"print/{under}/{_PATH}", upload_data, beta=True, stream=True)
    for under in ("printers/{printer}", "shares/{share}")
)
