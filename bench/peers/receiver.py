"""A receiver of callbacks that costs little: it says 200 to everything and remembers the ids that came by each path.

python -m bench.peers.receiver --port 40000; GET /count says how many came, GET /told which, DELETE / forgets them.
"""

import argparse
import asyncio
import json
from collections import defaultdict

import uvloop

from libs.runtime.process import stop_signal

_END = b"\r\n\r\n"
#: What says that events are wanted (CloudEvents, HTTP 1.1 Web Hooks, section 4.2).
_ALLOWED = "WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: *\r\n"


class _Told:
    """What came so far."""

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = defaultdict(list)
        self.count = 0


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, told: _Told) -> None:
        self._told = told
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(_END)) >= 0:
            fields = _fields(self._buffer[:head])
            whole = head + 4 + int(fields.get("content-length", "0"))
            if len(self._buffer) < whole:
                return
            method, path, _ = self._buffer[: self._buffer.find(b"\r")].decode().split(" ")
            self._buffer = self._buffer[whole:]
            body = self._answer(method, path, fields)
            more = _ALLOWED if method == "OPTIONS" else ""
            self._transport.write(f"HTTP/1.1 200 OK\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode())  # type: ignore[attr-defined]

    def _answer(self, method: str, path: str, fields: dict[str, str]) -> str:
        if method == "POST":
            self._told.count += 1
            self._told.ids[path].append(fields.get("webhook-id", ""))
            return ""
        if method == "OPTIONS":
            return ""
        if method == "DELETE":
            self._told.ids.clear()
            self._told.count = 0
        return json.dumps(self._told.ids if path == "/told" else self._told.count)


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def serve(port: int) -> None:
    """Until SIGTERM."""
    told, asked = _Told(), stop_signal()
    server = await asyncio.get_running_loop().create_server(lambda: _Line(told), "127.0.0.1", port)
    await asked.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))
