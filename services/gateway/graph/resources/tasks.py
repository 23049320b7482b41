"""printTasks: of a definition, for the application that does them; and of a job, to look at (graph-print.md 1.8, 3.4)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from libs.contracts.definitions import ListDefinitions
from libs.contracts.hooks import GetHook, HookAnswer, HookList, HookState, HookView, ListHooks, SettleHook
from libs.contracts.jobs import GetJob, JobAnswer
from services.gateway.graph.asked.place import leg_of, spotted
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.task import definition_of, task_entities, task_entity, trigger_of
from services.gateway.graph.http.members import text
from services.gateway.graph.odata.paging import offset_of
from services.gateway.graph.odata.query import LARGEST, Query
from services.gateway.graph.problem import bad, missing

#: What an application may say of its task.
SETTLED = (HookState.PROCESSING, HookState.COMPLETED, HookState.ABORTED)
#: Tasks of one definition that are looked at where a query filters, sorts or counts.
MOST = 20_000


async def list_tasks(call: Call) -> Answer:
    """Tasks of a definition of this application, newest first: those at work, and those that ended lately."""
    definition, begin = call.ids["definition"], offset_of(call.query)
    known = call.ask(ListDefinitions(region=call.gateway.region, tenant=call.who.tenant, app=call.who.app, definition=definition))
    if call.query.filter is None and not call.query.orderby and not call.query.count:
        _, found = await asyncio.gather(known, _hooks(call, begin, max(call.query.page, 1)))
        hooks = found.hooks[: call.query.page]
        token = str(begin + len(hooks)) if hooks and found.more else ""
        return Collection(await task_entities(call, hooks, call.query), _context(definition), applied=True, skiptoken=token)
    _, every = await asyncio.gather(known, _every(call))
    return Collection(await task_entities(call, every, call.query), _context(definition))


async def get_task(call: Call) -> Answer:
    """One task of this application."""
    (told,) = await task_entities(call, (await _hook(call),), call.query)
    return Reply(body=told, context=f"{_context(call.ids['definition'])}/$entity")


async def change_task(call: Call) -> Answer:
    """How far the application is: when its task is completed, the job goes on."""
    state, description = _status(call.body.get("status"))
    answer: HookAnswer = await call.ask(SettleHook(**_named(call), state=state, description=description))
    return Reply(body=task_entity(answer.hook, call.base), context=f"{_context(call.ids['definition'])}/$entity")


async def get_definition(call: Call) -> Answer:
    """The definition of a task."""
    hook = await _task(call)
    found = await definition_of(call, hook.app, hook.definition)
    if found is None:
        raise missing(f"definition {hook.definition}")
    return Reply(body=found, context="print/taskDefinitions/$entity")


async def get_trigger(call: Call) -> Answer:
    """The trigger that made a task."""
    hook = await _task(call)
    told = dict(trigger_of(hook, await definition_of(call, hook.app, hook.definition)))
    if not call.query.expands("definition"):
        del told["definition"]
    return Reply(body=told, context="print/printers/taskTriggers/$entity")


async def list_job_tasks(call: Call) -> Answer:
    """The tasks of a job, in their order."""
    return Collection(await task_entities(call, await _job_hooks(call), call.query), "print/printers/jobs/tasks")


async def get_job_task(call: Call) -> Answer:
    """One task of a job."""
    (told,) = await task_entities(call, (await _job_hook(call),), call.query)
    return Reply(body=told, context="print/printers/jobs/tasks/$entity")


async def tasks_of(call: Call, definition: str, options: Query) -> list[dict[str, Any]]:
    """The newest tasks of a definition of this application, as many as a page may have, where they are expanded."""
    found = await _hooks(call, 0, LARGEST, definition)
    return await task_entities(call, found.hooks, options)


async def _hooks(call: Call, offset: int, limit: int, definition: str = "") -> HookList:
    region, who, definition = call.gateway.region, call.who, definition or call.ids["definition"]
    found: HookList = await call.ask(
        ListHooks(region=region, tenant=who.tenant, app=who.app, definition=definition, offset=offset, limit=limit)
    )
    return found


async def _every(call: Call) -> list[HookView]:
    every: list[HookView] = []
    while len(every) < MOST:
        found = await _hooks(call, len(every), LARGEST)
        every += found.hooks
        if not found.more or not found.hooks:
            return every
    raise bad(f"There are more than {MOST} tasks: ask for them page by page, without $filter, $orderby and $count.")


async def _hook(call: Call) -> HookView:
    answer: HookAnswer = await call.ask(GetHook(**_named(call)))
    return answer.hook


async def _task(call: Call) -> HookView:
    """The task that the path names, of a definition of this application or of a job."""
    return await (_job_hook(call) if "job" in call.ids else _hook(call))


async def _job_hook(call: Call) -> HookView:
    hooks = [each for each in await _job_hooks(call) if each.id == call.ids["task"].lower()]
    if not hooks:
        raise missing(f"task {call.ids['task'][:60]} of this job")
    return hooks[0]


async def _job_hooks(call: Call) -> Sequence[HookView]:
    printer = await spotted(call)
    place: Mapping[str, Any] = leg_of(call)
    question = GetJob(**place, agent=printer.agent, printer=printer.device, user=call.who.own_jobs_only, hooks=True)
    answer: JobAnswer = await call.ask(question)
    return answer.job.hooks


def _named(call: Call) -> dict[str, str]:
    """What every question about a task of a definition has."""
    named = {"definition": call.ids["definition"], "hook": call.ids["task"].lower()}
    return {"region": call.gateway.region, "tenant": call.who.tenant, "app": call.who.app, **named}


def _status(status: Any) -> tuple[HookState, str]:
    if not isinstance(status, Mapping):
        raise bad('status is an object: {"state": "completed", "description": "…"}.', "status")
    state, told = status.get("state"), status.get("description")
    known = {each.value: each for each in SETTLED}
    if not isinstance(state, str) or state.lower() not in known:
        raise bad(f"status.state is one of {', '.join(known)}.", "status.state")
    return known[state.lower()], "" if told is None else text(told, "status.description")


def _context(definition: str) -> str:
    return f"print/taskDefinitions('{definition}')/tasks"


_OF_DEFINITION = "print/taskDefinitions/{definition}/tasks"
ROUTES = (
    Route("GET", _OF_DEFINITION, list_tasks),
    Route("GET", f"{_OF_DEFINITION}/{{task}}", get_task),
    Route("PATCH", f"{_OF_DEFINITION}/{{task}}", change_task),
    Route("GET", f"{_OF_DEFINITION}/{{task}}/definition", get_definition),
    Route("GET", f"{_OF_DEFINITION}/{{task}}/trigger", get_trigger),
    *(
        route
        for under in ("printers/{printer}", "shares/{share}")
        for route in (
            Route("GET", f"print/{under}/jobs/{{job}}/tasks", list_job_tasks),
            Route("GET", f"print/{under}/jobs/{{job}}/tasks/{{task}}", get_job_task),
            Route("GET", f"print/{under}/jobs/{{job}}/tasks/{{task}}/definition", get_definition),
            Route("GET", f"print/{under}/jobs/{{job}}/tasks/{{task}}/trigger", get_trigger),
        )
    ),
)
