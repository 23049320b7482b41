"""`getTask`, `cancelTask` and `resolveTask`: one task, by its id (extensions, webprinter.md 3.4)."""

from contextlib import AbstractContextManager
from typing import Any

from libs.contracts.queries import CancelTask, GetTask, Outcome, ResolveTask, TaskAnswer
from libs.contracts.webprinter import extended_row
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.recording import record
from services.gateway.webprinter.actions.unfound import naming
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields

OUTCOMES = {"PRINTED": Outcome.PRINTED, "REPRINT": Outcome.REPRINT, "GIVEUP": Outcome.GIVE_UP}
#: Seconds that the spooler may take: it first catches up with what was submitted.
PATIENCE = 4.5


def task_id(data: Fields) -> str:
    """The id of the task that is meant. Raises `Rejected`."""
    given = data.text("taskId")
    if given is None:
        raise Rejected("taskId is missing: write the id that newPrintTask returned.")
    return given


def named_task() -> AbstractContextManager[None]:
    """Asking for the task that `taskId` names."""
    return naming("taskId", "listTasks names yours")


async def get_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Everything that may be told of a task."""
    query = GetTask(region=gateway.region, tenant=identity.tenant, sn=identity.sn, task=task_id(data))
    return await _told(gateway, query)


async def cancel_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Cancel; the task as it then stands, which tells whether the agent still has to say so."""
    query = CancelTask(region=gateway.region, tenant=identity.tenant, sn=identity.sn, task=task_id(data))
    with named_task():
        found: TaskAnswer = await gateway.bus.ask(query, timeout=PATIENCE)
    if found.task.sn != identity.sn:  # what becomes of one's own, the task itself tells
        at = f"{found.task.agent}/{found.task.device}"
        await record(gateway, identity, "task canceled", found.task.id, of=found.task.sn, printer=at)
    return extended_row(found.task, gateway.zone)


async def resolve_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Say what became of a task whose outcome nobody knows."""
    task = task_id(data)
    outcome = data.word("outcome", OUTCOMES, "printed, reprint and give-up")
    if outcome is None:
        raise Rejected("outcome is missing: look whether it is on paper, and write printed, reprint or give-up.")
    query = ResolveTask(region=gateway.region, tenant=identity.tenant, sn=identity.sn, task=task, outcome=outcome)
    told = await _told(gateway, query)
    await record(gateway, identity, "task resolved", task, outcome=outcome.value)
    return told


async def _told(gateway: Gateway, query: GetTask | ResolveTask) -> dict[str, Any]:
    with named_task():
        found: TaskAnswer = await gateway.bus.ask(query, timeout=PATIENCE)
    return extended_row(found.task, gateway.zone)
