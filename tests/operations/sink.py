"""A label printer on a raw port that counts what came out of it."""

import socketserver
import threading
from typing import Self


class Sink:
    """All bytes that came, whoever sent them."""

    def __init__(self) -> None:
        self._got: list[bytes] = []
        sink = self

        class Taking(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                while piece := self.request.recv(65536):
                    sink._got.append(piece)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Taking)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, words: str) -> int:
        """How often it is on a label."""
        return b"".join(self._got).count(words.encode())
