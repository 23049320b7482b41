"""Hooks: work that a partner application does on a task before it may go on (Graph: printTask, graph-print.md 1.8, 3.4)."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.message import Message

#: Seconds that a hook may hold a task, unless its definition says otherwise (graph-print.md 3.4).
HOOK_LIMIT = 86_400


class HookPolicy(StrEnum):
    """What becomes of a task whose hook was aborted, or whose time is over."""

    ABORT = "abort"
    RELEASE = "release"


class HookState(StrEnum):
    """printTaskProcessingState (graph-print.md 2.11). `pending`: another hook of the same task works first."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Hook:
    """A trigger of a printer with what its definition says: whose work it is, for how many seconds, and what if it fails.

    `name` is what people call the definition; empty: nobody said.
    """

    trigger: str
    definition: str
    app: str
    limit: int = HOOK_LIMIT
    on_limit: HookPolicy = HookPolicy.ABORT
    on_abort: HookPolicy = HookPolicy.ABORT
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookView:
    """A hook at work on one leg of a task. Times are ms since 1970, 0: none; `until`: when its time is over.

    `id` is a GUID, derived: `guid("hook", task, leg, trigger)`.
    """

    id: str
    tenant: str
    task: str
    leg: int
    agent: str
    printer: str
    definition: str
    trigger: str
    app: str
    state: HookState
    description: str = ""
    created_at: int = 0
    until: int = 0
    ended_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHooks(Message, subject="query.{region}.spooler.list-hooks"):
    """Hooks of a definition of this application, newest first; or of one leg of a task (`definition` and `app` empty then)."""

    region: str
    tenant: str
    app: str = ""
    definition: str = ""
    task: str = ""
    leg: int = 0
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HookList:
    hooks: tuple[HookView, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetHook(Message, subject="query.{region}.spooler.get-hook"):
    region: str
    tenant: str
    app: str
    definition: str
    hook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleHook(Message, subject="query.{region}.spooler.settle-hook"):
    """The application says how far its work is; the same state again changes nothing but the description.

    Refused (CONFLICT) when it has ended with another state.
    """

    region: str
    tenant: str
    app: str
    definition: str
    hook: str
    state: HookState
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    hook: HookView


#: Question -> the record that answers it (or a `Refusal`).
HOOK_ANSWER: dict[type[Message], type] = {ListHooks: HookList, GetHook: HookAnswer, SettleHook: HookAnswer}
