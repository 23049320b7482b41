"""FastStream with our rules: what fails comes again, what cannot be read does not, nobody speaks for somebody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from libs.contracts.agents import AdmitAgent, Admitted
from libs.contracts.devices import Device
from libs.contracts.ids import device_id
from libs.contracts.message import decode, encode
from libs.contracts.queries import Code, DeviceAnswer, GetDevice, Refusal
from libs.contracts.reports import DevicesReported
from libs.contracts.streams import ADVISORIES, BACKOFF, REPORTS, ConsumerSpec, consumers
from libs.runtime import admin
from libs.runtime import broker as broker_module
from libs.runtime.broker import answering, answers, keep_alive, listening, make_broker, reads, running
from libs.runtime.bus import Bus, Outgoing, Refused, connect
from libs.runtime.traces import Tracing
from tests.bus import Rig, running_bus
from tests.runtime.messages import admission, device, stored
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
AGENT, OTHER = "agentAAA", "agentBBB"
DEVICES = next(spec for spec in consumers("local") if spec.durable == "registry_devices")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory) -> AsyncIterator[Rig]:
    async with running_bus(tmp_path_factory.mktemp("broker")) as running_rig:
        for agent in (AGENT, OTHER):
            running_rig.issue_agent(agent)
        yield running_rig


@pytest_asyncio.fixture(loop_scope="module")
async def root(rig) -> AsyncIterator[Bus]:
    opened = await connect(rig.url, "admin", rig.keys.path("admin.creds"))
    for stream in (REPORTS, ADVISORIES):
        await opened.js.purge_stream(stream)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def agent(rig) -> AsyncIterator[Bus]:
    opened = await connect(rig.url, AGENT, rig.keys.path(f"{AGENT}.creds"))
    yield opened
    await opened.close()


@pytest.fixture
def hurry(monkeypatch):
    """The pauses between tries, a hundred times shorter."""
    monkeypatch.setattr(broker_module, "BACKOFF", tuple(each / 100 for each in BACKOFF))


def report(count: int = 1, agent: str = AGENT) -> DevicesReported:
    made = tuple(Device(id=device_id(agent, str(number)), name=str(number)) for number in range(count))
    return DevicesReported(region="local", tenant="main", agent=agent, devices=made)


@asynccontextmanager
async def hearing(rig: Rig, spec: ConsumerSpec, handler: Callable[[DevicesReported], Awaitable[None]], user: str = "registry"):
    """A broker that reads reports of devices from one durable."""
    broker = make_broker(rig.url, user, rig.keys.path(f"{user}.creds"), Tracing("test"), 2)
    broker.subscriber(**reads(spec, DevicesReported, user))(handler)
    async with running(broker):
        yield broker


@asynccontextmanager
async def answered_by(rig: Rig, query: type, handler: Callable[..., Awaitable[object]], user: str = "spooler"):
    broker = make_broker(rig.url, user, rig.keys.path(f"{user}.creds"), Tracing("test"), 2)
    broker.subscriber(**answers(query, "local", user))(answering(handler))
    async with running(broker):
        yield


async def pending(bus: Bus, spec: ConsumerSpec) -> int:
    info = await bus.js.consumer_info(spec.stream, spec.durable)
    return int(info.num_ack_pending or 0) + int(info.num_pending or 0)


async def test_a_message_is_handled_decoded_and_acknowledged(rig, root, agent):
    got = []

    async def handle(message: DevicesReported) -> None:
        got.append(message)

    async with hearing(rig, DEVICES, handle):
        await agent.publish(report(2), stream=REPORTS, message_id="1")
        await until(lambda: got == [report(2)])
        await until(lambda: _nothing(root), what="it is acknowledged")


async def _nothing(bus: Bus) -> bool:
    return await pending(bus, DEVICES) == 0


async def test_what_its_handler_failed_on_comes_again_after_a_growing_pause(rig, root, agent, hurry):
    at = []

    async def fail_twice(_message: DevicesReported) -> None:
        at.append(asyncio.get_running_loop().time())
        if len(at) < 3:
            raise RuntimeError("not yet")

    async with hearing(rig, DEVICES, fail_twice):
        await agent.publish(report(), stream=REPORTS, message_id="2")
        await until(lambda: len(at) == 3)
        await until(lambda: _nothing(root))
    assert at[1] - at[0] >= BACKOFF[0] / 100
    assert at[2] - at[1] >= BACKOFF[1] / 100


async def test_what_cannot_be_read_is_terminated_told_and_holds_up_nobody(rig, root, agent):
    got = []

    async def handle(message: DevicesReported) -> None:
        got.append(message)

    async with hearing(rig, DEVICES, handle):
        await agent.publish_raw(Outgoing(report().subject, b'{"agent": 5', "3"), stream=REPORTS)
        await agent.publish(report(3), stream=REPORTS, message_id="4")
        await until(lambda: got == [report(3)])
        await until(lambda: _nothing(root), what="both are settled")
    advisory = json.loads((await stored(root, ADVISORIES))[-1])
    assert (advisory["stream"], advisory["consumer"], advisory["deliveries"]) == (REPORTS, "registry_devices", 1)


async def test_a_report_in_another_agents_name_is_not_heard(rig, root, agent):
    got = []

    async def handle(message: DevicesReported) -> None:
        got.append(message.agent)

    async with hearing(rig, DEVICES, handle):
        await agent.publish_raw(Outgoing(report().subject, encode(report(agent=OTHER)), "5"), stream=REPORTS)
        await agent.publish(report(), stream=REPORTS, message_id="6")
        await until(lambda: got)
        await until(lambda: _nothing(root))
    assert got == [AGENT]


async def test_where_tries_are_counted_what_cannot_be_read_is_tried_and_then_given_up(rig, root, agent, hurry):
    """Another replica may be newer and able to read it; a work queue keeps it, so that its task can be found."""
    spec = ConsumerSpec(REPORTS, "counted", DEVICES.filters, ack_wait=5, max_deliver=2)
    await admin.ensure_consumer(root.js, spec)

    async def handle(_message: DevicesReported) -> None:
        raise AssertionError("it cannot be read")

    async with hearing(rig, spec, handle, user="admin"):
        await agent.publish_raw(Outgoing(report().subject, b"{}", "7"), stream=REPORTS)
        await until(lambda: stored(root, ADVISORIES), what="the server says that it was given up")
    assert json.loads((await stored(root, ADVISORIES))[-1])["deliveries"] == 2
    await root.js.delete_consumer(REPORTS, "counted")


async def test_long_work_keeps_its_message_although_its_lease_is_short(rig, root, agent):
    spec = ConsumerSpec(REPORTS, "leased", DEVICES.filters, ack_wait=1.0)
    await admin.ensure_consumer(root.js, spec)
    calls, told = [], []
    done = asyncio.Event()

    async def work(_message: DevicesReported) -> None:
        calls.append(1)
        message = broker.context.get_local("message")
        in_progress = message.raw_message.in_progress

        async def counted() -> None:
            await in_progress()
            told.append(1)

        message.raw_message.in_progress = counted
        async with keep_alive(message, spec.ack_wait):
            await done.wait()

    async with hearing(rig, spec, work, user="admin") as broker:
        await agent.publish(report(), stream=REPORTS, message_id="8")
        await until(lambda: len(told) == 7, what="two leases and more are over, at three words for each")
        assert calls == [1]
        done.set()

        async def settled() -> bool:
            return await pending(root, spec) == 0

        await until(settled)
    await root.js.delete_consumer(REPORTS, "leased")


async def test_an_answer_a_refusal_and_a_fault_reach_who_asked(rig, agent):
    async def admit(query: AdmitAgent) -> Admitted:
        if query.journal == "second":
            raise Refused(Code.CONFLICT, "Another one lives.")
        if query.journal == "broken":
            raise RuntimeError("secret of the house")
        return Admitted(sequence=len(query.journal))

    async with answered_by(rig, AdmitAgent, admit):
        assert await agent.ask(admission(journal="journal")) == Admitted(sequence=7)
        with pytest.raises(Refused, match="Another one lives"):
            await agent.ask(admission(journal="second"))
        with pytest.raises(Refused, match="its log says why") as fault:
            await agent.ask(admission(journal="broken"))
    assert fault.value.code is Code.FAULT
    assert "secret" not in fault.value.message


async def test_a_question_that_cannot_be_read_is_refused_with_the_fields_name(rig, agent):
    async def admit(_query: AdmitAgent) -> Admitted:
        raise AssertionError("it cannot be read")

    async with answered_by(rig, AdmitAgent, admit):
        answer = await agent.client.request(admission().subject, b'{"region":"local","tenant":"main","agent":"agentAAA"}', 3)
    refusal = decode(Refusal, answer.data)
    assert refusal.code is Code.BAD_REQUEST
    assert "journal: missing" in refusal.message


async def test_an_agent_cannot_ask_in_another_agents_name(rig, agent):
    asked = []

    async def admit(query: AdmitAgent) -> Admitted:
        asked.append(query.agent)
        return Admitted(sequence=1)

    async with answered_by(rig, AdmitAgent, admit):
        answer = await agent.client.request(admission().subject, encode(admission(OTHER)), 3)
    assert decode(Refusal, answer.data).code is Code.FORBIDDEN
    assert not asked


async def test_no_answer_goes_where_the_asker_itself_may_not_write(rig, root, agent):
    """The spooler has rights that an agent lacks: it must not lend them by answering on any subject that it is given."""
    asked = []

    async def admit(query: AdmitAgent) -> Admitted:
        asked.append(query.journal)
        return Admitted(sequence=1)

    foreign = report(agent=OTHER).subject
    async with answered_by(rig, AdmitAgent, admit):
        for target in (foreign, f"order.print.local.0.main.{OTHER}.p", "$JS.API.STREAM.PURGE.REPORTS"):
            await agent.client.publish(admission().subject, encode(admission(journal="bad")), reply=target)
        assert await agent.ask(admission(journal="good")) == Admitted(sequence=1)
    assert asked == ["good"]
    for stream in (REPORTS, "PRINT"):
        assert (await root.js.stream_info(stream)).state.messages == 0


async def test_questions_are_shared_among_replicas(rig):
    async def nobody(_query: GetDevice) -> DeviceAnswer:
        counts.append(1)
        return DeviceAnswer(device=None)

    counts: list[int] = []
    gateway = await connect(rig.url, "gateway", rig.keys.path("gateway.creds"))
    async with answered_by(rig, GetDevice, nobody, "registry"), answered_by(rig, GetDevice, nobody, "registry"):
        for _ in range(5):
            assert await gateway.ask(device()) == DeviceAnswer(device=None)
    assert len(counts) == 5
    await gateway.close()


async def test_a_deleted_consumer_is_noticed(rig, root):
    spec = ConsumerSpec(REPORTS, "gone", DEVICES.filters)
    await admin.ensure_consumer(root.js, spec)
    check = listening(lambda: root.js, spec)
    assert await check() == ""
    await root.js.delete_consumer(spec.stream, spec.durable)
    assert await check() == "the consumer gone of REPORTS is gone: run `python -m services provision`"


async def test_a_consumer_that_cannot_be_asked_for_is_told_too(agent):
    spec = ConsumerSpec(REPORTS, "registry_devices", DEVICES.filters)
    quick = agent.client.jetstream(timeout=0.2)
    assert "cannot be asked for: TimeoutError" in await listening(lambda: quick, spec)()
