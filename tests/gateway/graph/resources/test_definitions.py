"""Task definitions and the triggers that bind them to printers."""

import pytest

from libs.contracts.definitions import (
    AddDefinition,
    AddTrigger,
    ChangeDefinition,
    DefinitionAnswer,
    DefinitionList,
    DefinitionView,
    ListDefinitions,
    ListTriggers,
    RemoveDefinition,
    RemoveTrigger,
    TriggerAnswer,
    TriggerList,
    TriggerView,
)
from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.fleet import Fulfilled
from libs.contracts.hooks import HookList, HookPolicy, HookState, ListHooks
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.resources import definitions, triggers
from tests.gateway.graph.calling import APP, BASE, application, graph, user
from tests.gateway.graph.jobs import a_hook

ONE = DefinitionView(id="d1", tenant="main", app=APP, name="Release", app_name="Pull print", principal="sp1", limit=60)
TRIGGER = TriggerView(id="t1", printer="p1", definition=ONE)


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[definitions, triggers], who=application()) as door:
        door.bus.answers[ListDefinitions] = DefinitionList(definitions=(ONE,))
        for change in (AddDefinition, ChangeDefinition):
            door.bus.answers[change] = DefinitionAnswer(definition=ONE)
        door.bus.answers[RemoveDefinition] = Fulfilled()
        door.bus.answers[ListTriggers] = TriggerList(triggers=(TRIGGER,))
        door.bus.answers[AddTrigger] = TriggerAnswer(trigger=TRIGGER)
        door.bus.answers[RemoveTrigger] = Fulfilled()
        yield door


async def test_a_definition_belongs_to_the_application_that_made_it(door):
    body = {"displayName": "Release", "createdBy": {"displayName": "Pull print"}}
    told = await door.post("print/taskDefinitions", body, 201)
    assert told["createdBy"]["appId"] == APP
    assert told["createdBy"]["servicePrincipalName"] is None
    door.rig.mirror.put(ClientEntry(sn="partner1", tenant="main", role=ClientKind.APP, name="Partner", app_id=APP))
    assert (await door.get("print/taskDefinitions/d1"))["createdBy"]["servicePrincipalName"] == "Partner"
    assert (told["displayName"], told["timeLimitInSeconds"], told["onTimeLimit"]) == ("Release", 60, "abort")
    asked = door.asked(AddDefinition)[0]
    assert (asked.app, asked.name, asked.app_name, asked.principal) == (APP, "Release", "Pull print", door.who.id)
    assert [each["id"] for each in (await door.get("print/taskDefinitions"))["value"]] == ["d1"]
    assert (await door.get("print/taskDefinitions/d1"))["id"] == "d1"
    assert door.asked(ListDefinitions)[-1].definition == "d1"


async def test_its_time_limit_and_policies_can_be_set(door):
    body = {"timeLimitInSeconds": 5, "onTimeLimit": "release", "onTaskAborted": "Abort"}
    await door.patch("print/taskDefinitions/d1", body)
    asked = door.asked(ChangeDefinition)[0]
    assert (asked.limit, asked.on_limit, asked.on_abort, asked.name) == (5, HookPolicy.RELEASE, HookPolicy.ABORT, None)


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "displayName"),
        ({"displayName": "x", "createdBy": "me"}, "createdBy"),
        ({"displayName": 7}, "displayName"),
        ({"displayName": "x", "timeLimitInSeconds": 0}, "timeLimitInSeconds"),
        ({"displayName": "x", "timeLimitInSeconds": 10**9}, "timeLimitInSeconds"),
        ({"displayName": "x", "onTimeLimit": "explode"}, "onTimeLimit"),
    ],
)
async def test_a_definition_that_cannot_be_is_told_by_member(door, body, member):
    assert (await door.post("print/taskDefinitions", body, 400))["error"]["target"] == member


