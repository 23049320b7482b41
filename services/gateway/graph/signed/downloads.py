"""`/downloads/<token>`: the bytes of a document, where `$value` sends to; with a token in `Authorization` or without."""

import time
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from libs.contracts.documents import Inline
from libs.contracts.jobs import DocumentPlace, LocateDocument
from libs.contracts.mediatypes import MEDIA_TYPE
from libs.runtime.documents import Missing
from services.gateway.documents import begun
from services.gateway.gateway import Gateway
from services.gateway.graph.problem import missing
from services.gateway.graph.signed.outside import Outside
from services.gateway.virtual_urls import BadUrl

PATH = "/downloads/{token}"
_PURPOSE = "download"
#: How long an address is valid, in seconds.
LIFETIME = 600
_SUFFIXES = {
    **{media_type: f".{kind.value.lower()}" for kind, media_type in MEDIA_TYPE.items()},
    "text/plain": ".txt",
    "application/octet-stream": ".bin",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/oxps": ".oxps",
}


def download_url(gateway: Gateway, origin: str, where: LocateDocument) -> str:
    """A short-lived address of what `where` locates; whoever has it needs nothing else."""
    content: list[str | int] = [where.tenant, where.agent, where.printer, where.task, where.leg, int(time.time()) + LIFETIME]
    return f"{origin}/downloads/{gateway.virtual_urls.token(_PURPOSE, content)}"


class DownloadUrl(Outside):
    """Streams one document as it is now, small ones that never were in the store among them."""

    async def answer(self, request: Request) -> Response:
        """Raises `Problem`, `Refused` and `Unanswered`."""
        place: DocumentPlace = await self._gateway.bus.ask(self._named(request.path_params["token"]), timeout=5.0)
        if isinstance(place.content, Inline):
            return Response(place.content.data, headers=_headers(place, len(place.content.data)))
        try:
            pieces = await begun(self._gateway.documents, place.content.name)
        except Missing:
            raise missing("document at this address any more") from None
        return StreamingResponse(pieces, headers=_headers(place, place.content.size))

    def _named(self, token: str) -> LocateDocument:
        try:
            tenant, agent, printer, task, leg, until = self._gateway.virtual_urls.content(_PURPOSE, token)
        except (BadUrl, ValueError):
            raise missing("document at this address") from None
        if time.time() > int(until):
            raise missing("document at this address any more: ask for $value again")
        names: dict[str, Any] = {"tenant": str(tenant), "agent": str(agent), "printer": str(printer), "task": str(task)}
        return LocateDocument(region=self._gateway.region, **names, leg=int(leg))


def _headers(place: DocumentPlace, size: int) -> Mapping[str, str]:
    return {
        "Content-Type": place.media_type,
        "Content-Length": str(size),
        "Content-Disposition": disposition(place.name, place.media_type),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }


def disposition(name: str, media_type: str) -> str:
    """An attachment of this name (RFC 6266), which no header and no file system can misread; with an ending when it has none."""
    plain = PurePath(name.replace("\\", "/")).name or "document"
    plain = "".join(each if each.isprintable() and each not in '"\\/' else "_" for each in plain)[:200]
    if "." not in plain:
        plain += _SUFFIXES.get(media_type.partition(";")[0].strip().lower(), "")
    shown = plain.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{shown}\"; filename*=UTF-8''{quote(plain, safe='')}"
