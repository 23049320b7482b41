"""Writing down what came of attempts, in the caller's transaction: deliveries, the log, and how endpoints are."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Integer, String, bindparam, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.webhooks.domain import OFF, State
from services.webhooks.tables import attempt, delivery, endpoint
from services.webhooks.verdict import Outcome

#: Literals, not parameters: only so do both systems see that the partial indexes answer.
WAITING = delivery.c.state == literal_column("'waiting'")
ENDED = delivery.c.ended_at > literal_column("0")


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=String)


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=Integer)


#: Only the holder of an endpoint may say what came of it.
_HELD = select(endpoint.c.id).where(endpoint.c.id == _text("the_endpoint"), endpoint.c.holder == _text("the_holder")).exists()

_SETTLED = ("state", "attempts", "due_at", "ended_at", "status", "error")
_SETTLE = (
    update(delivery)
    .where(
        delivery.c.endpoint == _text("the_endpoint"),
        delivery.c.event == _text("the_event"),
        delivery.c.replay == _number("the_replay"),
        WAITING,
        _HELD,
    )
    .values({name: bindparam(f"new_{name}") for name in _SETTLED})
)

_KEY: dict[str, BindParameter[Any]] = {
    "endpoint": _text("the_endpoint"),
    "event": _text("the_event"),
    "replay": _number("the_replay"),
    "number": _number("new_attempts"),
}
_TRIED = ("at", "took", "headers", "status", "excerpt", "error")
_ROW: dict[str, BindParameter[Any]] = {**_KEY, **{name: bindparam(f"new_{name}", type_=attempt.c[name].type) for name in _TRIED}}
_KNOWN = select(attempt.c.number).where(*(attempt.c[name] == value for name, value in _KEY.items())).exists()
_LOG = insert(attempt).from_select(list(_ROW), select(*tuple(_ROW.values())).where(_HELD, ~_KNOWN))


async def write(connection: AsyncConnection, outcomes: Sequence[Outcome], holder: str) -> None:
    """Settle deliveries, log attempts, switch off endpoints that ask for it; nothing where `holder` is not the holder."""
    rows = [_recorded(outcome, holder) for outcome in outcomes]
    await connection.execute(_SETTLE, rows)
    await connection.execute(_LOG, rows)
    await _mark(connection, outcomes, holder)
    for outcome in outcomes:
        if outcome.disable:
            await _disable(connection, outcome, holder)


async def skip(connection: AsyncConnection, endpoint_id: str, error: str, now: int) -> None:
    """Give up what waits for an endpoint at `now` (ms); it can be replayed."""
    values = {"state": str(State.SKIPPED), "ended_at": now, "error": error}
    await connection.execute(update(delivery).where(delivery.c.endpoint == endpoint_id, WAITING).values(values))


def _recorded(outcome: Outcome, holder: str) -> dict[str, Any]:
    return {
        "the_endpoint": outcome.endpoint,
        "the_event": outcome.event,
        "the_replay": outcome.replay,
        "the_holder": holder,
        **{f"new_{name}": getattr(outcome, name) for name in (*_SETTLED, *_TRIED)},
        "new_state": str(outcome.state),
        "new_headers": json.dumps(dict(outcome.headers), separators=(",", ":")),
    }


async def _mark(connection: AsyncConnection, outcomes: Sequence[Outcome], holder: str) -> None:
    """Whether endpoints do nothing but fail, and since when."""
    heard = {outcome.endpoint for outcome in outcomes if outcome.accepted}
    failed = {outcome.endpoint: outcome.at for outcome in outcomes if outcome.endpoint not in heard}
    held = update(endpoint).where(endpoint.c.holder == holder)
    if heard:
        well = held.where(endpoint.c.id.in_(sorted(heard)), endpoint.c.failing_since > 0)
        await connection.execute(well.values(failing_since=0))
    for endpoint_id, at in sorted(failed.items()):
        await connection.execute(held.where(endpoint.c.id == endpoint_id, endpoint.c.failing_since == 0).values(failing_since=at))


async def _disable(connection: AsyncConnection, outcome: Outcome, holder: str) -> None:
    ours = (endpoint.c.id == outcome.endpoint) & (endpoint.c.holder == holder) & (endpoint.c.disabled_at == 0)
    values = {"disabled_at": outcome.ended_at, "changed_at": outcome.ended_at, "reason": outcome.disable}
    if (await connection.execute(update(endpoint).where(ours).values(values))).rowcount:
        await skip(connection, outcome.endpoint, f"{OFF}: {outcome.disable}", outcome.ended_at)
