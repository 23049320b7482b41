"""printTask: what a partner application does on a job before it may go on (graph-print.md 2.11)."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from libs.contracts.definitions import DefinitionList, ListDefinitions
from libs.contracts.hooks import HookState, HookView
from libs.contracts.ids import guid, job_id
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.call import Call
from services.gateway.graph.entities.definition import EVENT, definition_entity
from services.gateway.graph.odata.query import Query

#: The sentence where the application has written none.
DESCRIPTION = {
    HookState.PENDING: "The task waits for another one of the same job.",
    HookState.PROCESSING: "The task is waiting to be completed by its application.",
    HookState.COMPLETED: "The task is completed.",
    HookState.ABORTED: "The task was aborted.",
}


def job_url(base: str, agent: str, printer: str, task: str, leg: int) -> str:
    """The address of a job, below its printer."""
    return f"{base}/print/printers/{guid('printer', agent, printer)}/jobs/{job_id(task, leg)}"


def task_entity(hook: HookView, base: str) -> dict[str, Any]:
    """A printTask without what may be expanded."""
    return {
        "id": hook.id,
        "parentUrl": job_url(base, hook.agent, hook.printer, hook.task, hook.leg),
        "status": {"state": hook.state.value, "description": hook.description or DESCRIPTION[hook.state]},
    }


async def task_entities(call: Call, hooks: Iterable[HookView], query: Query) -> list[dict[str, Any]]:
    """Several, with their definitions and triggers where `query` expands those; each definition is asked for once."""
    hooks = tuple(hooks)
    expanded = {name.lower() for name in query.expand}
    wanted = sorted({(each.app, each.definition) for each in hooks}) if expanded & {"definition", "trigger"} else []
    found = dict(zip(wanted, await asyncio.gather(*(definition_of(call, *each) for each in wanted)), strict=True))
    told = []
    for hook in hooks:
        entity = task_entity(hook, call.base)
        definition = found.get((hook.app, hook.definition))
        if "definition" in expanded:
            entity["definition"] = definition
        if "trigger" in expanded:
            entity["trigger"] = trigger_of(hook, definition)
        told.append(entity)
    return told


def trigger_of(hook: HookView, definition: Mapping[str, Any] | None) -> dict[str, Any]:
    """The trigger that made a task, which may be gone by now."""
    return {"id": hook.trigger, "event": EVENT, "definition": definition}


async def definition_of(call: Call, app: str, definition: str) -> dict[str, Any] | None:
    """A definition of an application; None: it is gone."""
    question = ListDefinitions(region=call.gateway.region, tenant=call.who.tenant, app=app, definition=definition)
    try:
        answer: DefinitionList = await call.ask(question)
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        return None
    return definition_entity(call, answer.definitions[0]) if answer.definitions else None
