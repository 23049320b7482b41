"""Which subscription hears of which event, and under what name: no clock, no network, no database."""

from dataclasses import dataclass

from libs.contracts.events import REMINDER, EndTask, NewTask, TaskFetchable, TaskHooked, UpdateTaskStatus
from libs.contracts.subscriptions import SubscriptionView, Topic, only_fetchable

AnyEvent = NewTask | UpdateTaskStatus | EndTask | TaskHooked | TaskFetchable

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
#: Clocks of two machines may differ by so much (ms): rather told twice than not at all.
SKEW = 60_000


@dataclass(frozen=True, slots=True)
class Notice:
    """An event as one subscription hears of it. `id` is the same for whatever tells the same fact again."""

    id: str
    change: str


def tenant_of(subject: str) -> str:
    """The tenant of a task's event, from its subject; empty for what is no task's."""
    words = subject.split(".")
    return words[3] if words[0] in ("task", "partner") and len(words) > 3 else ""


def notices(event: AnyEvent, subscription: SubscriptionView) -> list[Notice]:
    """What a subscription hears of an event: nothing, or one notice for each kind of change that it is."""
    if event.task.tenant != subscription.tenant:
        return []
    if subscription.topic is Topic.HOOKS:
        return [Notice(event.id, CREATED)] if isinstance(event, TaskHooked) and _is_theirs(event, subscription) else []
    task = event.task
    if not task.printer or (subscription.printer and (subscription.agent, subscription.printer) != (task.agent, task.printer)):
        return []
    wanted = {each.strip().lower() for each in subscription.changes.split(",")}
    return [notice for notice in _of_job(event, subscription) if notice.change in wanted]


def _is_theirs(event: TaskHooked, subscription: SubscriptionView) -> bool:
    return (event.hook.definition, event.hook.app) == (subscription.definition, subscription.app)


def _of_job(event: AnyEvent, subscription: SubscriptionView) -> list[Notice]:
    """A job's leg becomes fetchable once; every version of it is one update, whichever events tell it."""
    task = event.task
    leg = f"{task.id}:{task.leg}"
    found = [Notice(f"{leg}:created", CREATED)] if isinstance(event, NewTask) and task.leg == 1 else []
    if subscription.query is not None and only_fetchable(subscription.query):
        # Who subscribes hears of what becomes ready from now on; what is ready already, it lists.
        if task.fetchable_at and task.fetchable_at >= subscription.created_at - SKEW:
            found.append(Notice(f"{leg}:fetchable", UPDATED))
    elif isinstance(event, TaskHooked):
        if event.occasion != REMINDER:  # the job is what it was
            found.append(Notice(event.id, UPDATED))
    elif not isinstance(event, NewTask):
        found.append(Notice(f"{leg}:{task.version}", UPDATED))
    if isinstance(event, EndTask):
        found.append(Notice(f"{leg}:deleted", DELETED))
    return found
