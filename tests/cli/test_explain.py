"""`explain` in words: each thing that holds a task up has its sentence, and what can be done its advice."""

from dataclasses import replace

import pytest

from libs.contracts.devices import DeviceType
from libs.contracts.explaining import Explanation
from libs.contracts.states import IPP, STATUS, Stage, Status
from libs.contracts.tasks import TaskView
from services.cli.verbs.explain import sentences

NOW = 1_700_000_000_000
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def explained(stage=Stage.FETCHABLE, message="It waits.", *, of=None, **around):
    state, reason = IPP[stage]
    task = TaskView(
        id="AGENT001-1", name="one", tenant="main", sn="APP00001", version=3, stage=stage, state=state, reason=reason.value,
        status=STATUS[stage] or Status.SUBMITTED, message=message, device="Office", device_type=DeviceType.PRINTER,
        agent="AGENT001", source="CLIENT_OPENAPI", from_os="linux", created_at=NOW - 300_000, printer="p",
    )  # fmt: skip
    found = Explanation(**{"task": replace(task, **(of or {})), "agent_online": True, "printer_state": "idle", **around})
    return "\n".join(sentences(found, NOW))


WAITS = {
    "line": (explained(lined=True, before=3), "In the line of Office 3 tasks go before it."),
    "first": (explained(lined=True, before=0), "In the line of Office nobody goes before it."),
    "paused": (explained(lined=True, before=1, paused=True), "What to do: resume Office with resumeDevice."),
    "away": (explained(agent_online=False, step="print"), "The agent AGENT001 is away"),
    "offered": (explained(step="print", ordered_at=NOW - 5_000), "The agent has not taken it yet."),
    "taken": (explained(Stage.PRINTING, step="print", taken=True, sent=True), "The printer has all of its data."),
    "turn": (explained(Stage.TRANSFORMING, step="convert", engine="office"), "It waits for its turn at the engine office"),
    "converter": (explained(Stage.TRANSFORMING, step="convert", engine="html", ordered_at=NOW - 130_000), "asked 2 minutes ago"),
    "hooks": (explained(Stage.HOOKED, hooks=("Watermark", "Pull print")), "Partners work on it first: Watermark, Pull print."),
    "paper": (
        explained(Stage.STOPPED, printer_state="stopped", printer_reasons=("media-empty",)),
        "Office is stopped: media-empty.\nWhat to do: see to Office; the task goes on by itself.",
    ),
    "unknown": (explained(Stage.UNKNOWN, step="print", taken=True), "What to do: look at the printer, then say what is true"),
    "held": (explained(Stage.RELEASE_WAIT), "What to do: release it with releaseTask, or cancel it."),
    "retry": (explained(retry_at=NOW + 60_000, failures=2), "It has failed 2 times at the printer."),
    "served": (explained(served="app"), "Office is served by an application"),
    "nobody": (explained(printer_state=""), "The directory does not know the printer Office"),
    "expiry": (explained(of={"expires_at": NOW}), "If it is not printed by 2023-11-14T22:13:20Z, it expires."),
    "canceling": (explained(of={"canceling": True}, agent_online=False), "wait until the agent AGENT001 answers: it is away."),
    "ledger": (explained(mismatch="Nothing has happened to it."), "The ledger says: Nothing has happened to it."),
    "trace": (explained(trace=TRACE), f"Its trace is {TRACE}."),
}


@pytest.mark.parametrize(("text", "sentence"), WAITS.values(), ids=WAITS)
def test_what_a_task_waits_for_is_said(text, sentence):
    assert sentence in text
    assert text.startswith('"one" (AGENT001-1) was accepted 5 minutes ago from APP00001, for Office.')


def test_of_a_task_that_is_over_its_end_is_said_and_nothing_is_advised():
    text = explained(Stage.ABORTED, "The document is empty.", of={"ended_at": NOW - 1_000, "attempt": 1}, printer_state="stopped")
    assert "It is aborted (aborted-by-system); Webprinter says ERROR. The document is empty." in text
    assert "It ended a second ago, after one print order." in text
    assert "What to do" not in text


def test_of_a_task_that_ended_in_the_middle_it_is_said_how_the_rest_is_printed():
    of = {"ended_at": NOW - 1_000, "attempt": 1, "pages": 10, "pages_done": 3}
    assert "7 of its 10 pages are not on paper as far as is known; retryTask with fromPage next" in explained(Stage.ABORTED, of=of)
    assert "fromPage" not in explained(Stage.CANCELED, of=of)
