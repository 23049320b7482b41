"""A change notification as it is written (graph-print.md 4.4, 4.7): what is kept in the queue, and what an attempt makes of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from libs.contracts.events import TaskHooked
from libs.contracts.ids import guid, job_id, tenant_guid
from libs.contracts.states import State
from libs.contracts.subscriptions import SubscriptionView, Topic
from libs.contracts.tasks import TaskView
from services.webhooks.graph.matching import AnyEvent, Notice

#: Where a notification keeps its resource until an attempt encrypts it.
_ENTITY = "entity"
_STATES = {
    State.PENDING: "pending",
    State.PENDING_HELD: "paused",
    State.PROCESSING: "processing",
    State.PROCESSING_STOPPED: "stopped",
    State.CANCELED: "canceled",
    State.ABORTED: "aborted",
    State.COMPLETED: "completed",
}


def instant(at: int) -> str:
    """Ms since 1970 as Graph has them; whole seconds without a fraction."""
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds" if at % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def kept(event: AnyEvent, notice: Notice, subscription: SubscriptionView) -> str:
    """What the queue keeps of a notification: all of it but what may change until it is sent, and what nobody is to read there."""
    resource, data = _hook(event, subscription) if isinstance(event, TaskHooked) and _of_hooks(subscription) else _job(event.task)
    found = _head(subscription, notice.id) | {"changeType": notice.change, "resource": resource, "resourceData": data}
    if subscription.data:
        found[_ENTITY] = _entity(event, data)
    return _json(found)


def kept_lifecycle(subscription: SubscriptionView, event_id: str, what: str) -> str:
    """The same of a lifecycle notification: missed, subscriptionRemoved, reauthorizationRequired."""
    return _json(_head(subscription, event_id) | {"lifecycleEvent": what})


def body(
    kept_body: str,
    subscription: SubscriptionView,
    encrypt: Callable[[bytes], Mapping[str, str]],
    tokens: Sequence[str] = (),
) -> str:
    """What is posted: the notification with what its subscription says now, its resource encrypted."""
    found = json.loads(kept_body)
    entity = found.pop(_ENTITY, None)
    found["subscriptionExpirationDateTime"] = instant(subscription.expires)
    found["clientState"] = subscription.state
    if entity is not None and subscription.data:
        found["encryptedContent"] = encrypt(_json(entity).encode())
    return _json({"value": [found], **({"validationTokens": list(tokens)} if tokens else {})})


def _head(subscription: SubscriptionView, event_id: str) -> dict[str, Any]:
    return {
        "id": guid("notification", subscription.id, event_id),
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant_id or tenant_guid(subscription.tenant),
    }


def _of_hooks(subscription: SubscriptionView) -> bool:
    return subscription.topic is Topic.HOOKS


def _hook(event: TaskHooked, subscription: SubscriptionView) -> tuple[str, dict[str, Any]]:
    """Programs take the printer and the job from `parentUrl` (graph-print.md 4.4)."""
    hook = event.hook
    resource = f"print/taskDefinitions/{hook.definition}/tasks/{hook.id}"
    job = f"print/printers/{guid('printer', hook.agent, hook.printer)}/jobs/{job_id(hook.task, hook.leg)}"
    data = {"@odata.type": "#Microsoft.Graph.PrintTask", "@odata.id": resource, "id": hook.id}
    return resource, data | {"parentUrl": f"{subscription.base}/{job}"}


def _job(task: TaskView) -> tuple[str, dict[str, Any]]:
    job = job_id(task.id, task.leg)
    resource = f"print/printers/{guid('printer', task.agent, task.printer)}/jobs/{job}"
    return resource, {"@odata.type": "#Microsoft.Graph.PrintJob", "@odata.id": resource, "id": job}


def _entity(event: AnyEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    """The resource as far as the event knows it, in Graph's shape."""
    if isinstance(event, TaskHooked) and "parentUrl" in data:
        return {**data, "status": {"state": str(event.hook.state), "description": event.hook.description}}
    task = event.task
    return {
        **data,
        "displayName": task.name,
        "createdDateTime": instant(task.created_at),
        "isFetchable": bool(task.fetchable_at) and task.ended_at is None,
        "status": {"state": _STATES[task.state], "description": task.message},
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
