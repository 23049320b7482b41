"""`/uploads/<token>`: the address of an upload session, outside of `/v1.0`, for whoever was told it (graph-print.md 1.7)."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from libs.contracts.documents import Stored
from libs.contracts.message import Message
from libs.contracts.uploads import CompleteUpload, DropUpload, GetUpload, KeepPiece, UploadAnswer, UploadView
from libs.runtime.bus import Refused
from libs.runtime.crashpoint import crashpoint
from libs.runtime.documents import Missing
from services.gateway.gateway import Gateway
from services.gateway.graph.entities.documents import document_id
from services.gateway.graph.problem import Problem, bad, missing
from services.gateway.graph.signed.contentrange import is_missing, span_of
from services.gateway.graph.signed.joining import cover
from services.gateway.graph.signed.outside import Outside
from services.gateway.graph.words.moments import instant
from services.gateway.receiving import TooLarge, pieces
from services.gateway.virtual_urls import BadUrl

PATH = "/uploads/{token}"
_PURPOSE = "upload"
#: Bytes by which a piece may be larger than the limit: some programs count the end wrong.
SLACK = 1


def upload_session(gateway: Gateway, origin: str, upload: UploadView) -> dict[str, Any]:
    """An uploadSession; `origin` is the address of this server, such as `https://print.example`."""
    token = gateway.virtual_urls.token(_PURPOSE, [upload.tenant, upload.id])
    return {"uploadUrl": f"{origin}/uploads/{token}", **progress(upload)}


def progress(upload: UploadView) -> dict[str, Any]:
    """How far it is; ranges are always closed (trap 3)."""
    ranges = [f"{first}-{last}" for first, last in upload.missing]
    return {"expirationDateTime": instant(upload.expires), "nextExpectedRanges": ranges}


def finished(upload: UploadView) -> dict[str, Any]:
    """The printDocument that the bytes are now, under both names that programs look for."""
    return {
        "id": document_id(upload.task, upload.leg),
        "displayName": upload.name,
        "documentName": upload.name,
        "contentType": upload.media_type,
        "size": upload.size,
        "uploadedDateTime": instant(upload.uploaded_at),
        "downloadedDateTime": None,
    }


class UploadUrl(Outside):
    """Takes pieces in any order, several at once; the one that was missing last makes the document.

    A token in `Authorization` is neither needed nor looked at (trap 2).
    """

    allow = "GET, PUT, DELETE, OPTIONS"

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._joining: dict[str, asyncio.Task[UploadView]] = {}

    async def answer(self, request: Request) -> Response:
        """Raises `Problem`, `Refused`, `Unanswered`, `NotStored`, and starlette's `ClientDisconnect`."""
        tenant, upload = self._named(request.path_params["token"])
        if request.method == "DELETE":
            await self._ask(DropUpload(region=self._gateway.region, tenant=tenant, upload=upload))
            return Response(status_code=204)
        found = await self._ask(GetUpload(region=self._gateway.region, tenant=tenant, upload=upload))
        if request.method == "PUT":
            return await self._put(request, found.upload)
        done = await self._done(found.upload)
        return JSONResponse({**(finished(done) if done.complete else {}), **progress(done)})

    async def _put(self, request: Request, upload: UploadView) -> Response:
        upload = await self.take(request, upload, span_of(request.headers.get("content-range", ""), upload.size))
        return JSONResponse(finished(upload), 201) if upload.complete else JSONResponse(progress(upload), 202)

    async def take(self, request: Request, upload: UploadView, span: tuple[int, int]) -> UploadView:
        """The session with one more piece, which is the body of a request; completed if it was the last. Raises as `answer`."""
        if not upload.complete and is_missing(span, upload.missing):
            upload = await self._take(request, upload, span)
        else:  # it came already: the same once more changes nothing
            if upload.missing:  # when all are there, programs send the last one's range again without its bytes (trap 2)
                check_announced(request, span[1] - span[0] + 1)
            await _pass_over(request, self._gateway.max_piece)
        return await self._done(upload)

    async def _take(self, request: Request, upload: UploadView, span: tuple[int, int]) -> UploadView:
        length = span[1] - span[0] + 1
        if length > self._gateway.max_piece + SLACK:
            raise _too_large(self._gateway.max_piece)
        self._gateway.check_room()
        documents = self._gateway.documents
        folder, name = f"{upload.tenant}/{upload.task}", f"{span[0]}-{span[1]}-{secrets.token_hex(4)}"
        if length == upload.size:
            whole = f"{folder}/source-{upload.id}-{secrets.token_hex(4)}"
            return await self._complete(upload, whole, documents.put_stream(whole, exactly(request, length)))
        name = f"{folder}/{upload.id}/{name}"
        await documents.put_stream(name, exactly(request, length), summed=False)
        crashpoint("gateway-after-piece")
        where = {"region": self._gateway.region, "tenant": upload.tenant, "upload": upload.id}
        try:
            answer = await self._ask(KeepPiece(**where, first=span[0], last=span[1], object=name))
        except Refused:
            await documents.discard(name)
            raise
        if not answer.kept:
            await documents.discard(name)
        return answer.upload

    async def _done(self, upload: UploadView) -> UploadView:
        """The session, completed if everything is there: by whoever comes first, while all others wait for it."""
        if upload.complete or upload.missing:
            return upload
        joining = self._joining.get(upload.id)
        if joining is None:
            joining = self._joining[upload.id] = asyncio.create_task(self._join(upload))
            joining.add_done_callback(lambda _: self._joining.pop(upload.id, None))
        return await asyncio.shield(joining)

    async def _join(self, upload: UploadView) -> UploadView:
        documents = self._gateway.documents
        name = f"{upload.tenant}/{upload.task}/source-{upload.id}-{secrets.token_hex(4)}"
        try:
            done = await self._complete(upload, name, documents.join(name, cover(upload.pieces)))
        except Missing:  # another gateway was faster
            question = GetUpload(region=self._gateway.region, tenant=upload.tenant, upload=upload.id)
            done = (await self._ask(question)).upload
            if not done.complete:
                raise
        await documents.delete(f"{upload.tenant}/{upload.task}/{upload.id}")
        return done

    async def _complete(self, upload: UploadView, name: str, storing: Awaitable[tuple[int, str]]) -> UploadView:
        """Make the document what is being stored under this name (its length and SHA-256 come of it), unless another is by then."""
        documents = self._gateway.documents
        size, sha256 = await storing
        crashpoint("gateway-after-joined")
        where = {"region": self._gateway.region, "tenant": upload.tenant, "upload": upload.id}
        try:
            done = (await self._ask(CompleteUpload(**where, document=Stored(name, size, sha256)))).upload
        except Refused:
            await documents.discard(name)
            raise
        if done.document is None or done.document.name != name:
            await documents.discard(name)
        return done

    async def _ask(self, question: Message) -> UploadAnswer:
        answer: UploadAnswer = await self._gateway.bus.ask(question, timeout=5.0)
        return answer

    def _named(self, token: str) -> tuple[str, str]:
        try:
            tenant, upload = self._gateway.virtual_urls.content(_PURPOSE, token)
        except (BadUrl, ValueError):
            raise missing("upload session at this address: create a new one") from None
        return str(tenant), str(upload)


async def exactly(request: Request, length: int) -> AsyncIterator[bytes]:
    """A body of just this length. Raises `Problem` 400 for any other, as soon as that is known, and `ClientDisconnect`."""
    check_announced(request, length)
    got = 0
    try:
        async for piece in pieces(request, length):
            got += len(piece)
            yield piece
    except TooLarge:
        raise _other_length(length + 1, length) from None
    if got != length:
        raise _other_length(got, length)


def check_announced(request: Request, length: int) -> None:
    """Raises `Problem` 400 for a body that is announced with another length than its range has."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) != length:
        raise _other_length(int(announced[:20]), length)


async def _pass_over(request: Request, limit: int) -> None:
    try:
        async for _ in pieces(request, limit + SLACK):
            pass
    except TooLarge:
        raise _too_large(limit) from None


def _other_length(got: int, length: int) -> Problem:
    more = "or more " if got > length else ""
    return bad(f"Content-Range says {length} bytes, and {got} {more}came: send as many as it says.", "Content-Range")


def _too_large(limit: int) -> Problem:
    return Problem(413, "requestEntityTooLarge", f"One request may bring {limit} bytes at most: send smaller pieces.")
