"""WebSockets as uvicorn speaks them, mended: a handshake that was answered with a refusal is over, and no fault."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Sockets(WebSocketsSansIOProtocol):
    """One connection. uvicorn itself takes a refused upgrade for an application that forgot to answer, and logs an error."""

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
