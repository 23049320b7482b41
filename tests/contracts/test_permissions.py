"""Who may say and hear what, asked of a real nats-server: what is needed is allowed, everything else is denied."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from libs.contracts.documents import Inline, Printable
from libs.contracts.orders import PrintDocument
from libs.contracts.permissions import SERVICES, agent_permissions, service_permissions
from libs.contracts.streams import agent_consumer, consumers
from libs.contracts.tickets import Ticket
from libs.runtime import admin
from libs.runtime.bus import Bus, arrived, connect
from tests.bus import Rig, running_bus
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
A, B = "agentAAA", "agentBBB"
USERS = (*SERVICES, A)
#: The same agent's name in another tenant is somebody else.
TENANT = "main"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory) -> AsyncIterator[Rig]:
    async with running_bus(tmp_path_factory.mktemp("permissions")) as running:
        root = await running.connect("admin")
        for agent in (A, B):
            running.issue_agent(agent, TENANT)
            await admin.ensure_consumer(root.js, agent_consumer("local", 0, TENANT, agent))
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def users(rig) -> AsyncIterator[dict[str, "User"]]:
    opened = {name: User(await connect(rig.url, name, rig.keys.path(f"{name}.creds"))) for name in (*USERS, B)}
    yield opened
    for user in opened.values():
        await user.bus.close()


class User:
    """A connection that notes what the server denies it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.denied: list[str] = []
        bus.client._error_cb = self._note

    async def _note(self, error: Exception) -> None:
        self.denied.append(str(error).lower())

    async def may_say(self, subject: str) -> bool:
        self.denied.clear()
        await self.bus.client.publish(subject, b"")
        await arrived(self.bus.client)
        return not any(f'for publish to "{subject.lower()}"' in each for each in self.denied)

    async def may_hear(self, subject: str) -> bool:
        self.denied.clear()

        async def ignore(_message) -> None:
            return

        subscription = await self.bus.client.subscribe(subject, cb=ignore)
        await arrived(self.bus.client)
        denied = any(f'for subscription to "{subject.lower()}"' in each for each in self.denied)
        if not denied:
            await subscription.unsubscribe()
        return not denied


