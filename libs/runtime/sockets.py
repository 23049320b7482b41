"""WebSockets as uvicorn speaks them, mended: what ends in the handshake is answered, and over."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import CONNECTING

UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Sockets(WebSocketsSansIOProtocol):
    """One connection.

    uvicorn itself takes a refused upgrade for an application that forgot to answer, and logs an error; and it waits for ever
    after an upgrade that it cannot read (a body, a line that is too long).
    """

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc and self.conn.state is CONNECTING and not self.transport.is_closing():
            self.transport.write(UNREADABLE)
            self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
