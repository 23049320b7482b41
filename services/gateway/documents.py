"""`GET /documents/<token>`: documents of the store, for whoever has a signed address (design.md section 3)."""

import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from libs.runtime.addresses import Addresses, BadAddress
from libs.runtime.documents import Documents, Missing

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}


class DocumentRoute:
    """Streams one document; the address says which, and until when."""

    def __init__(self, documents: Documents, addresses: Addresses) -> None:
        self._documents = documents
        self._addresses = addresses

    async def __call__(self, request: Request) -> Response:
        try:
            name = self._addresses.name(request.path_params["token"], time.time())
        except BadAddress:
            return PlainTextResponse("This address is not valid, or not any more.", 403)
        try:
            pieces = await begun(self._documents, name)
        except Missing:
            return PlainTextResponse("This document is not there any more.", 404)
        return StreamingResponse(pieces, headers=_HEADERS, media_type="application/octet-stream")


async def begun(documents: Documents, name: str) -> AsyncIterator[bytes]:
    """An object in pieces, the first of which is here: an answer's head is sent when there is something to follow it.

    Raises `Missing`.
    """
    pieces = documents.stream(name)
    first = await anext(pieces, b"")

    async def all_of_it() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_it()
