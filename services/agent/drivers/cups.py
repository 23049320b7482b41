"""Driver `cups`: the queues of a cupsd, through pycups, which is GPL and is imported nowhere else."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import cups

from libs.ipp.attributes import Attributes, Value
from libs.ipp.client import Client
from libs.ipp.connection import Patience
from libs.ipp.errors import ClientError, IppConnectionError, IppError
from libs.ipp.job import Job
from libs.ipp.message import Response
from libs.ipp.session import Given
from libs.ipp.values import Keyword, Text
from libs.runtime.crashpoint import crashpoint
from libs.runtime.machine import bracketed
from services.agent.cups.server import Server
from services.agent.documents import Content
from services.agent.printer_uri import PrinterUri

T = TypeVar("T")

PORT = 631
USER = "printbus"
_PIECE = 64 * 1024
_PAGE = 500
_CONTINUE = 100  # HTTP status: go on


def connect(uri: PrinterUri) -> Server:
    """`cups://localhost:631` for all queues of that server, `cups://localhost:631/QUEUE` for one.

    Bytes pass untouched through a raw queue, and past a driver unless its device speaks IPP; `raw=true` or `raw=false` decide.
    """
    if not uri.host:
        raise ValueError("a CUPS server needs a host; write cups://localhost:631, or cups://localhost:631/QUEUE for one queue")
    only = uri.path.strip("/").removeprefix("printers/")
    if "/" in only:
        raise ValueError(f"{uri.path} is not a queue; write cups://localhost:631/QUEUE")
    if uri.receipt and not only:
        raise ValueError(f"raster=escpos is for one queue; write cups://{uri.host}:{uri.port or PORT}/QUEUE?raster=escpos")
    host, port = uri.host, uri.port or PORT
    return Server(lambda: CupsConnection(host, port), f"{host}:{port}", uri, only=only)


class CupsConnection:
    """One libcups connection and the one thread that may use it.

    Sharing a connection between threads crashes the process, and libcups keeps server, port and user per thread: the
    thread sets them before anything else. It is a daemon, because libcups cannot be interrupted.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._connection: Any = None
        self._asked: queue.SimpleQueue[tuple[asyncio.Future[Any], Callable[[Any], Any]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._clients: dict[str, Client] = {}
        threading.Thread(target=self._work, name=f"cups {host}", daemon=True).start()

    async def close(self) -> None:
        """Let the thread end after what it is doing."""
        self._asked.put(None)
        for client in self._clients.values():
            await client.close()

    async def queues(self) -> tuple[set[str], str]:
        """The names of all queues, and of the default one, which may be empty. Raises `ClientError`."""
        printers, default = await self._do(lambda c: (c.getPrinters(), c.getDefault()))
        return set(printers), default or ""

    async def create(self, queue: str, name: str, chosen: Given) -> int:
        """Over IPP: pycups cannot encode collections."""
        job = await self._client(queue).create_job(name=name, job={**chosen, "job-hold-until": Keyword("indefinite")})
        return job.id

    async def send(self, queue: str, number: int, name: str, content: Content, progress: asyncio.Event) -> None:
        def stream(connection: Any) -> None:
            _checked(connection.startDocument(queue, number, name, content.media_type, 1))
            for count, piece in enumerate(_pieces(content)):
                if count == 1:
                    crashpoint("agent-mid-document")
                _checked(connection.writeRequestData(piece, len(piece)))
                with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends
                    self._loop.call_soon_threadsafe(progress.set)
            status = connection.finishDocument(queue)
            if status > 0xFF:
                raise IppError(Response(status, 0, ()))

        await self._do(stream)

    async def release(self, number: int) -> None:
        await self._do(lambda c: c.setJobHoldUntil(number, "no-hold"))

    async def queue(self, name: str, requested: Sequence[str]) -> Attributes:
        """A queue's attributes, over IPP: pycups cannot decode collections."""
        return await self._client(name).get_printer_attributes(requested)

    async def all_jobs(self, requested: Sequence[str]) -> AsyncIterator[Job]:
        """Cupsd answers at most five hundred at once when it is asked for names."""
        first = 1
        while jobs := await self.get_jobs("all", requested, first_job_id=first):
            for job in jobs:
                yield job
            if len(jobs) < _PAGE:
                return
            first = max(job.id for job in jobs) + 1

    async def get_jobs(self, which_jobs: str, requested: Sequence[str], *, first_job_id: int | None) -> list[Job]:
        found = await self._do(
            lambda c: c.getJobs(
                which_jobs=which_jobs, limit=_PAGE, first_job_id=first_job_id or 1, requested_attributes=list(requested)
            )
        )
        return [Job.of(_attributes({**said, "job-id": number})) for number, said in sorted(found.items())]

    async def get_job_attributes(self, job_id: int, requested: Sequence[str]) -> Job:
        return Job.of(_attributes(await self._do(lambda c: c.getJobAttributes(job_id, list(requested)))))

    async def cancel_job(self, job_id: int) -> None:
        await self._do(lambda c: c.cancelJob(job_id))

    def _client(self, queue: str) -> Client:
        if queue not in self._clients:
            uri = f"ipp://{bracketed(self._host)}:{self._port}/printers/{quote(queue)}"
            self._clients[queue] = Client(uri, user=USER, patience=Patience(connect=3.0, answer=10.0))
        return self._clients[queue]

    async def _do(self, act: Callable[[Any], T]) -> T:
        """Do it in the thread. Raises `ClientError`."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._asked.put((future, act))
        return await future

    def _work(self) -> None:
        cups.setServer(self._host)
        cups.setPort(self._port)
        cups.setUser(USER)
        cups.setPasswordCB(lambda _prompt: "")  # never ask a terminal
        while (asked := self._asked.get()) is not None:
            future, act = asked
            answer, error = self._act(act)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(_tell, future, answer, error)
        self._connection = None

    def _act(self, act: Callable[[Any], Any]) -> tuple[Any, Exception | None]:
        fresh = self._connection is None
        try:
            if fresh:
                self._connection = cups.Connection(self._host, self._port)
            return act(self._connection), None
        except (ClientError, OSError) as error:
            return None, error
        except cups.IPPError as error:
            status, message = error.args
            if status >= 0x0500 or status < 0:
                self._connection = None
            if status in _NO_CONNECTION:
                return None, IppConnectionError(f"cupsd does not answer: {message}", sent=not fresh)
            return None, IppError(Response(status, 0, ()))
        except (RuntimeError, cups.HTTPError) as error:
            self._connection = None
            return None, IppConnectionError(f"cupsd does not answer: {error}", sent=not fresh)


#: What libcups makes of a broken connection: service-unavailable, internal-error.
_NO_CONNECTION = frozenset({0x0500, 0x0502})


def _tell(future: asyncio.Future[Any], answer: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error:
        future.set_exception(error)
    else:
        future.set_result(answer)


def _checked(status: int) -> None:
    if status != _CONTINUE:
        raise IppConnectionError(f"cupsd does not take the document (HTTP {status})", sent=True)


def _pieces(content: Content) -> Iterator[bytes]:
    """The document in pieces, in the connection's own thread."""
    if content.path is None:
        for start in range(0, len(content.data), _PIECE):
            yield content.data[start : start + _PIECE]
        return
    with content.path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _attributes(said: dict[str, Any]) -> Attributes:
    """What pycups makes of attributes, as ours; what has no value is left out."""
    values: dict[str, tuple[Value, ...]] = {}
    for name, value in said.items():
        several = value if isinstance(value, list) else [value]
        kept: tuple[Value, ...] = tuple(
            Text(each) if isinstance(each, str) else each for each in several if isinstance(each, int | str)
        )
        if kept:
            values[name] = kept
    return Attributes.of(values)