async def test_a_definition_is_told_with_its_tasks_where_they_are_expanded(door):
    door.bus.answers[ListHooks] = HookList(hooks=(a_hook(), a_hook(leg=2, state=HookState.COMPLETED)))
    assert "tasks" not in await door.get("print/taskDefinitions/d1")
    told = await door.get("print/taskDefinitions/d1?$expand=tasks($select=id;$filter=status/state eq 'completed')")
    assert [set(each) for each in told["tasks"]] == [{"id"}]
    (listed,) = (await door.get("print/taskDefinitions?$expand=tasks"))["value"]
    assert [each["status"]["state"] for each in listed["tasks"]] == ["processing", "completed"]
    assert {each.definition for each in door.asked(ListHooks)} == {"d1"}


async def test_definitions_are_for_applications_alone(door):
    door.who = user(administrator=True)
    error = (await door.get("print/taskDefinitions", 403))["error"]
    assert "application" in error["message"]
    assert not door.asked(ListDefinitions)


async def test_a_definition_in_use_stays(door):
    await door.delete("print/taskDefinitions/d1")
    door.bus.answers[RemoveDefinition] = Refused(Code.CONFLICT, "One printer has a trigger with it.")
    error = (await door.delete("print/taskDefinitions/d1", 409))["error"]
    assert error["message"] == "One printer has a trigger with it."
    assert [each.definition for each in door.asked(RemoveDefinition)] == ["d1", "d1"]


async def test_an_administrator_binds_a_definition_of_the_same_application(door):
    door.who = user(administrator=True)
    body = {"event": "jobStarted", "definition@odata.bind": f"{BASE}/v1.0/print/taskDefinitions/d1"}
    told = await door.post("print/printers/p1/taskTriggers", body, 201)
    assert {key: told[key] for key in ("id", "event")} == {"id": "t1", "event": "jobStarted"}
    asked = door.asked(AddTrigger)[0]
    assert (asked.app, asked.definition, asked.printer, asked.several) == (APP, "d1", "p1", False)
    for wrong, member in (({"event": "jobEnded"}, "event"), ({"event": "jobStarted"}, "definition@odata.bind")):
        error = (await door.post("print/printers/p1/taskTriggers", wrong, 400))["error"]
        assert error["target"] == member
    door.bus.answers[AddTrigger] = Refused(Code.BAD_REQUEST, "definition: No task definition d1 was found.")
    error = (await door.post("print/printers/p1/taskTriggers", body, 400))["error"]
    assert error["target"] == "definition@odata.bind"


async def test_triggers_are_read_with_their_definitions_and_removed(door):
    door.who = user(administrator=True)
    found = await door.get("print/printers/p1/taskTriggers?$expand=definition")
    assert found["value"][0]["definition"]["id"] == "d1"
    assert "definition" not in await door.get("print/printers/p1/taskTriggers/t1")
    assert (await door.get("print/printers/p1/taskTriggers/t1/definition"))["id"] == "d1"
    await door.get("print/printers/p1/taskTriggers/t2", 404)
    await door.delete("print/printers/p1/taskTriggers/t1")
    assert door.asked(RemoveTrigger)[0].trigger == "t1"


async def test_strictly_applications_bind_nothing_and_otherwise_several(door, tmp_path):
    body = {"definition@odata.bind": "print/taskDefinitions('d1')"}
    await door.post("print/printers/p1/taskTriggers", body, 403)
    other = tmp_path / "loose"
    other.mkdir()
    async with graph(other, modules=[triggers], who=application(), graph_strict=False) as loose:
        loose.bus.answers[AddTrigger] = TriggerAnswer(trigger=TRIGGER)
        await loose.post("print/printers/p1/taskTriggers", body, 201)
        assert loose.asked(AddTrigger)[0].several
        loose.bus.answers |= {ListTriggers: TriggerList(triggers=(TRIGGER,)), RemoveTrigger: Fulfilled()}
        loose.who = application(app="another")
        await loose.delete("print/printers/p1/taskTriggers/t1", 403)
        assert not loose.asked(RemoveTrigger), "nobody takes away another application's hook"
        loose.who = application()
        await loose.delete("print/printers/p1/taskTriggers/T1")
        assert len(loose.asked(RemoveTrigger)) == 1
