"""A printer on a TCP port, as port 9100 is."""

import asyncio


class Device:
    """A printer on a TCP port: what came in, one entry per connection. `reading` cleared: it takes nothing."""

    def __init__(self) -> None:
        self.jobs: list[bytes] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.port = 0
        self.open = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2048)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.reading.set()
        self.server.close()
        self.server.close_clients() if hasattr(self.server, "close_clients") else None

    async def _serve(self, reader, writer):
        self.open += 1
        got = bytearray()
        try:
            while True:
                await self.reading.wait()
                piece = await reader.read(1024)
                if not piece:
                    break
                got += piece
        except ConnectionError:
            pass
        if got:
            self.jobs.append(bytes(got))
        writer.close()

    def uri(self, **parameters) -> str:
        return f"socket://127.0.0.1:{self.port}?name=Label&grace=0" + "".join(f"&{k}={v}" for k, v in parameters.items())
