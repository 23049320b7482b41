"""Who may say and hear what, asked of a real nats-server: what is needed is allowed, everything else is denied."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from libs.contracts.documents import Inline, Printable
from libs.contracts.orders import PrintDocument
from libs.contracts.permissions import SERVICES, agent_permissions, link_permissions, service_permissions
from libs.contracts.streams import agent_consumer, consumers
from libs.contracts.tickets import Ticket
from libs.runtime import admin
from libs.runtime.bus import Bus, connect
from libs.runtime.closing import arrived
from tests.bus import Rig, running_bus
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
A, B = "agentAAA", "agentBBB"
USERS = (*SERVICES, A)
#: The server of another region, to which ours is linked, and a gateway for both.
LINK, BOTH_GATEWAY = "link-eu", "gateway-of-both"
#: The same agent's name in another tenant is somebody else.
TENANT = "main"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory) -> AsyncIterator[Rig]:
    async with running_bus(tmp_path_factory.mktemp("permissions")) as running:
        root = await running.connect("admin")
        running.issue(LINK, link_permissions(("local", "eu")))
        running.issue(BOTH_GATEWAY, service_permissions("gateway", "local", ("eu",)))
        for agent in (A, B):
            running.issue_agent(agent, TENANT)
            await admin.ensure_consumer(root.js, agent_consumer("local", 0, TENANT, agent))
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def users(rig) -> AsyncIterator[dict[str, "User"]]:
    opened = {name: User(await connect(rig.url, name, rig.keys.path(f"{name}.creds"))) for name in (*USERS, B, LINK, BOTH_GATEWAY)}
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


#: What may go over a link into our region: submissions, what doors ask, answers, and what the other one sources.
CROSSES = (
    f"intake.local.{TENANT}.{A}",
    "query.local.registry.look-up",
    "query.local.spooler.list-tasks",
    "query.local.spooler.confirm-tasks",
    "query.local.webhooks.list-deliveries",
    "_INBOX.gateway.x.y",
    "$JS.local.API.CONSUMER.CREATE.KV_directory",
    "$JS.local.API.CONSUMER.CREATE.OUT_eu",
)
STAYS = (
    f"report.local.task.{TENANT}.{A}",
    "report.local.convert",
    f"report.local.device.{TENANT}.{A}",
    "order.convert.local.html",
    f"order.print.local.0.{TENANT}.{A}.printer",
    f"order.control.local.0.{TENANT}.{A}",
    f"task.status.local.{TENANT}.{A}.t",
    f"device.local.{TENANT}.{A}.d.added",
    f"heartbeat.local.{TENANT}.{A}",
    "dead.local.CONVERT",
    "out.eu.main.x",
    f"query.local.spooler.admit-agent.{TENANT}.{A}",
    f"query.local.spooler.address-document.{TENANT}.{A}",
    "$KV.directory.token.x",
    "$KV.idempotency.x",
    f"_INBOX.{A}.x.y",
    "_INBOX.spooler.x.y",
    *(
        f"$JS.local.API.CONSUMER.CREATE.{stream}"
        for stream in ("TASKS", "INTAKE", "PRINT", "REPORTS", "KV_idempotency", "KV_relays")
    ),
    "$JS.local.API.CONSUMER.MSG.NEXT.TASKS.webhooks_tasks",
    f"$JS.local.API.CONSUMER.MSG.NEXT.PRINT.agent_{A}",
    "$JS.local.API.STREAM.MSG.GET.TASKS",
    "$JS.local.API.DIRECT.GET.TASKS",
    "$JS.local.API.STREAM.PURGE.OUT_eu",
    "$JS.local.API.STREAM.DELETE.INTAKE",
    "$JS.local.API.STREAM.CREATE.MINE",
    "$JS.API.CONSUMER.CREATE.KV_directory",
    "$JS.API.STREAM.INFO.TASKS",
    "$JS.ACK.TASKS.webhooks_tasks.1.1.1.1.0",
    "$SYS.REQ.SERVER.PING",
    "anything",
)


async def test_what_another_region_may_say_here(users):
    assert [subject for subject in CROSSES if not await users[LINK].may_say(subject)] == []
    assert [subject for subject in STAYS if await users[LINK].may_say(subject)] == []


async def test_what_another_region_may_hear_here(users):
    for subject in ("intake.eu.>", "query.eu.spooler.list-tasks", "query.eu.registry.>", "_INBOX.gateway.>", "dlv.>"):
        assert await users[LINK].may_hear(subject), subject
    for subject in (
        ">",
        "task.*.local.>",
        "report.local.>",
        "order.>",
        "device.local.>",
        "heartbeat.>",
        "query.>",
        "query.eu.spooler.>",
        "out.eu.>",
        "_INBOX.>",
        "_INBOX.spooler.>",
        "$KV.directory.>",
        "$JS.local.API.>",
        "$JS.API.>",
        "$JS.ACK.>",
        "$SYS.>",
    ):
        assert not await users[LINK].may_hear(subject), subject


async def test_what_a_gateway_may_do_for_another_region(users):
    gateway = users[BOTH_GATEWAY]
    for subject in (
        f"intake.eu.{TENANT}.x",
        f"out.eu.{TENANT}.x",
        "query.eu.registry.look-up",
        "query.eu.spooler.list-tasks",
        "$JS.API.STREAM.PURGE.OUT_eu",
        "$JS.API.DIRECT.GET.OUT_eu",
    ):
        assert await gateway.may_say(subject), subject
    for subject in (
        f"intake.asia.{TENANT}.x",
        f"out.asia.{TENANT}.x",
        f"query.eu.spooler.admit-agent.{TENANT}.{A}",
        f"report.eu.task.{TENANT}.{A}",
        "$JS.API.STREAM.DELETE.OUT_eu",
        "$JS.API.STREAM.PURGE.INTAKE",
        "$JS.eu.API.STREAM.INFO.TASKS",
        "$KV.directory_eu.token.x",
    ):
        assert not await gateway.may_say(subject), subject
    assert await gateway.may_hear("out.eu.>")
    assert not await gateway.may_hear("task.*.eu.>")


async def test_nobody_may_say_or_hear_everything():
    for permissions in (
        link_permissions(("local", "eu")),
        service_permissions("gateway", "local", ("eu",)),
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
