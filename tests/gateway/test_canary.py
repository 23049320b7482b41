"""What tests the way: sent to each agent that is there, waited for, and counted by what became of it."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts import canary
from libs.contracts.devices import DeviceType
from libs.contracts.directory import ClientEntry, ClientKind, PresenceEntry
from libs.contracts.queries import Code, GetTask, TaskAnswer
from libs.contracts.states import Stage, State, Status
from libs.contracts.streams import INTAKE
from libs.contracts.tasks import TaskView
from libs.runtime.bus import NotStored, Refused, Unanswered
from services.gateway import canary as flying
from services.gateway.canary import Canaries
from tests.gateway.fakes import SN, door
from tests.waiting import until


def shown(task, stage=Stage.COMPLETED):
    return TaskAnswer(
        task=TaskView(
            id=task, name="canary", tenant="main", sn=canary.SN, version=3, stage=stage, state=State.COMPLETED, reason="",
            status=Status.SUBMITTED, message="", device="canary", device_type=DeviceType.PRINTER, agent=SN, source="CANARY",
            from_os="linux", created_at=1, ended_at=2 if stage in (Stage.COMPLETED, Stage.CANCELED) else None,
        )
    )  # fmt: skip


class Rig:
    """A gateway in memory that sends them as often as it can."""

    def __init__(self, made, patience=0.2):
        self.made = made
        self.metrics = CollectorRegistry()
        made.mirror.below = lambda prefix: [value for key, value in made.mirror.values.items() if key.startswith(prefix)]
        self.canaries = Canaries(made.gateway, made.mirror, 0.01, patience, self.metrics)

    def here(self, *agents, online=True):
        for sn in agents:
            self.made.mirror.put(ClientEntry(sn=sn, tenant="main", role=ClientKind.AGENT, shard=2))
            self.made.mirror.put(PresenceEntry(agent=sn, online=online))

    def answered(self, answer):
        self.made.bus.answers[GetTask] = answer

    def told(self, name, **labels):
        return self.metrics.get_sample_value(f"gateway_canary_{name}", labels)

    @property
    def sent(self):
        return [message for stream, message in self.made.bus.published if stream == INTAKE]


@pytest.fixture
async def rig(tmp_path, monkeypatch):
    monkeypatch.setattr(flying, "QUICKEST", 0.001)
    async with door(tmp_path) as made:
        yield Rig(made)


async def test_each_agent_that_is_there_is_sent_one_that_says_who_nobody_is(rig):
    rig.here("AGENT001", "AGENT002")
    rig.here("AGENT003", online=False)
    rig.answered(lambda query: shown(query.task))
    await rig.canaries._round()
    assert sorted(message.tasks[0].printer.agent for message in rig.sent) == ["AGENT001", "AGENT002"]
    for message in rig.sent:
        (task,) = message.tasks
        assert (message.sn, message.tenant, task.id[:9]) == ("_canary_", "main", "_canary_-")
        assert task.printer.id == canary.printer(task.printer.agent)
        assert task.printer.shard == 2
        assert task.expires_at == task.created_at + 200
    assert {(query.tenant, query.sn) for query in rig.made.bus.asked if isinstance(query, GetTask)} == {("main", canary.SN)}
    assert rig.told("seconds_count", outcome="printed") == 2
    assert (rig.told("sites"), rig.told("silent")) == (2, 0)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda query: shown(query.task, Stage.TRANSFORMING), "late"),
        (lambda query: shown(query.task, Stage.CANCELED), "failed"),
        (Unanswered("nobody is there"), "late"),
    ],
)
async def test_one_that_does_not_come_back_well_is_told_until_one_does(rig, answer, outcome):
    rig.here("AGENT001")
    rig.answered(answer)
    await rig.canaries._round()
    assert rig.told("seconds_count", outcome=outcome) == 1
    assert rig.told("silent") == 1
    rig.answered(lambda query: shown(query.task))
    await rig.canaries._round()
    assert rig.told("silent") == 0
    assert rig.told("seconds_count", outcome="printed") == 1


async def test_no_other_is_sent_while_one_is_out_and_one_that_nobody_knows_any_more_is_not(rig):
    rig.here("AGENT001")
    rig.answered(lambda query: shown(query.task, Stage.FETCHABLE))
    await rig.canaries._round()
    await rig.canaries._round()
    assert len(rig.sent) == 1
    first = rig.sent[0].tasks[0].id
    rig.answered(lambda query: Refused(Code.NOT_FOUND, "There is none.") if query.task == first else shown(query.task))
    await rig.canaries._round()
    assert len(rig.sent) == 2
    assert rig.told("silent") == 0


async def test_what_cannot_be_handed_over_is_told_too(rig):
    rig.here("AGENT001")
    rig.made.bus.refusal = NotStored("INTAKE is full")
    await rig.canaries._round()
    assert (rig.told("silent"), rig.told("seconds_count", outcome="late")) == (1, 1)


async def test_who_goes_away_is_not_waited_for(rig):
    rig.here("AGENT001")
    rig.answered(Unanswered("nobody is there"))
    await rig.canaries._round()
    rig.here("AGENT001", online=False)
    await rig.canaries._round()
    assert (rig.told("sites"), rig.told("silent")) == (0, 0)


async def test_none_are_sent_unless_somebody_says_how_often_or_while_the_directory_is_blind(rig):
    rig.here("AGENT001")
    rig.answered(lambda query: shown(query.task))
    await Canaries(rig.made.gateway, rig.made.mirror, 0.0, 1.0, CollectorRegistry()).run()
    rig.made.mirror.fresh = False
    running = asyncio.create_task(rig.canaries.run())
    try:
        await asyncio.sleep(0)
        assert rig.sent == []
        rig.made.mirror.fresh = True
        await until(lambda: rig.sent, what="one is sent when the directory is heard")
    finally:
        running.cancel()
        await asyncio.wait([running])
