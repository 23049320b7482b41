"""Why a task is where it is: everything that is known of it, for whoever runs the server."""

from dataclasses import dataclass

from libs.contracts.message import Message
from libs.contracts.tasks import TaskView


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainTask(Message, subject="query.{region}.spooler.explain-task"):
    """One task of whichever tenant: no door asks this, only whoever administers the server."""

    region: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A task and what stands around it. Times are ms since 1970, 0: none.

    `step` says which worker has its open order: convert, print, or none (empty); `attempt` and `conversions` count orders, `before`
    the tasks that go before it in its line. `printer_state` empty: the directory does not know the printer.
    """

    task: TaskView
    step: str = ""
    engine: str = ""
    conversions: int = 0
    ordered_at: int = 0
    taken: bool = False
    sent: bool = False
    acknowledged_at: int = 0
    valid_until: int = 0
    retry_at: int = 0
    failures: int = 0
    lined: bool = False
    before: int = 0
    paused: bool = False
    served: str = ""
    hooks: tuple[str, ...] = ()
    unknown: str = ""
    printer_state: str = ""
    printer_reasons: tuple[str, ...] = ()
    agent_online: bool = False
    mismatch: str = ""
    trace: str = ""


#: Question -> the record that answers it (or a `Refusal`).
EXPLAINING_ANSWER: dict[type[Message], type] = {ExplainTask: Explanation}
