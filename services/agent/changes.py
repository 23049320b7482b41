"""What can be written into the journal: each change is one statement, and those that belong together are written together."""

import json
from collections.abc import Sequence
from typing import Any

from libs.contracts.message import encode
from libs.contracts.orders import PrintDocument
from services.agent.clock import now as now  # noqa: PLC0414 - from here, too
from services.agent.domain import Step

Change = tuple[str, tuple[Any, ...]]
"""One statement of a transaction and its values."""

#: Attempts that are forgotten in one transaction: whoever prints waits for it.
SWEPT = 1000

TELL = "INSERT INTO outbox (subject, data, traceparent) VALUES (?, ?, ?)"


def took(order: PrintDocument, sequence: int, step: Step = Step.TAKEN, said: bytes = b"") -> Change:
    """An order at its stream sequence; of one that ends here at once only the name is kept, and the report that says so."""
    data = said if step.ended else encode(order)
    return _entered(order.task, order.attempt, order.printer, sequence=sequence, step=step, data=data)


def buried(task: str, attempt: int) -> Change:
    """A tombstone for an attempt that is not here yet, and never will be taken."""
    return _entered(task, attempt, "", sequence=0, step=Step.WITHDRAWN, data=b"")


def _entered(task: str, attempt: int, printer: str, *, sequence: int, step: Step, data: bytes) -> Change:
    at = now()
    return (
        "INSERT INTO orders (task, attempt, printer, sequence, step, data, taken_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (task, attempt, printer, sequence, int(step), data, at, at),
    )


def reached(task: str, attempt: int, step: Step, job: int | None = None, said: bytes = b"") -> Change:
    """An attempt's next step, and its job's number at the printer if that is new.

    An ended one keeps its name and the report of its end; a withdrawn one its order, until what it left behind is `cleared`.
    """
    if step is Step.DONE:
        return (
            "UPDATE orders SET step = ?, changed_at = ?, data = ? WHERE task = ? AND attempt = ?",
            (int(step), now(), said, task, attempt),
        )
    return (
        "UPDATE orders SET step = ?, changed_at = ?, job = coalesce(?, job) WHERE task = ? AND attempt = ?",
        (int(step), now(), job, task, attempt),
    )


def cleared(task: str, attempt: int) -> Change:
    """Nothing of a withdrawn attempt is left at the printer."""
    return "UPDATE orders SET data = x'' WHERE task = ? AND attempt = ?", (task, attempt)


def told(subject: str, data: bytes, traceparent: str = "") -> Change:
    """A report for the outbox."""
    return TELL, (subject, data, traceparent)


def published(rows: Sequence[int]) -> Change:
    """Strike off these rows of the outbox: the stream has them, or what they say."""
    return "DELETE FROM outbox WHERE row IN (SELECT value FROM json_each(?))", (json.dumps(list(rows)),)


def remembered(key: str, value: str) -> Change:
    """One fact about the journal itself."""
    return "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)


def swept(before: int) -> Change:
    """Forget the first of the attempts that ended before `before` (ms since 1970): at most `SWEPT` of them."""
    return (
        "DELETE FROM orders WHERE line IN (SELECT line FROM orders WHERE step >= 90 AND changed_at < ? LIMIT ?)",
        (before, SWEPT),
    )
