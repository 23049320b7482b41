"""The checker finds each thing that an invariant forbids, and nothing in a good history."""

import pytest

from tests.faults.rig.checker import violations


def told(task, version, name, status=200, **change):
    event = {"name": name, "task": {"taskId": task}, **change}
    return {
        "what": "told",
        "actor": "r",
        "endpoint": "e",
        "task": task,
        "id": f"{task}:{version}",
        "event": event,
        "status": status,
    }


def change(task, version, before, after):
    return told(task, version, "UpdateTaskStatusEvent", oldStatus=before, newStatus=after)


def event(what, **facts):
    return {"what": what, "actor": "a", **facts}


NEW = told("t", 1, "NewTaskEvent")
END = told("t", 4, "EndTaskEvent")
STORY = [NEW, change("t", 2, "SUBMITTED", "PRINTING"), change("t", 3, "PRINTING", "FINISHED"), END]
GOOD = [event("accepted", task="t"), event("paper", task="t"), event("ended", task="t", status="FINISHED"), *STORY]


def test_a_good_history_is_good():
    assert violations(GOOD) == []


def test_an_event_that_came_twice_at_once_is_the_same_event():
    assert violations([*GOOD, END]) == []
    assert violations([*GOOD, END, END]) == []
    assert violations([*GOOD[:3], NEW | {"status": 500}, *STORY]) == []


@pytest.mark.parametrize(
    ("number", "history"),
    [
        ("I1", [event("accepted", task="t")]),
        ("I1", [event("accepted", task="t"), event("ended", task="t", status="FINISHED"), event("paper", task="u")]),
        ("I1", [event("accepted", task="t"), event("ended", task="t", status="ERROR", reason="")]),
        ("I2", [event("paper", task="t"), event("paper", task="t")]),
        ("I3", [NEW, change("t", 2, "FINISHED", "PRINTING"), END]),
        ("I3", [NEW, change("t", 2, "SUBMITTED", "QUEUED"), change("t", 3, "PRINTING", "FINISHED"), END]),
        ("I3", [event("state", task="t", status="FINISHED", version=4), event("state", task="t", status="PRINTING", version=3)]),
        ("I4", STORY[1:]),
        ("I4", [NEW, END, change("t", 3, "PRINTING", "FINISHED")]),
        ("I4", [*STORY, NEW]),
        ("I4", [*STORY, event("ended", task="u", status="CANCELED", reason="by its client")]),
        ("I5", [event("leaked", where="listTasks", of="a task")]),
        ("I6", [event("open", task="t", status="PRINTING")]),
        ("I7", [event("canary", where="a log")]),
        ("I8", [event("rate", phase="before", value=100.0), event("rate", phase="after", value=80.0)]),
    ],
    ids=str,
)
def test_what_is_wrong_is_found(number, history):
    assert number in {wrong[:2] for wrong in violations(history)}


def test_a_reprint_that_was_asked_for_is_no_double():
    assert violations([event("paper", task="t"), event("paper", task="t"), event("resolved", task="t", outcome="reprint")]) == []


def test_what_was_skipped_visibly_is_no_gap():
    skipped = event("skipped", endpoint="e", id="t:1")
    assert violations([skipped, *STORY[1:]]) == []
    assert violations([skipped, STORY[0], STORY[2], STORY[3]]) == []


def test_what_was_skipped_of_one_task_excuses_no_other():
    skipped = event("skipped", endpoint="e", id="u:1")
    assert [wrong[:2] for wrong in violations([skipped, *STORY[1:]])] == ["I4"]
    assert [wrong[:2] for wrong in violations([skipped, *GOOD[:-1]])] == ["I4"]
