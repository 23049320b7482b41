"""What the door says in the end of every task that it accepted: asked for, waited for, and written down."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.faults.rig.checker import ENDS
from tests.faults.rig.load import Client
from tests.waiting import until

#: Statuses of tasks that are still on their way.
OPEN = ("SUBMITTED", "QUEUED", "PRINTING", "PRINTED")
LANES = 16
PAGE = 1000


async def at_rest(clients: Sequence[Client], within: float = 120.0) -> None:
    """Wait until nothing of these clients is on its way any more. Raises AssertionError."""

    async def rest() -> bool:
        return not any([await sender.call("listTasks", {"statusList": list(OPEN), "limit": 1}) for sender in clients])

    await until(rest, within, "every task has its end", every=0.25)


async def settled(clients: Sequence[Client], within: float = 120.0) -> Counter[str]:
    """Wait until nothing of these clients is on its way any more (or the time is over), then note each task's end.

    How often each status came up.
    """
    with contextlib.suppress(AssertionError):  # the checker names each one that is open
        await at_rest(clients, within)
    found: Counter[str] = Counter()
    for sender in clients:
        for row in (await rows(sender)).values():
            found[row["status"]] += 1
            note(sender, row)
    return found


async def rows(sender: Client) -> dict[str, dict[str, Any]]:
    """The full row of each task that was accepted from a client: from lists as far as they reach, else one by one."""
    found: dict[str, dict[str, Any]] = {}
    until_ms = int(time.time() * 1000) + 60_000
    while page := await sender.call("listTasks", {"limit": PAGE, "endTime": until_ms, "extended": True}):
        known = len(found)
        found |= {row["taskId"]: row for row in page}
        until_ms = page[-1]["createTimestamp"]
        if len(found) == known or len(page) < PAGE:
            break
    missing = iter([task for task in sender.accepted if task not in found])

    async def lane() -> None:
        for task in missing:
            found[task] = await sender.call("getTask", {"taskId": task})

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return {task: found[task] for task in dict.fromkeys(sender.accepted)}


def note(sender: Client, row: dict[str, Any]) -> None:
    """One task's end, or that it has none; a status that a person has to look at is an end that is shown."""
    what = "ended" if row["status"] in ENDS else "open"
    sender.history.note(what, task=row["taskId"], status=row["status"], reason=row["reason"], message=row["message"])
