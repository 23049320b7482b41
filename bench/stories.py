"""What the bus tells of each task, held against the table of states (I3): no gap, no forbidden step, one beginning, one end."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from libs.contracts.streams import TASKS
from libs.runtime.bus import connect

#: Which status may follow which, written down here again by hand, so that it does not depend on what it is to judge.
FOLLOWS = {
    "SUBMITTED": {"QUEUED", "PRINTING", "ERROR", "CANCELED"},
    "QUEUED": {"PRINTING", "PRINTED", "FINISHED", "ERROR", "CANCELED", "SUBMITTED"},
    "PRINTING": {"PRINTED", "FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED", "QUEUED"},
    "PRINTED": {"FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED", "QUEUED", "PRINTING"},
    "PARTIAL_PRINTED": {"QUEUED", "PRINTING", "PRINTED", "FINISHED", "ERROR", "CANCELED"},
}
#: Kind of an event, and for a change of status the old one and the new one.
Told = tuple[str, str, str]
#: Seconds without a further event until everything is held to be told.
QUIET = 2.0


async def heard(data: Path) -> dict[str, list[Told]]:
    """Everything that the bus of this data folder has told of each task so far, in order."""
    bus = await connect(bus_url(data), "gateway", data / "keys" / "gateway.creds")
    stories: dict[str, list[Told]] = defaultdict(list)
    try:
        follower = await bus.js.subscribe(
            "task.>", stream=TASKS, ordered_consumer=True, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        while True:
            try:
                message = await follower.next_msg(timeout=QUIET)
            except TimeoutError:
                return stories
            _, kind, *_, task = message.subject.split(".")
            event = json.loads(message.data) if kind == "status" else {}  # of hundreds of thousands: what is not needed is not read
            stories[task].append((kind, event.get("old_status", ""), event.get("new_status", "")))
    finally:
        await bus.close()


def bus_url(data: Path) -> str:
    """Where the embedded bus of a data folder listens."""
    ports = max((data / "nats").glob("*.ports"), key=lambda path: path.stat().st_mtime)
    return str(json.loads(ports.read_text())["nats"][0])


def untold(accepted: Iterable[str], stories: dict[str, list[Told]]) -> list[str]:
    """What is wrong with the stories of these tasks, by kind and number; all of them must have ended as FINISHED."""
    found: dict[str, int] = defaultdict(int)
    for task in accepted:
        for wrong in _wrong(stories.get(task, [])):
            found[wrong] += 1
    return [f"{count} tasks {wrong}" for wrong, count in found.items()]


def _wrong(story: list[Told]) -> Iterator[str]:
    kinds = [kind for kind, _, _ in story]
    if kinds[:1] != ["new"] or kinds.count("new") > 1:
        yield "were not told as new first, and once"
    if kinds[-1:] != ["end"] or kinds.count("end") > 1:
        yield "were not told to be over last, and once"
    changes = [(old, new) for kind, old, new in story if kind == "status"]
    if any(new not in FOLLOWS.get(old, ()) for old, new in changes):
        yield "took a step that no row allows"
    if any(one[1] != two[0] for one, two in pairwise(changes)):
        yield "have a gap in their story"
    if not changes or changes[-1][1] != "FINISHED":
        yield "did not end as FINISHED"


async def judged(data: Path, accepted: Iterable[str]) -> list[str]:
    """What the events of all these tasks, heard now, say that is wrong."""
    return untold(list(accepted), await heard(data))
