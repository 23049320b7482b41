"""printTasks: what the application sees and says, and what people see of them on a job."""

import pytest

from libs.contracts.definitions import DefinitionList, DefinitionView, ListDefinitions
from libs.contracts.fleet import GetPrinter, PrinterAnswer
from libs.contracts.hooks import GetHook, HookAnswer, HookList, HookState, ListHooks, SettleHook
from libs.contracts.jobs import GetJob, JobAnswer
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.resources import tasks
from tests.gateway.graph.calling import ALICE, APP, BASE, a_printer, application, graph, user
from tests.gateway.graph.jobs import DEFINITION, TASK, TRIGGER, a_hook, a_job

TASKS = f"/print/taskDefinitions/{DEFINITION}/tasks"
HOOK = a_hook()
PRINTER = a_printer()
JOB_TASKS = f"/print/printers/{PRINTER.id}/jobs/{TASK}/tasks"


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[tasks], who=application()) as door:
        definition = DefinitionView(id=DEFINITION, tenant="main", app=APP, name="Accounting")
        door.bus.answers |= {
            ListDefinitions: DefinitionList(definitions=(definition,)),
            ListHooks: HookList(hooks=(HOOK, a_hook(leg=2, state=HookState.COMPLETED))),
            GetHook: HookAnswer(hook=HOOK),
            GetPrinter: PrinterAnswer(printer=PRINTER),
            GetJob: JobAnswer(job=a_job(hooks=(HOOK,))),
            SettleHook: lambda asked: HookAnswer(hook=a_hook(state=asked.state, description=asked.description)),
        }
        yield door


async def test_an_application_lists_its_tasks(door):
    told = await door.get(TASKS)
    assert told["value"][0] == {
        "id": HOOK.id,
        "parentUrl": f"{BASE}/v1.0/print/printers/{PRINTER.id}/jobs/{TASK}",
        "status": {"state": "processing", "description": "The task is waiting to be completed by its application."},
    }
    assert told["value"][1]["parentUrl"].endswith(f"{TASK}.2")
    asked = door.asked(ListHooks)[0]
    assert (asked.app, asked.definition, asked.limit) == (APP, DEFINITION, 100)
    told = await door.get(f"{TASKS}?$filter=status/state eq 'completed'&$count=true")
    assert (told["@odata.count"], len(told["value"])) == (1, 1)
    assert (await door.call("GET", f"{TASKS}/$count")).text == "2"


async def test_long_lists_go_on_where_the_page_ended(door, monkeypatch):
    every = [a_hook(f"t{at}") for at in range(5)]
    door.bus.answers[ListHooks] = lambda asked: HookList(
        hooks=tuple(every[asked.offset : asked.offset + asked.limit]), more=asked.offset + asked.limit < 5
    )
    found, link = [], f"{BASE}/v1.0{TASKS}?$top=2"
    while link:
        page = (await door.client.get(link)).json()
        found += [each["id"] for each in page["value"]]
        link = page.get("@odata.nextLink")
    assert found == [each.id for each in every]
    await door.get(f"{TASKS}?$skiptoken=eA", status=400)
    monkeypatch.setattr(tasks, "MOST", 4)
    monkeypatch.setattr(tasks, "LARGEST", 2)
    for query in ("?$count=true", "/$count", "?$filter=status/state eq 'completed'"):
        assert "more than 4 tasks" in (await door.get(f"{TASKS}{query}", status=400))["error"]["message"], "a part is not all"


async def test_one_task_with_its_definition_and_trigger(door):
    told = await door.get(f"{TASKS}/{HOOK.id.upper()}?$expand=definition,trigger($select=id)")
    assert told["definition"]["displayName"] == "Accounting"
    assert told["trigger"] == {"id": TRIGGER}
    assert door.asked(GetHook)[0].hook == HOOK.id
    assert len(door.asked(ListDefinitions)) == 1
    assert (await door.get(f"{TASKS}/{HOOK.id}/definition"))["id"] == DEFINITION
    told = await door.get(f"{TASKS}/{HOOK.id}/trigger")
    assert (told["id"], told["event"], "definition" in told) == (TRIGGER, "jobStarted", False)
    door.bus.answers[ListDefinitions] = Refused(Code.NOT_FOUND, "There is no such definition.")
    assert (await door.get(f"{TASKS}/{HOOK.id}?$expand=definition"))["definition"] is None
    await door.get(f"{TASKS}/{HOOK.id}/definition", status=404)
    await door.get(TASKS, status=404)


async def test_a_task_is_completed_or_aborted_by_its_application(door):
    told = await door.patch(f"{TASKS}/{HOOK.id}", {"status": {"state": "completed", "description": "Paid."}})
    assert told["status"] == {"state": "completed", "description": "Paid."}
    assert set(told) >= {"id", "parentUrl", "status"}
    asked = door.asked(SettleHook)[0]
    assert (asked.app, asked.definition, asked.hook, asked.state) == (APP, DEFINITION, HOOK.id, HookState.COMPLETED)
    door.bus.answers[SettleHook] = Refused(Code.CONFLICT, "It has ended.")
    await door.patch(f"{TASKS}/{HOOK.id}", {"status": {"state": "aborted"}}, status=409)
    for wrong in (
        {},
        {"status": 7},
        {"status": {}},
        {"status": {"state": "pending"}},
        {"status": {"state": "completed", "description": 7}},
    ):
        error = (await door.patch(f"{TASKS}/{HOOK.id}", wrong, status=400))["error"]
        assert error["target"].startswith("status")


async def test_tasks_are_for_applications_and_are_not_made_by_hand(door):
    for method in ("POST", "DELETE"):
        assert (await door.call(method, TASKS)).status_code == 405
    door.who = user(administrator=True)
    await door.get(TASKS, status=403)


async def test_the_tasks_of_a_job_are_seen_by_who_sees_the_job(door):
    door.who = user("PrintJob.Read", "Printer.Read.All")
    told = await door.get(JOB_TASKS)
    assert [each["id"] for each in told["value"]] == [HOOK.id]
    asked = door.asked(GetJob)[0]
    assert (asked.user, asked.hooks) == (ALICE, True)
    assert (await door.get(f"{JOB_TASKS}/{HOOK.id}"))["status"]["state"] == "processing"
    await door.get(f"{JOB_TASKS}/other", status=404)


async def test_what_a_task_of_a_job_leads_to_is_below_it_too(door):
    door.who = user("PrintJob.Read", "PrinterShare.ReadBasic.All")
    assert (await door.get(f"{JOB_TASKS}/{HOOK.id}/definition"))["displayName"] == "Accounting"
    told = await door.get(f"{JOB_TASKS}/{HOOK.id}/trigger?$expand=definition")
    assert (told["id"], told["definition"]["id"]) == (TRIGGER, DEFINITION)
    await door.get(f"{JOB_TASKS}/other/trigger", status=404)
    assert not door.asked(GetHook), "that is for the application alone"
