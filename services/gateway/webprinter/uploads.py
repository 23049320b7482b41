"""`sendTmpFile`: a file goes into the store as it comes, and is printed by its virtual address later (webprinter.md 1.5)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request

from libs.contracts.directory import Scope
from libs.contracts.documents import UPLOAD, UPLOAD_VALID, Format, Role, Stored
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.documents import Missing
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.receiving import TooLarge, drop_rest, pieces
from services.gateway.virtual_urls import ID, BadUrl, Uploaded
from services.gateway.webprinter.envelope import Answer, Rejected, failed, undone
from services.gateway.webprinter.reading import sniffing
from services.gateway.webprinter.reading.content import FORMATS, Given
from services.gateway.webprinter.reading.fields import at
from services.gateway.webprinter.reading.multipart import BadUpload, Upload

log = structlog.get_logger()

#: What it is called where commands are counted.
UPLOAD_COMMAND = "sendTmpFile"
#: Bytes around the file: boundaries, headers, other fields.
AROUND = 64 * 1024
#: Bytes of the file that are looked at when its name does not tell what it is.
HEAD = 64 * 1024


async def answer_upload(gateway: Gateway, identity: Identity, request: Request, limit: int) -> Answer:
    """The answer to the upload of a file of at most `limit` bytes, in the capture's own shape.

    Raises starlette's `ClientDisconnect` only.
    """
    try:
        return Answer(200, {"file": await take_upload(gateway, identity, request, limit), "success": True})
    except TooLarge:
        await drop_rest(request)
        return failed(f"The file is larger than the {limit} bytes that are allowed.", 413)  # the rest is dropped as it comes
    except BadUpload as reason:
        return failed(str(reason), 400)
    except (Rejected, Refused) as reason:
        return failed(str(reason))
    except (NotStored, Unanswered) as error:
        log.warning("upload not done", cause=str(error))
        await drop_rest(request)
        return undone(error, gateway.region if gateway.far else "")
    except ClientDisconnect:
        raise
    except Exception:
        log.exception("upload failed")
        return failed("The server has a fault; its log says which one.", 500, connection="close")


async def take_upload(gateway: Gateway, identity: Identity, request: Request, limit: int) -> dict[str, Any]:
    """Store the one file of a request; returns `file` as the protocol shows it. What fails leaves nothing behind.

    Raises `TooLarge`, `BadUpload`, `Rejected`, the bus's `NotStored` and `Unanswered`, and starlette's `ClientDisconnect`.
    """
    if not identity.may(Scope.PRINT):
        raise Rejected(f"This token is not good for {UPLOAD_COMMAND}: it lacks the scope {Scope.PRINT}.")
    gateway.check_room()
    upload = Upload(request.headers.get("content-type", ""), pieces(request, limit + AROUND))
    ids = gateway.ids.block(identity.sn)
    short = ids.id()[-ID:]
    head = bytearray()
    name = f"{identity.tenant}/{UPLOAD}{short}/{Role.SOURCE}"
    size, sha256 = await gateway.documents.put_stream(name, _limited(upload.data(), limit, head))
    kind = sniffing.format_of_name(upload.name) or sniffing.format_of_bytes(bytes(head))
    file = Uploaded(identity.tenant, name, size, sha256, upload.name, kind, ids.at() + UPLOAD_VALID)
    url = gateway.virtual_urls.make(short, file)
    return {"fileName": upload.name, "fileSize": str(size), "mediaFormat": kind.value if kind else "", "url": url}


async def _limited(data: AsyncIterator[bytes], limit: int, head: bytearray) -> AsyncIterator[bytes]:
    size = 0
    async for piece in data:
        size += len(piece)
        if size > limit:
            raise TooLarge
        if len(head) < HEAD:
            head += piece[: HEAD - len(head)]
        yield piece
    if not size:
        raise Rejected("The file is empty: upload one that has something in it.")


async def find_upload(gateway: Gateway, identity: Identity, path: str, given: Given) -> Given:
    """What a task is given by a virtual address, with the file behind it. Raises `Rejected`."""
    try:
        file = gateway.virtual_urls.read(given.upload, identity.tenant, gateway.ids.block(identity.sn).at())
        await gateway.documents.size(file.object)
    except (BadUrl, Missing):
        raise Rejected(
            f"{at(path, 'content')} is not the address of an uploaded file, or not any more: upload the file with sendTmpFile."
        ) from None
    kind: Format | None = given.format if given.told else file.format
    if kind is None:
        raise Rejected(f"{at(path, 'mediaFormat')} is missing and the file does not tell it: write one of {FORMATS}.")
    return replace(given, format=kind, title=given.title or file.name, stored=Stored(file.object, file.size, file.sha256))
