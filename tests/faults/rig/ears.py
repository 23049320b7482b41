"""The receiver of callbacks, with what it was told and answered in its history."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.runtime.probes import http_server
from tests.faults.rig.history import History
from tests.waiting import until


class Ears:
    """Hears callbacks at `url`. `answer` gives the HTTP status for an event."""

    def __init__(self, history: History, answer: Callable[[dict[str, Any]], int] = lambda _event: 200) -> None:
        self.history = history
        self.answer = answer
        self.url = ""
        self.ended: set[str] = set()
        self.came = 0

    async def hear(self, request: Request) -> Response:
        event = await request.json()
        status = self.answer(event)
        endpoint, task = request.url.path, event["task"]["taskId"]
        identity = request.headers.get("webhook-id", "")
        self.history.note("told", endpoint=endpoint, id=identity, task=task, event=event, status=status)
        self.came += 1
        if event["name"] == "EndTaskEvent" and 200 <= status < 300:
            self.ended.add(task)
        return Response(status_code=status)

    async def all_ended(self, tasks: set[str], within: float = 60.0) -> None:
        """Wait until the end of each of these was told; what is missing then is the checker's to name."""
        try:
            await until(lambda: tasks <= self.ended, within, "all ends are told", every=0.1)
        except AssertionError as error:
            missing = sorted(tasks - self.ended)
            raise AssertionError(f"{error}: {len(missing)} missing, {missing[:5]}") from None


@asynccontextmanager
async def listening(
    history: History, answer: Callable[[dict[str, Any]], int] = lambda _event: 200, path: str = "/callback"
) -> AsyncIterator[Ears]:
    """A receiver on a free port of loopback."""
    ears = Ears(history, answer)
    async with http_server(Starlette(routes=[Route(path, ears.hear, methods=["POST"])]), "127.0.0.1", 0) as port:
        ears.url = f"http://127.0.0.1:{port}{path}"
        yield ears
