"""The dispatcher is killed at each of its steps, above all when the receiver has said yes and nobody has written it down."""

import pytest

from libs.contracts.subscriptions import AddSubscription
from services.webhooks.crashpoints import TELLING
from services.webhooks.history import Wanted
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import dispatcher, process, stored
from tests.webhooks.events import SN, life, publish
from tests.webhooks.receivers import receiver, statuses
from tests.webhooks.subscribing import echoing, hooked, to_hooks, told

AFTER_YES = "webhooks-before-ack"
TASKS = tuple(f"{SN}-{number:012}" for number in range(3))


def note(history, requests, refused: int) -> None:
    """What a receiver heard, of which it refused the first."""
    for number, request in enumerate(requests):
        task = request.json["task"]["taskId"]
        status = 500 if number < refused else 200
        history.note("told", endpoint="callback", id=request.id, task=task, event=request.json, status=status)


@pytest.mark.parametrize(
    "point", [pytest.param(each, marks=pytest.mark.row(7, short=each == AFTER_YES)) for each in TELLING], ids=str
)
@pytest.mark.timeout(120)
async def test_row_07_a_callback_comes_again_with_its_id_and_in_its_order(row, point):
    async with running_bus(row.folder) as rig, receiver(statuses(500)) as there:
        spooler = await rig.connect("spooler")
        events = [event for task in TASKS for event in life(task)]
        async with process(rig, there.url, CRASHPOINT=point, WEBHOOKS_HOLDER="only") as first:
            ids = await publish(spooler, events)
            assert await first.ended() == -9
        before = there.ids
        async with dispatcher(rig, there.url, webhooks_holder="only"):
            await until(lambda: there.ids[-1:] == ids[-1:], 40, "the last event arrives")
        note(row.history("receiver"), there.requests, refused=1)
        for task in TASKS:
            row.history("client").note("ended", task=task, status="FINISHED", reason="job-completed-successfully")
        assert list(dict.fromkeys(there.ids)) == ids
        if point == AFTER_YES:
            after = there.ids[len(before) :]
            assert before[-1] == after[0] == ids[0]  # told, not written down: told again under the same id
        async with stored(rig) as (_, _, history):
            assert {(each.event, each.state) for each in await history.deliveries(Wanted("callback"), 1000)} == {
                (id_, "delivered") for id_ in ids
            }
    row.did(f"{len(ids)} callbacks of {len(TASKS)} tasks; the dispatcher killed itself at `{point}`, and the next one went on.")
    row.check()
    again = len(there.ids) - len(ids)
    row.saw(f"All came in their order under the ids that they had; {again} came again, with the same webhook-id.", again=again)


@pytest.mark.row(7)
@pytest.mark.timeout(120)
async def test_row_07_a_graph_notification_comes_again_with_its_id(row):
    quick = {"subscription_http": True, "subscription_schedule": (0.1, 0.2), "webhooks_holder": "only"}
    async with running_bus(row.folder) as rig, receiver(echoing()) as there:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        one = to_hooks(there.url)
        async with dispatcher(rig, **quick):
            await gateway.ask(AddSubscription(region="local", tenant="main", subscription=one), timeout=30)
        await publish(spooler, [hooked(1), hooked(2)])
        async with process(rig, "", CRASHPOINT=AFTER_YES, SUBSCRIPTION_HTTP="true", WEBHOOKS_HOLDER="only") as dying:
            assert await dying.ended() == -9
        before = [each["id"] for each in told(there)]
        assert before, "the application had said yes"
        async with dispatcher(rig, **quick):
            await until(lambda: len({each["id"] for each in told(there)}) == 2 and len(told(there)) > len(before), 30)
        ids = [each["id"] for each in told(there)]
        assert set(before) < set(ids) or ids[len(before)] in before
        assert ids.count(before[0]) == 2, "the same notification, under the id of before"
        assert {each["clientState"] for each in told(there)} == {"secret"}
    row.did(f"A Graph subscription: the application had answered 202 to {len(before)} notification(s) when the dispatcher died.")
    row.saw(f"{len(ids)} notifications came for 2 hooks, {len(set(ids))} different ids: what was repeated had the id of before.")
