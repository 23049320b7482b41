"""Subscriptions for tests: applications that echo the handshake's token, events of hooks and of jobs."""

import time
import uuid
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from libs.contracts.events import TaskFetchable, TaskHooked, UpdateTaskStatus
from libs.contracts.hooks import HookState, HookView
from libs.contracts.ids import guid
from libs.contracts.states import STATUS, Stage
from libs.contracts.subscriptions import SubscriptionView, Topic
from tests.webhooks.events import CREATED, SN, view
from tests.webhooks.receivers import Script, answer

APP = "7f8a6c1e-5b9b-4f3e-a7b5-6d1f0c2f9e11"
DEFINITION = "b4ab6a8c-6a3c-4b0e-9c5f-b1f7c1a2d301"
TRIGGER = "0d6ad0a2-5d6e-4c2e-8f5a-111111111111"
PRINTER = "abcdef123456"
BASE = "http://print.example/v1.0"
HOUR = 3_600_000


def now() -> int:
    return time.time_ns() // 1_000_000


def token_in(path: str) -> str | None:
    """The validation token of a request, decoded."""
    return parse_qs(urlsplit(path).query, strict_parsing=bool(urlsplit(path).query)).get("validationToken", [None])[0]


def echoing(then: Script | None = None) -> Script:
    """Answers the handshake as it should be, and notifications as `then` says (202 without one)."""

    async def script(request, writer):
        token = token_in(request.path)
        if token is not None:
            return answer(200, token.encode(), "Content-Type: text/plain; charset=utf-8")
        return await then(request, writer) if then else answer(202, b"")

    return script


def told(receiver):
    """The notifications that a receiver got, in their order."""
    return [each for request in receiver.requests if token_in(request.path) is None for each in request.json["value"]]


def to_hooks(url: str, **more) -> SubscriptionView:
    """A subscription to the tasks of a definition."""
    about = {"topic": Topic.HOOKS, "definition": DEFINITION, "resource": f"print/taskDefinitions/{DEFINITION}/tasks"}
    return _subscription(url, changes="created", **{**about, **more})


def to_jobs(url: str, **more) -> SubscriptionView:
    """A subscription to the jobs of a printer that become fetchable."""
    about = {
        "topic": Topic.JOBS,
        "agent": SN,
        "printer": PRINTER,
        "resource": f"print/printers/{guid('printer', SN, PRINTER)}/jobs",
        "query": "$filter = isFetchable eq true",
        "changes": "updated",
    }
    return _subscription(url, **{**about, **more})


def _subscription(url, **more):
    given = {"id": str(uuid.uuid4()), "tenant": "main", "app": APP, "creator": APP, "url": url, "base": BASE, "state": "secret"}
    return SubscriptionView(**{**given, "expires": now() + HOUR, "created_at": now(), **more})


def task(number: int, stage: Stage = Stage.INCOMING, version: int = 1, **more):
    """A task at the printer."""
    return replace(view(f"{SN}-{number:012}", version, stage), **{"printer": PRINTER, **more})


def hooked(number: int, leg: int = 1, app: str = APP) -> TaskHooked:
    """A hook begins to work on a task."""
    name = f"{SN}-{number:012}"
    hook = HookView(
        id=guid("hook", name, str(leg), TRIGGER),
        tenant="main",
        task=name,
        leg=leg,
        agent=SN,
        printer=PRINTER,
        definition=DEFINITION,
        trigger=TRIGGER,
        app=app,
        state=HookState.PROCESSING,
    )
    return TaskHooked(region="local", task=task(number, Stage.HOOKED, 2, leg=leg), hook=hook, at=CREATED)


def fetchable(number: int, **more) -> TaskFetchable:
    """A task becomes ready for its printer without a change of its status."""
    ready = task(number, Stage.FETCHABLE, **{"version": 3, "fetchable_at": now(), **more})
    return TaskFetchable(region="local", task=ready, at=CREATED)


def status(number: int, stage: Stage, version: int, **more) -> UpdateTaskStatus:
    """A task's status changes."""
    changed = task(number, stage, version, **more)
    return UpdateTaskStatus(region="local", task=changed, old_status=STATUS[Stage.INCOMING], new_status=STATUS[stage], at=CREATED)
