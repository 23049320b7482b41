"""Jobs and tasks as the spooler shows them, for tests."""

from libs.contracts.hooks import HookState, HookView
from libs.contracts.ids import device_id, guid
from libs.contracts.jobs import DocumentView, JobAnswer, JobView
from libs.contracts.people import Person
from libs.contracts.states import Stage
from tests.gateway.fakes import SN
from tests.gateway.graph.calling import ALICE, APP

TASK = f"{SN}-79h86ap05on4"
OFFICE = device_id(SN, "Office")
DEFINITION = "def00000-0000-4000-8000-000000000001"
TRIGGER = "791660e4-0000-4000-8000-000000000001"
WHEN = 1_767_225_600_000  # 2026-01-01T00:00:00Z


def a_job(task=TASK, leg=1, **more):
    """A job of Alice's on the printer Office; `more` are fields of `JobView`."""
    shown = {
        "stage": Stage.AWAITING_DATA,
        "reason": "job-data-insufficient",
        "message": "",
        "created_at": WHEN,
        "user": Person(ALICE, "alice@main.example", "Alice", "192.0.2.7"),
        "document": DocumentView(),
        "name": "",
        "version": 1,
    }
    return JobView(**{"task": task, "leg": leg, "tenant": "main", "sn": SN, "agent": SN, "printer": OFFICE, **shown, **more})


def a_hook(task=TASK, leg=1, state=HookState.PROCESSING, **more):
    """The hook of a job, at work."""
    named = {"definition": DEFINITION, "trigger": TRIGGER, "app": APP}
    shown = {"tenant": "main", "task": task, "leg": leg, "agent": SN, "printer": OFFICE, "state": state, **named, **more}
    return HookView(id=guid("hook", task, str(leg), shown["trigger"]), **shown)


def created(question):
    """The spooler's answer to `CreateJob`."""
    request = question.request
    return JobAnswer(
        job=a_job(
            request.id,
            created_at=request.created_at,
            user=request.user,
            ticket=request.ticket,
            configuration=request.configuration,
            name=request.name,
        )
    )


def configured(question):
    """The spooler's answer to `ConfigureJob`."""
    return JobAnswer(job=a_job(ticket=question.ticket, configuration=question.configuration, stage=Stage.HOOKED))