SAY = {
    f"intake.local.{TENANT}.{A}": {"gateway"},
    f"intake.eu.{TENANT}.{A}": set(),
    "order.convert.local.html": {"spooler"},
    f"order.print.local.0.{TENANT}.{A}.printer": {"spooler"},
    f"order.control.local.0.{TENANT}.{A}": {"spooler"},
    "report.local.convert": {"converter"},
    f"report.local.task.{TENANT}.{A}": {A},
    f"report.local.task.{TENANT}.{B}": set(),
    f"report.local.task.other.{A}": set(),
    f"report.local.device.{TENANT}.{A}": {A},
    f"report.local.device.{TENANT}.{B}": set(),
    f"task.new.local.{TENANT}.{A}.t": {"spooler"},
    f"task.status.local.{TENANT}.{A}.t": {"spooler"},
    f"task.end.local.{TENANT}.{A}.t": {"spooler"},
    f"device.local.{TENANT}.{A}.d.added": {"registry"},
    "dead.local.CONVERT": {"spooler", "webhooks"},
    "query.local.registry.get-device": {"gateway", "spooler", "webhooks"},
    "query.local.spooler.list-tasks": {"gateway"},
    "query.local.spooler.cancel-task": {"gateway"},
    f"query.local.spooler.admit-agent.{TENANT}.{A}": {A},
    f"query.local.spooler.admit-agent.{TENANT}.{B}": set(),
    f"query.local.spooler.address-document.{TENANT}.{B}": set(),
    f"heartbeat.local.{TENANT}.{A}": {A},
    f"heartbeat.local.{TENANT}.{B}": set(),
    "$KV.directory.token.x": {"registry"},
    "$KV.idempotency.x": {"gateway"},
    f"$KV.relays.{A}.x": {"gateway"},
    "$JS.API.INFO": set(),
    "$JS.API.STREAM.NAMES": set(),
    "$JS.API.STREAM.CREATE.MINE": set(),
    "$JS.API.STREAM.UPDATE.TASKS": set(),
    "$JS.API.STREAM.DELETE.INTAKE": set(),
    "$JS.API.STREAM.INFO.INTAKE": {"spooler"},
    "$JS.API.STREAM.INFO.TASKS": {"gateway", "webhooks"},
    "$JS.API.STREAM.INFO.DEVICES": {"webhooks"},
    "$JS.API.STREAM.PURGE.TASKS": set(),
    "$JS.API.STREAM.MSG.GET.INTAKE": {"spooler"},
    "$JS.API.STREAM.MSG.GET.PRINT": {"spooler"},
    "$JS.API.STREAM.MSG.GET.TASKS": {"spooler", "webhooks"},
    "$JS.API.CONSUMER.INFO.TASKS.webhooks_tasks": {"spooler", "webhooks"},
    "$JS.API.CONSUMER.MSG.NEXT.TASKS.webhooks_tasks": {"webhooks"},
    "$JS.API.DIRECT.GET.TASKS": {"gateway"},
    "$JS.API.DIRECT.GET.KV_idempotency.x": {"gateway"},
    "$JS.API.STREAM.MSG.DELETE.TASKS": set(),
    "$JS.API.CONSUMER.CREATE.INTAKE.mine": set(),
    "$JS.API.CONSUMER.CREATE.PRINT.mine": {"registry"},
    "$JS.API.CONSUMER.CREATE.TASKS": {"gateway"},
    "$JS.API.CONSUMER.CREATE.TASKS.mine": set(),
    "$JS.API.CONSUMER.DURABLE.CREATE.TASKS.mine": set(),
    f"$JS.API.CONSUMER.MSG.NEXT.PRINT.agent_{A}": {A},
    f"$JS.API.CONSUMER.MSG.NEXT.PRINT.agent_{B}": set(),
    f"$JS.API.CONSUMER.RESET.PRINT.agent_{A}": {A, "registry"},
    f"$JS.API.CONSUMER.RESET.PRINT.agent_{B}": {"registry"},
    "$JS.API.CONSUMER.DELETE.PRINT.agent_gone": {"registry"},
    f"$JS.ACK.PRINT.agent_{A}.1.1.1.1.0": {A},
    f"$JS.ACK.PRINT.agent_{B}.1.1.1.1.0": set(),
    f"$JS.ACK._.h.PRINT.agent_{B}.1.1.1.1.0": set(),
    f"_INBOX.{B}.x.y": set(),
    "$SYS.REQ.SERVER.PING": set(),
    "anything": set(),
} | {f"$JS.API.CONSUMER.MSG.NEXT.{spec.stream}.{spec.durable}": {spec.durable.split("_")[0]} for spec in consumers("local")}

HEAR = {
    ">": set(),
    "_INBOX.>": set(),
    f"_INBOX.{A}.>": {A},
    f"_INBOX.{B}.>": set(),
    "_INBOX.spooler.>": {"spooler"},
    "intake.local.>": set(),
    "order.>": set(),
    "order.print.local.>": set(),
    f"order.print.local.0.{TENANT}.{A}.*": set(),
    "report.local.>": set(),
    "task.*.local.>": {"gateway"},
    "task.*.*.>": set(),
    "device.local.>": {"gateway"},
    "query.local.spooler.>": {"spooler"},
    "query.local.registry.>": {"registry"},
    "query.>": set(),
    "heartbeat.local.>": {"registry", "spooler"},
    "dead.>": set(),
    "$KV.directory.>": set(),
    "$JS.ACK.>": set(),
    "$JS.API.>": set(),
    "$SYS.>": set(),
}


@pytest.mark.parametrize("subject", SAY)
async def test_who_may_say_this(users, subject):
    assert {name for name in USERS if await users[name].may_say(subject)} == SAY[subject]


@pytest.mark.parametrize("subject", HEAR)
async def test_who_may_hear_this(users, subject):
    assert {name for name in USERS if await users[name].may_hear(subject)} == HEAR[subject]


