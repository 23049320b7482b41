"""Task definitions of the calling application; of others nobody learns anything (graph-print.md 1.8)."""

import asyncio
from collections.abc import Mapping
from typing import Any

from libs.contracts.definitions import (
    AddDefinition,
    ChangeDefinition,
    DefinitionAnswer,
    DefinitionList,
    DefinitionView,
    ListDefinitions,
    RemoveDefinition,
)
from libs.contracts.hooks import HookPolicy
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.definition import POLICIES, definition_entity
from services.gateway.graph.http.members import label, whole
from services.gateway.graph.problem import bad, missing
from services.gateway.graph.resources.tasks import tasks_of

CONTEXT = "print/taskDefinitions"
#: The longest that a task may hold its job, in seconds: 30 days.
LONGEST = 2_592_000


async def list_definitions(call: Call) -> Answer:
    """All of them, oldest first."""
    question = ListDefinitions(region=call.gateway.region, tenant=call.who.tenant, app=call.who.app)
    answer: DefinitionList = await call.ask(question)
    return Collection(await asyncio.gather(*(_shown(call, each) for each in answer.definitions)), CONTEXT)


async def get_definition(call: Call) -> Answer:
    """One of them."""
    definition = call.ids["definition"]
    question = ListDefinitions(region=call.gateway.region, tenant=call.who.tenant, app=call.who.app, definition=definition)
    answer: DefinitionList = await call.ask(question)
    if not answer.definitions:
        raise missing(f"task definition {definition}")
    return Reply(body=await _shown(call, answer.definitions[0]), context=f"{CONTEXT}/$entity")


async def add_definition(call: Call) -> Answer:
    """A new one."""
    wanted = _members(call.body)
    if "name" not in wanted:
        raise bad("displayName is needed: write what the task does.", "displayName")
    who = call.who
    answer: DefinitionAnswer = await call.ask(
        AddDefinition(region=call.gateway.region, tenant=who.tenant, app=who.app, principal=who.id, **wanted)
    )
    return Reply(201, definition_entity(call, answer.definition), f"{CONTEXT}/$entity")


async def change_definition(call: Call) -> Answer:
    """Its names, its time limit, its policies."""
    wanted = _members(call.body)
    if not wanted:
        raise bad("The body names nothing to change; write displayName or createdBy.displayName.")
    who, definition = call.who, call.ids["definition"]
    answer: DefinitionAnswer = await call.ask(
        ChangeDefinition(region=call.gateway.region, tenant=who.tenant, app=who.app, definition=definition, **wanted)
    )
    return Reply(body=definition_entity(call, answer.definition), context=f"{CONTEXT}/$entity")


async def remove_definition(call: Call) -> Answer:
    """Refused while a printer has a trigger with it."""
    who, definition = call.who, call.ids["definition"]
    await call.ask(RemoveDefinition(region=call.gateway.region, tenant=who.tenant, app=who.app, definition=definition))
    return Reply(status=204)


async def _shown(call: Call, definition: DefinitionView) -> dict[str, Any]:
    """A definition, with its tasks where they are expanded."""
    found = definition_entity(call, definition)
    for name, options in call.query.expand.items():
        if name.lower() == "tasks":
            found["tasks"] = await tasks_of(call, definition.id, options)
    return found


def _members(body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if body.get("displayName") is not None:
        found["name"] = label(body["displayName"], "displayName")
    creator = body.get("createdBy")
    if creator is not None and not isinstance(creator, Mapping):
        raise bad('createdBy must be an object, as {"displayName": "My application"}.', "createdBy")
    if creator and creator.get("displayName") is not None:
        found["app_name"] = label(creator["displayName"], "createdBy.displayName")
    if body.get("timeLimitInSeconds") is not None:
        found["limit"] = whole(1)(body["timeLimitInSeconds"], "timeLimitInSeconds")
        if found["limit"] > LONGEST:
            raise bad(f"timeLimitInSeconds must be at most {LONGEST} (30 days).", "timeLimitInSeconds")
    for name, field in (("onTimeLimit", "on_limit"), ("onTaskAborted", "on_abort")):
        if body.get(name) is not None:
            found[field] = _policy(body[name], name)
    return found


def _policy(value: Any, name: str) -> HookPolicy:
    policy = POLICIES.get(value.lower()) if isinstance(value, str) else None
    if policy is None:
        raise bad(f"{name} must be abort (the job ends) or release (it is printed unchanged).", name)
    return policy


_ONE = "print/taskDefinitions/{definition}"

ROUTES = (
    Route("GET", "print/taskDefinitions", list_definitions),
    Route("POST", "print/taskDefinitions", add_definition),
    Route("GET", _ONE, get_definition),
    Route("PATCH", _ONE, change_definition),
    Route("DELETE", _ONE, remove_definition),
)
