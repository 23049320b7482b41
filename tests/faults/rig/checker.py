"""The invariants I1 to I8 (faults.md 3.3), looked for in the histories of all actors.

What actors note, and with which facts:

- a client: `accepted` task, tenant (optional: key, device) · `refused` status · `ended` task, status, reason (what the door says
  at the end of the test; `open` instead when it says that the task still waits) · `resolved` task, outcome · `alerted` task
- a printer: `paper` task, attempt (0: unknown), bytes (SHA-256, or "")
- a receiver: `told` endpoint, id, task, event (the Webprinter event as it came), status (what it was answered)
- whoever looks at the list of deliveries: `skipped` endpoint, id
- whoever reads states: `state` task, status, version (0: unknown)
- whoever looks for what must not be there: `leaked` where, of (what of another tenant) · `canary` where
- whoever measures: `rate` phase ("before" or "after"), value (per second)
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from tests.faults.rig.history import Event

#: The ends that a door can tell.
ENDS = frozenset({"FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED"})
#: Which status may follow which (webprinter.md, the life of a task), transcribed by hand: the arrows, and what an agent that comes
#: back may report at once (design.md: a skip is legal where a path of arrows joins the two).
FOLLOWS = {
    "SUBMITTED": {"QUEUED", "PRINTING", "ERROR", "CANCELED"},
    "QUEUED": {"PRINTING", "PRINTED", "FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED", "SUBMITTED"},
    "PRINTING": {"PRINTED", "FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED", "QUEUED"},
    "PRINTED": {"FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED", "QUEUED", "PRINTING"},
    "PARTIAL_PRINTED": {"QUEUED", "PRINTING", "PRINTED", "FINISHED", "ERROR", "CANCELED"},
}
#: How much of its rate a system has again when a fault has ended.
RECOVERED = 0.9


def _of(history: Iterable[Event], *what: str) -> Iterator[Event]:
    return (event for event in history if event["what"] in what)


def accepted_is_printed_or_ended(history: list[Event]) -> Iterator[str]:
    """I1: what was accepted is on paper, or has an end with a reason."""
    ended = {event["task"]: event for event in _of(history, "ended")}
    paper = {event["task"] for event in _of(history, "paper")}
    for task in dict.fromkeys(event["task"] for event in _of(history, "accepted")):
        end = ended.get(task)
        if end is None:
            if task not in paper:
                yield f"{task} was accepted and has neither paper nor an end"
        elif end["status"] == "FINISHED" and paper and task not in paper:
            yield f"{task} is called FINISHED and is not on paper"
        elif end["status"] in ENDS - {"FINISHED"} and not end.get("reason"):
            yield f"{task} ended as {end['status']} without a reason"


def paper_at_most_once(history: list[Event]) -> Iterator[str]:
    """I2: at most once on paper, and once more for each reprint that a policy or a person asked for."""
    reprints = Counter(event["task"] for event in _of(history, "resolved") if event["outcome"] == "reprint")
    for task, sheets in Counter(event["task"] for event in _of(history, "paper")).items():
        if sheets > 1 + reprints[task]:
            yield f"{task} is on paper {sheets} times, {reprints[task]} reprints were asked for"


def _stories(history: list[Event]) -> dict[tuple[str, str], list[Event]]:
    """What each endpoint heard of each task and said yes to, an event that came again told once."""
    stories: dict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    for event in _of(history, "told"):
        if 200 <= event["status"] < 300:
            stories[event["endpoint"], event["task"]].setdefault(event["id"], event["event"])
    return {key: list(story.values()) for key, story in stories.items()}


def _excused(history: list[Event]) -> set[tuple[str, str]]:
    """The endpoints and tasks of whose story something was skipped visibly."""
    return {(event["endpoint"], event["id"].partition(":")[0]) for event in _of(history, "skipped")}


def states_follow_the_table(history: list[Event]) -> Iterator[str]:
    """I3: states move along the allowed graph only, and every reader sees them in one order."""
    excused = _excused(history)
    for (endpoint, task), story in _stories(history).items():
        changes = [(event["oldStatus"], event["newStatus"]) for event in story if "newStatus" in event]
        for before, after in changes:
            if after not in FOLLOWS.get(before, ()) and before != after:
                yield f"{endpoint} heard of {task}: {before} > {after}, which no row allows"
        for one, two in pairwise(changes):
            if one[1] != two[0] and (endpoint, task) not in excused:
                yield f"{endpoint} heard of {task}: {one[0]} > {one[1]}, then {two[0]} > {two[1]}: a gap, or another order"
    seen: dict[tuple[str, str], Event] = {}
    for event in _of(history, "state"):
        last = seen.get((event["actor"], event["task"]))
        if last and event.get("version", 0) < last.get("version", 0):
            yield f"{event['actor']} saw {event['task']} go back from version {last['version']} to {event['version']}"
        if last and last["status"] in {"FINISHED", "CANCELED"} and event["status"] != last["status"]:
            yield f"{event['actor']} saw {event['task']} {event['status']} after {last['status']}"
        seen[event["actor"], event["task"]] = event


def callbacks_in_order(history: list[Event]) -> Iterator[str]:
    """I4: an endpoint hears New first and End last, each once; what it lacks is in the list of what was skipped."""
    excused, stories = _excused(history), _stories(history)
    for (endpoint, task), story in stories.items():
        names = [event["name"] for event in story]
        if (endpoint, task) in excused:
            continue
        if names[0] != "NewTaskEvent" or names.count("NewTaskEvent") != 1:
            yield f"{endpoint} heard of {task} first: {names[0]}, and NewTaskEvent {names.count('NewTaskEvent')} times"
        if "EndTaskEvent" in names[:-1]:
            yield f"{endpoint} heard of {task} more after its end: {names}"
    last: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in _of(history, "told"):
        ids = last[event["endpoint"], event["task"]]
        if event["id"] in ids and event["id"] != ids[-1]:
            yield f"{event['endpoint']} heard {event['id']} again after a later event of the same task"
        ids.append(event["id"])
    wanted = {event["task"] for event in _of(history, "ended") if event["status"] in ENDS}
    for endpoint in {endpoint for endpoint, _ in stories}:
        heard = {task for (there, task), story in stories.items() if there == endpoint and story[-1]["name"] == "EndTaskEvent"}
        if lost := wanted - heard - {task for there, task in excused if there == endpoint}:
            yield f"{endpoint} was not told the end of {sorted(lost)[:5]} ({len(lost)} tasks)"


def tenants_stay_apart(history: list[Event]) -> Iterator[str]:
    """I5: nothing of one tenant is seen by another."""
    yield from (f"{event['where']} shows {event['of']} of another tenant" for event in _of(history, "leaked"))


def nothing_waits_unseen(history: list[Event]) -> Iterator[str]:
    """I6: what waits longer than its limit is named by an alert."""
    alerted = {event["task"] for event in _of(history, "alerted")}
    yield from (
        f"{event['task']} waits ({event['status']}), and no alert names it"
        for event in _of(history, "open")
        if event["task"] not in alerted
    )


def canaries_stay_in_their_vault(history: list[Event]) -> Iterator[str]:
    """I7: no secret that was planted is found anywhere else."""
    yield from (f"a canary was found in {event['where']}" for event in _of(history, "canary"))


def rate_comes_back(history: list[Event]) -> Iterator[str]:
    """I8: within a minute of a fault's end, nine tenths of the rate before it."""
    rates = {event["phase"]: event["value"] for event in _of(history, "rate")}
    if {"before", "after"} <= rates.keys() and rates["after"] < RECOVERED * rates["before"]:
        yield f"{rates['after']:.1f}/s after the fault, {rates['before']:.1f}/s before it"


INVARIANTS: dict[str, Callable[[list[Event]], Iterator[str]]] = {
    "I1": accepted_is_printed_or_ended,
    "I2": paper_at_most_once,
    "I3": states_follow_the_table,
    "I4": callbacks_in_order,
    "I5": tenants_stay_apart,
    "I6": nothing_waits_unseen,
    "I7": canaries_stay_in_their_vault,
    "I8": rate_comes_back,
}


def violations(history: list[Event]) -> list[str]:
    """Each thing that is wrong, after the number of its invariant."""
    return [f"{number}: {wrong}" for number, invariant in INVARIANTS.items() for wrong in invariant(history)]
