"""A receiver of callbacks that remembers what came, in its order, and answers as a test tells it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.runtime.probes import http_server
from tests.waiting import until


@dataclass
class Receiver:
    """What came. `answer` gives the HTTP status for an event."""

    url: str = ""
    answer: Callable[[dict[str, Any]], int] = lambda _event: 200
    events: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def of(self, task: str) -> list[str]:
        """The story of one task: event names and statuses, an event that came again told once."""
        story: list[str] = []
        seen: set[str] = set()
        for event, headers in zip(self.events, self.headers, strict=True):
            delivery = headers.get("webhook-id", str(len(seen)))
            if event["task"]["taskId"] != task or delivery in seen:
                continue
            seen.add(delivery)
            story.append(f"{event['oldStatus']}>{event['newStatus']}" if "newStatus" in event else event["name"])
        return story

    async def ended(self, task: str, within: float = 60.0) -> list[str]:
        """Wait for a task's end; its story, checked: New first, End last and once, the statuses a chain."""
        await until(lambda: "EndTaskEvent" in self.of(task), within, f"the end of {task} is told")
        story = self.of(task)
        assert story[0] == "NewTaskEvent", story
        assert story.count("NewTaskEvent") == story.count("EndTaskEvent") == 1, story
        assert story[-1] == "EndTaskEvent", story
        changes = [change.split(">") for change in story[1:-1]]
        assert all(before[1] == after[0] for before, after in pairwise(changes)), story
        return story


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver()

    async def callback(request: Request) -> Response:
        event = await request.json()
        receiver.events.append(event)
        receiver.headers.append(dict(request.headers))
        return Response(status_code=receiver.answer(event))

    async with http_server(Starlette(routes=[Route("/callback", callback, methods=["POST"])]), "127.0.0.1", 0) as port:
        receiver.url = f"http://127.0.0.1:{port}/callback"
        yield receiver
