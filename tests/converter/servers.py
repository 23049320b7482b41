"""A small web server for tests: paths with what they answer, and everything that was asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Server:
    """A running server. `seen` holds every request, also those of other protocols by their first line."""

    port: int
    host: str = "127.0.0.1"
    seen: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.seen]


@asynccontextmanager
async def serving(
    answers: Mapping[str, bytes | str], host: str = "127.0.0.1", kind: str = "text/html; charset=utf-8", port: int = 0
) -> AsyncIterator[Server]:
    """Answer each path with its bytes, or redirect to its text; everything else is 404."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            method, path, _ = first.split(" ", 2)
            fields = dict(line.split(": ", 1) for line in lines if ": " in line)
            server.seen.append(Asked(method, path, {name.lower(): value for name, value in fields.items()}))
            answer = answers.get(path.partition("?")[0])
            if isinstance(answer, str):
                reply = f"HTTP/1.1 302 Found\r\nLocation: {answer}\r\nContent-Length: 0\r\n\r\n".encode()
            else:
                status = "404 Not Found" if answer is None else "200 OK"
                body = answer or b""
                reply = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            writer.write(reply)
            await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            server.seen.append(Asked("?", type(error).__name__, {}))
        finally:
            writer.close()

    running = await asyncio.start_server(serve, host, port)
    server = Server(running.sockets[0].getsockname()[1], host)
    try:
        yield server
    finally:
        running.close()
