"""Events as the spooler publishes them, for a client and as many tasks as a test wants."""

from itertools import pairwise

from libs.contracts.devices import DeviceType
from libs.contracts.events import EndTask, NewTask, UpdateTaskStatus
from libs.contracts.states import STATUS, Stage, State, Status
from libs.contracts.streams import TASKS
from libs.contracts.tasks import TaskView
from libs.runtime.bus import Bus, Outgoing, outgoing

SN = "jueKiUEE"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CREATED = 1_647_993_600_000  # 2022-03-23T00:00:00Z


def view(task: str, version: int, stage: Stage, sn: str = SN) -> TaskView:
    return TaskView(
        id=task,
        name="标签 Task",
        tenant="main",
        sn=sn,
        version=version,
        stage=stage,
        state=State.PENDING,
        reason="job-incoming",
        status=STATUS[stage] or Status.SUBMITTED,
        message="",
        device="Office",
        device_type=DeviceType.PRINTER,
        agent=SN,
        source="CLIENT_OPENAPI",
        from_os="linux",
        created_at=CREATED,
    )


def life(task: str, sn: str = SN, traceparent: str = TRACEPARENT):
    """The five events of a task that was printed."""
    common = {"region": "local", "at": CREATED, "traceparent": traceparent}
    steps = [Stage.INCOMING, Stage.FETCHABLE, Stage.OUTGOING, Stage.COMPLETED]
    yield NewTask(task=view(task, 1, steps[0], sn), **common)
    for version, (old, new) in enumerate(pairwise(steps), 2):
        yield UpdateTaskStatus(task=view(task, version, new, sn), old_status=STATUS[old], new_status=STATUS[new], **common)
    yield EndTask(task=view(task, len(steps), steps[-1], sn), **common)


def news(count: int, sn: str = SN, start: int = 0) -> list[NewTask]:
    """The first events of so many tasks."""
    return [
        NewTask(region="local", task=view(f"{sn}-{number:012}", 1, Stage.INCOMING, sn), at=CREATED)
        for number in range(start, start + count)
    ]


async def publish(bus: Bus, events) -> list[str]:
    """Store events in their order; returns their ids."""
    batch: list[Outgoing] = [outgoing(event) for event in events]
    for start in range(0, len(batch), 500):
        await bus.publish_batch(TASKS, batch[start : start + 500])
    return [out.message_id for out in batch]
