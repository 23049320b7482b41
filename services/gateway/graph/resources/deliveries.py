"""The log of a subscription's notifications, and having them told again: ours (graph-print.md 7.3)."""

from libs.contracts.endpoints import DeliveryList, DeliveryState, Replayed
from libs.contracts.subscriptions import ListNotifications, ReplayNotifications
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.subscription import LONGEST_TEXT, delivery_entity, optional
from services.gateway.graph.problem import bad
from services.gateway.graph.resources.subscriptions import mine
from services.gateway.graph.words.moments import milliseconds

CONTEXT = "subscriptions/deliveries"


async def list_deliveries(call: Call) -> Answer:
    """What it was told and what came of it, newest first (ours); `state`, `since`, `until` and `lifecycle` choose."""
    named = call.query.named
    question = ListNotifications(
        **mine(call),
        lifecycle=_flag(named.get("lifecycle")),
        state=_state(named.get("state")),
        since=_moment(named.get("since"), "since"),
        until=_moment(named.get("until"), "until"),
        limit=call.query.page,
    )
    found: DeliveryList = await call.ask(question)
    return Collection([delivery_entity(each) for each in found.deliveries], CONTEXT, applied=True)


async def replay(call: Call) -> Answer:
    """Tell one notification again (`deliveryId`), or all that ended since a time (`since`, `state`); ours."""
    question = ReplayNotifications(
        **mine(call),
        delivery=optional(call.body, "deliveryId", 256) or "",
        since=_moment(optional(call.body, "since", LONGEST_TEXT), "since"),
        state=_state(optional(call.body, "state", LONGEST_TEXT)),
    )
    answer: Replayed = await call.ask(question)
    await call.record("deliveries replayed", call.ids["subscription"], count=str(answer.count))
    return Reply(body={"count": answer.count}, context="subscriptions/replay")


def _state(given: str | None) -> DeliveryState | None:
    try:
        return DeliveryState(given.lower()) if given else None
    except ValueError:
        raise bad(f"state must be one of {', '.join(DeliveryState)}.", "state") from None


def _flag(given: str | None) -> bool:
    if (given or "false").lower() not in ("true", "false"):
        raise bad("lifecycle must be true or false.", "lifecycle")
    return (given or "").lower() == "true"


def _moment(given: str | None, name: str) -> int | None:
    try:
        return milliseconds(given) if given else None
    except (ValueError, OverflowError):
        raise bad(f"{name} must be a date-time such as 2026-01-03T10:00:00Z.", name) from None


_ONE = "subscriptions/{subscription}"

ROUTES = (
    Route("GET", f"{_ONE}/deliveries", list_deliveries, rule=_ONE),
    Route("POST", f"{_ONE}/replay", replay, rule=f"{_ONE}/reauthorize"),
)
