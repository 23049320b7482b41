"""Clients that submit under idempotency keys and repeat until they are answered, so that nothing is "maybe accepted"."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.faults.rig.history import History

#: Seconds that a careful program waits at most before it asks again, whatever `Retry-After` says.
LONGEST_PAUSE = 1.0


class Refused(AssertionError):
    """The door said no, and says so again when it is asked again."""


@dataclass(slots=True)
class Client:
    """One program with the token of one client; `urls` are the gateways, asked in turn when one does not answer.

    `repeats` counts why it asked again: `503`, `cut` (the line broke before the answer), `no line` (nobody listens there);
    `errors` counts what a person in front of it would have seen: no gateway could be reached at all. Neither is accepted.
    `slowest` is the longest that a command took with all its repeats, `longest` one answer, in seconds; `unguided` counts 503s that
    do not say when to come again.
    """

    urls: Sequence[str]
    token: str
    history: History
    tenant: str = "main"
    patience: float = 120.0
    repeats: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    slowest: float = 0.0
    longest: float = 0.0
    unguided: int = 0
    accepted: list[str] = field(default_factory=list)
    _http: httpx.AsyncClient = field(init=False)
    _keys: Iterable[int] = field(default_factory=count)
    _first: int = 0

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=64))

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, command: str, data: dict[str, Any]) -> Any:
        """What a command returns, asked until it is answered. Raises `Refused`, and AssertionError after `patience` seconds."""
        body = json.dumps({"command": command, "data": data})
        begun = time.monotonic()
        while True:
            answer = await self._post(body)
            if answer is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            assert time.monotonic() < begun + self.patience, f"{command} is not answered: {dict(self.repeats)}"
            pause = float(answer.headers.get("retry-after", 1)) if answer is not None else 0.1
            await asyncio.sleep(min(LONGEST_PAUSE, pause))  # as long as it was told to
        self.slowest = max(self.slowest, time.monotonic() - begun)
        envelope = answer.json()
        if not envelope["success"]:
            self.history.note("refused", status=answer.status_code, message=envelope["message"])
            raise Refused(envelope["message"])
        return envelope.get("data")

    async def submit(self, device: str, content: str, **task: Any) -> str:
        """One task, under a key of its own; its id."""
        wanted = {"deviceName": device, "mediaSource": "STRING", "mediaFormat": "TEXT", "content": content, **task}
        key = self._key()
        told = await self.call("newPrintTask", {"task": wanted, "idempotencyKey": key})
        return self._accept(told["taskId"], key, device)

    async def batch(self, device: str, contents: Sequence[str], **task: Any) -> list[str]:
        """Many tasks in one call under one key; their ids in the same order."""
        wanted = [{"deviceName": device, "mediaFormat": "TEXT", "content": content, **task} for content in contents]
        key = self._key()
        told = await self.call("newPrintTaskBatch", {"tasks": wanted, "idempotencyKey": key})
        assert all(each["success"] for each in told), told
        return [self._accept(each["taskId"], key, device) for each in told]

    async def _post(self, body: str) -> httpx.Response | None:
        for turn in range(len(self.urls)):
            url = self.urls[(self._first + turn) % len(self.urls)]
            begun = time.monotonic()
            try:
                answer = await self._http.post(f"{url}/openapi", content=body, headers={"Api-Access-Token": self.token})
            except httpx.ConnectError:
                self.repeats["no line"] += 1
            except httpx.TransportError:
                self.repeats["cut"] += 1
            else:
                self._first = (self._first + turn) % len(self.urls)
                self.longest = max(self.longest, time.monotonic() - begun)
                if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    self.repeats["503"] += 1
                    self.unguided += "retry-after" not in answer.headers
                return answer
        self.errors += 1
        return None

    def _key(self) -> str:
        return f"{self.history.actor} {next(iter(self._keys))}"

    def _accept(self, task: str, key: str, device: str) -> str:
        self.history.note("accepted", task=task, tenant=self.tenant, key=key, device=device)
        self.accepted.append(task)
        return task


@asynccontextmanager
async def client(urls: Sequence[str], token: str, history: History, tenant: str = "main") -> AsyncIterator[Client]:
    """One that is closed afterwards."""
    made = Client(urls, token, history, tenant)
    try:
        yield made
    finally:
        await made.close()


async def submit_all(clients: Sequence[Client], devices: Sequence[str], tasks: int, lanes: int = 8) -> None:
    """So many tasks one by one, by all clients and onto all devices in turn, so many at the same time."""
    numbers = iter(range(tasks))

    async def lane() -> None:
        for number in numbers:
            sender = clients[number % len(clients)]
            await sender.submit(devices[number % len(devices)], f"number {number}", name=f"task {number}")

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
