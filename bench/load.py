"""A client that costs little: requests that lie ready in a file, over connections that stay open, in a process of its own.

python -m bench.load --port 39899 --token … --bodies bodies.jsonl --answers answers.jsonl --connections 64
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvloop

from bench.spread import percentile

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load: requests per second, milliseconds, and the `data` of each answer in the order of the requests."""

    rate: float
    p50: float
    p99: float
    answers: list[Any]

    @property
    def tasks(self) -> list[str]:
        """The tasks that were accepted."""
        return [str(each["taskId"]) for each in self.answers]


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask, with which token."""

    port: int
    token: str = "none"
    path: str = "/openapi"


async def load(folder: Path, target: Target, bodies: Sequence[bytes], *, connections: int = 64) -> Loaded:
    """Send all of these, each connection one after the other. Raises RuntimeError unless every one of them succeeds."""
    given, answered = folder / "bodies.jsonl", folder / "answers.jsonl"
    await asyncio.to_thread(given.write_bytes, b"\n".join(bodies))
    argv = ["--port", str(target.port), "--token", target.token, "--path", target.path, "--connections", str(connections)]
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load", *argv, "--bodies", str(given), "--answers", str(answered)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError("the load could not be sent")
    told = json.loads(said)
    envelopes = [json.loads(line) for line in (await asyncio.to_thread(answered.read_text)).splitlines()]
    if failed := [each for each in envelopes if not each.get("success")]:
        raise RuntimeError(f"{len(failed)} of {len(bodies)} requests failed {told['statuses']}, the first one: {failed[0]}")
    return Loaded(len(bodies) / told["seconds"], told["p50"], told["p99"], [each.get("data") for each in envelopes])


class _Connection(asyncio.Protocol):
    """Takes the next request as soon as the last one is answered."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._buffer = b""
        self._number = -1
        self._since = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def begin(self) -> None:
        self._number, request = next(self._load.requests, (-1, b""))
        if self._number < 0:
            self._load.idle()
            return
        self._since = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(_END)
        if head < 0:
            return
        at = self._buffer.lower().find(_LENGTH, 0, head) + len(_LENGTH)
        length = int(self._buffer[at : self._buffer.find(b"\r", at)])
        if len(self._buffer) < head + 4 + length:
            return
        took = time.perf_counter() - self._since
        self._load.answered(self._number, int(self._buffer[9:12]), self._buffer[head + 4 :], took)
        self._buffer = b""
        self.begin()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.lost(error)


class _Load:
    """What is still to be sent, and what came back."""

    def __init__(self, requests: Sequence[bytes], connections: int) -> None:
        self.requests: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
        self.answers: list[bytes] = [b""] * len(requests)
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self._busy = connections

    def answered(self, number: int, status: int, body: bytes, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)
        self.answers[number] = body

    def idle(self) -> None:
        self._busy -= 1
        if not self._busy:
            self.done.set_result(None)

    def lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed a connection"))


async def _send(given: argparse.Namespace, bodies: Sequence[bytes]) -> dict[str, Any]:
    head = f"POST {given.path} HTTP/1.1\r\nHost: 127.0.0.1:{given.port}\r\nApi-Access-Token: {given.token}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    load = _Load(requests, given.connections)
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Connection(load), "127.0.0.1", given.port) for _ in range(given.connections)]
    begun = time.perf_counter()
    for _, connection in made:
        connection.begin()
    await load.done
    seconds = time.perf_counter() - begun
    given.answers.write_bytes(b"\n".join(load.answers))
    times = [1000 * each for each in load.latencies]
    return {"seconds": seconds, "statuses": load.statuses, "p50": percentile(times, 50), "p99": percentile(times, 99)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default="none")
    parser.add_argument("--path", default="/openapi")
    parser.add_argument("--bodies", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    bodies = given.bodies.read_bytes().split(b"\n")
    print(json.dumps(uvloop.run(_send(given, bodies))))


if __name__ == "__main__":
    main()
