"""Task triggers: definitions bound to a printer (graph-print.md 1.9)."""

from typing import Any

from libs.contracts.definitions import AddTrigger, ListTriggers, RemoveTrigger, TriggerAnswer, TriggerList, TriggerView
from libs.runtime.bus import Refused
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.definition import EVENT, definition_entity, trigger_entity
from services.gateway.graph.http.path import bound
from services.gateway.graph.problem import bad, forbidden, missing, refused

BIND = "definition@odata.bind"


async def list_triggers(call: Call) -> Answer:
    """Those of a printer, in their order."""
    found = [trigger_entity(call, each, expand=call.query.expands("definition")) for each in await _found(call)]
    return Collection(found, _context(call))


async def get_trigger(call: Call) -> Answer:
    """One of them."""
    trigger = await _one(call)
    return Reply(body=trigger_entity(call, trigger, expand=call.query.expands("definition")), context=f"{_context(call)}/$entity")


async def get_definition(call: Call) -> Answer:
    """What one of them is bound to."""
    trigger = await _one(call)
    return Reply(body=definition_entity(call, trigger.definition), context="print/taskDefinitions/$entity")


async def add_trigger(call: Call) -> Answer:
    """Bind a definition of the calling application; strictly there is one trigger to a printer."""
    event = call.body.get("event", EVENT)
    if not isinstance(event, str) or event.lower() != EVENT.lower():
        raise bad(f"event must be {EVENT}.", "event")
    who = call.who
    question = AddTrigger(
        region=call.gateway.region,
        tenant=who.tenant,
        printer=call.ids["printer"],
        app=who.app,
        definition=_definition(call.body),
        several=not call.strict,
        by=who.by,
    )
    try:
        answer: TriggerAnswer = await call.ask(question)
    except Refused as refusal:
        problem = refused(refusal)
        problem.target = BIND if problem.target == "definition" else problem.target
        raise problem from None
    return Reply(201, trigger_entity(call, answer.trigger), f"{_context(call)}/$entity")


async def remove_trigger(call: Call) -> Answer:
    """New jobs are not held any more; tasks at work go on. An application by itself removes what binds its own definitions only."""
    printer, trigger = call.ids["printer"], call.ids["trigger"]
    region, who = call.gateway.region, call.who
    if not who.delegated and (await _one(call)).definition.app != who.app:
        raise forbidden("The trigger binds another application's definition: an administrator, or that application, can delete it.")
    await call.ask(RemoveTrigger(region=region, tenant=who.tenant, printer=printer, trigger=trigger, by=who.by))
    return Reply(status=204)


def _definition(body: Any) -> str:
    """From the address, or from an object with its id, as some programs send it."""
    if BIND in body:
        return bound(body[BIND], "taskDefinitions", BIND)
    nested = body.get("definition")
    if isinstance(nested, dict) and isinstance(nested.get("id"), str):
        return str(nested["id"])
    raise bad(f"{BIND} is needed: the address of a task definition, as {{base}}/print/taskDefinitions/{{id}}.", BIND)


async def _found(call: Call) -> tuple[TriggerView, ...]:
    question = ListTriggers(region=call.gateway.region, tenant=call.who.tenant, printer=call.ids["printer"])
    answer: TriggerList = await call.ask(question)
    return answer.triggers


async def _one(call: Call) -> TriggerView:
    for each in await _found(call):
        if each.id == call.ids["trigger"].lower():
            return each
    raise missing(f"trigger {call.ids['trigger']} of this printer")


def _context(call: Call) -> str:
    return f"print/printers('{call.ids['printer']}')/taskTriggers"


_ALL = "print/printers/{printer}/taskTriggers"
_ONE = f"{_ALL}/{{trigger}}"

ROUTES = (
    Route("GET", _ALL, list_triggers),
    Route("POST", _ALL, add_trigger),
    Route("GET", _ONE, get_trigger),
    Route("DELETE", _ONE, remove_trigger),
    Route("GET", f"{_ONE}/definition", get_definition),
)