def order(agent: str, task: str) -> PrintDocument:
    return PrintDocument(
        region="local",
        shard=0,
        tenant=TENANT,
        agent=agent,
        printer="p",
        task=task,
        attempt=1,
        name="secret",
        document=Printable(content=Inline(data=b"%PDF")),
        ticket=Ticket(),
    )


async def test_an_agent_reads_and_acknowledges_its_own_orders_and_nobody_elses(rig, users):
    spooler = users["spooler"].bus
    await (await rig.connect("admin")).js.purge_stream("PRINT")
    for agent in (A, B):
        await spooler.publish(order(agent, f"{agent}-1"), stream="PRINT")
    own = await users[A].bus.js.pull_subscribe_bind(f"agent_{A}", "PRINT")
    (message,) = await own.fetch(5, timeout=2)
    assert message.subject == f"order.print.local.0.{TENANT}.{A}.p"
    await message.ack_sync(timeout=2)

    others = await users[A].bus.js.pull_subscribe_bind(f"agent_{B}", "PRINT")
    with pytest.raises(TimeoutError):
        await others.fetch(1, timeout=0.5)


async def test_an_agent_cannot_acknowledge_for_another_in_any_form_of_the_subject(rig, users):
    spooler = users["spooler"].bus
    await spooler.publish(order(B, f"{B}-2"), stream="PRINT")
    theirs = await users[B].bus.js.pull_subscribe_bind(f"agent_{B}", "PRINT")
    messages = await theirs.fetch(5, timeout=2)
    reply = messages[-1].reply
    root = await rig.connect("admin")

    async def pending() -> int:
        return int((await root.js.consumer_info("PRINT", f"agent_{B}")).num_ack_pending or 0)

    before = await pending()
    assert before == len(messages)
    tail = reply.split(f"agent_{B}.")[1]
    for forged in (
        reply,
        f"$JS.ACK.PRINT.agent_{B}.PRINT.agent_{A}.{tail}",
        f"$JS.ACK.PRINT.agent_{B}.PRINT.agent_{A}.1.1.1",
        f"$JS.ACK._.h.PRINT.agent_{B}.{tail}",
    ):
        await users[A].may_say(forged)
    assert await pending() == before
    for message in messages:
        await message.ack()

    async def none() -> bool:
        return await pending() == 0

    await until(none, what="the owner's acknowledgements count")


async def test_a_question_of_an_agent_is_answered_into_its_own_inbox_only(users):
    asked = []

    async def answer(message) -> None:
        asked.append(message.reply)
        await message.respond(b"{}")

    subscription = await users["spooler"].bus.client.subscribe("query.local.spooler.admit-agent.>", cb=answer)
    await arrived(users["spooler"].bus.client)
    reply = await users[A].bus.client.request(f"query.local.spooler.admit-agent.{TENANT}.{A}", b"", timeout=2)
    assert reply.data == b"{}"
    assert asked[0].startswith(f"_INBOX.{A}.")
    await subscription.unsubscribe()


async def test_who_answers_may_not_answer_twice_or_unasked(users):
    spooler = users["spooler"]
    assert not await spooler.may_say(f"_INBOX.{A}.unasked")


async def test_nobody_may_say_or_hear_everything():
    for permissions in (
        *(service_permissions(service, "local") for service in SERVICES),
        agent_permissions("local", 0, TENANT, A),
    ):
        for subject in (*permissions.publish, *permissions.subscribe):
            assert subject.split(".")[0] not in {">", "*"}
        assert permissions.subscribe, "an empty list would mean everything"
        assert permissions.publish, "an empty list would mean everything"


async def test_only_who_is_asked_may_answer():
    assert [service for service in SERVICES if not service_permissions(service, "local").answers] == ["gateway"]
    assert not agent_permissions("local", 0, TENANT, A).answers


@pytest.mark.parametrize("name", ["registry", "webhooks", "admin"])
async def test_no_agent_has_the_name_of_a_service(name):
    with pytest.raises(ValueError, match="is the name of a service"):
        agent_permissions("local", 0, TENANT, name)


async def test_a_service_that_does_not_exist_has_no_rights():
    with pytest.raises(KeyError):
        service_permissions("intruder", "local")
