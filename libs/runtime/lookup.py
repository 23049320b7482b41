"""Names that strangers choose, looked up so that a name server which never answers holds up nobody but its own names."""

import asyncio
import socket
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, TypeVar

#: Seconds that anybody waits for an answer, and for which a name that took longer is not looked up again.
PATIENCE = 5.0
SULK = 30.0
#: Lookups at the same time of names that have not answered well before.
AT_ONCE = 32
#: Names that are remembered.
MOST = 10_000

Where = tuple[str, int]
V = TypeVar("V")


class Slow(Exception):
    """The name's servers do not answer now."""


class Lookups:
    """Asks the system's resolver. What answered well the last time goes past what waits; all who ask for a name share one look.

    A lookup is a thread of its own, which cannot be stopped: the loop's own two or four are not for names of strangers.
    """

    def __init__(self) -> None:
        self._unproven = asyncio.Semaphore(AT_ONCE)
        self._proven: OrderedDict[str, None] = OrderedDict()
        self._slow: OrderedDict[str, float] = OrderedDict()
        self._looking: dict[Where, asyncio.Task[list[str]]] = {}
        self._asked: set[str] = set()

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host as text, each once. Raises `Slow`, and what `getaddrinfo` raises."""
        with suppress(ValueError):
            return [str(ip_address(host))]
        if time.monotonic() < self._slow.get(host, 0.0):
            raise Slow(host)
        looking = self._looking.get((host, port))
        if looking is None:
            looking = self._looking[host, port] = asyncio.create_task(self._look(host, port))
            looking.add_done_callback(lambda done: self._over((host, port), done))
        done, _ = await asyncio.wait({looking}, timeout=PATIENCE)
        if not done:
            if host in self._asked:  # and has not only waited for others
                _remember(self._slow, host, time.monotonic() + SULK)
            raise Slow(host)
        return looking.result()

    async def _look(self, host: str, port: int) -> list[str]:
        if host in self._proven:
            del self._proven[host]  # until it has answered again
            return await self._ask(host, port)
        async with self._unproven:
            return await self._ask(host, port)

    async def _ask(self, host: str, port: int) -> list[str]:
        begun = time.monotonic()
        self._asked.add(host)
        try:
            found = await _in_a_thread(host, port)
        finally:
            self._asked.discard(host)
        if time.monotonic() - begun < PATIENCE:
            _remember(self._proven, host, None)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def _over(self, where: Where, done: asyncio.Task[list[str]]) -> None:
        del self._looking[where]
        if not done.cancelled():
            done.exception()  # whoever asked may have gone


async def _in_a_thread(host: str, port: int) -> list[Any]:
    """What `getaddrinfo` says. The thread keeps no process from ending."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def tell(found: list[Any], error: Exception | None) -> None:
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(found)

    def ask() -> None:
        found: list[Any] = []
        problem: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to whoever asked
            problem = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, found, problem)

    threading.Thread(target=ask, name=f"lookup {host[:64]}", daemon=True).start()
    return await answer


def _remember(memory: OrderedDict[str, V], key: str, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > MOST:
        memory.popitem(last=False)
