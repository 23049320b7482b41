"""What a page is told before it may speak: HELLO, or why it is not let in, over HTTP and over a WebSocket."""

from typing import Any

from starlette.responses import Response

from libs.contracts.version import VERSION
from services.gateway.settings import GatewaySettings
from services.gateway.webapi import frames
from services.gateway.webapi.calls import IN_FLIGHT
from services.gateway.webapi.frames import BadFrame
from services.gateway.webapi.guard import Barred
from services.gateway.webapi.session import AT_ONCE, Ending, Session
from services.gateway.webapi.sessions import Full
from services.gateway.webprinter.envelope import failed

BUSY = "The server cannot do this at the moment: try again in a few seconds."
#: HTTP status -> WebSocket close code.
CODES = {400: 4400, 401: 4401, 403: 4403, 408: 4408, 429: 4429, 503: 1013}


def hello(session: Session, settings: GatewaySettings) -> dict[str, Any]:
    """The first message of a line."""
    return {
        "command": "HELLO",
        "sn": session.visitor.identity.sn,
        "version": VERSION,
        "session": session.id,
        "seq": session.cursor,
        "limits": {"message": settings.webapi_max_message, "upload": settings.max_upload, "requests": IN_FLIGHT, "poll": AT_ONCE},
        "pingInterval": int(frames.PING_AFTER * 1000),
        "idle": int(frames.DEAD_AFTER * 1000),
    }


def denial(reason: Exception) -> Response:
    """Why somebody is not let in, as HTTP has it."""
    if isinstance(reason, Barred):
        more = {"retry_after": "60"} if reason.status == 429 else {}
        return failed(reason.message, reason.status, **more).response()
    if isinstance(reason, Full):
        return failed(str(reason), 429, retry_after="30").response()
    if isinstance(reason, BadFrame):
        return failed(str(reason), 400).response()
    return failed(BUSY, 503, retry_after="5").response()


def ending(reason: Exception) -> Ending:
    """The same as a WebSocket has it; a reason may have 123 bytes there."""
    if isinstance(reason, Barred):
        return Ending(CODES.get(reason.status, 4403), reason.message[:120])
    if isinstance(reason, Full):
        return Ending(4429, str(reason)[:120])
    if isinstance(reason, BadFrame):
        return Ending(4400, str(reason)[:120])
    return Ending(1013, BUSY)
