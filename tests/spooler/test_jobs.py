"""Jobs at spoolers at work on a real bus, one after the other."""

from libs.contracts.devices import Device
from libs.contracts.directory import BUCKET, DeviceEntry, Entry
from libs.contracts.documents import Document, Format, Inline
from libs.contracts.hooks import Hook, HookState, SettleHook
from libs.contracts.jobs import CreateJob, ListJobs, StartJob
from libs.contracts.message import encode
from libs.contracts.people import Person
from libs.contracts.queries import ListTasks
from libs.contracts.states import Stage, Status
from tests.spooler.making import AGENT, PRINTER, request
from tests.spooler.working import stage

SEND = {"timeout": 5}
USER = Person(id="user-1", name="Ada@north.example", display="Ada")
HERE = {"region": "local", "tenant": "main", "agent": AGENT, "printer": PRINTER}
HOOK = Hook(trigger="trigger-1", definition="definition-1", app="app-1", name="Watermarks", limit=3600)
JOB = "AGENT001-000000000001"
OWN_TASKS = ListTasks(region="local", tenant="main", sn=AGENT)


async def publish(world, *entries: Entry) -> None:
    bucket = await world.admin.js.key_value(BUCKET)
    for entry in entries:
        await bucket.put(entry.key, encode(entry))


def printer(**changes) -> DeviceEntry:
    return DeviceEntry(tenant="main", agent=AGENT, device=Device(id=PRINTER, name="Paper"), **changes)


def create(number: int = 1, **changes) -> CreateJob:
    made = request(number, document=Document(Format.PDF, Inline(b"%PDF-1.7"), "letter.pdf"), user=USER, created_at=0, **changes)
    return CreateJob(region="local", tenant="main", sn=AGENT, source="GRAPH", from_os="", request=made)


async def test_a_job_and_what_partners_do_with_it_survive_their_spooler(tmp_path, database_url):
    second = Hook(trigger="trigger-2", definition="definition-2", app="app-2")
    async with stage(tmp_path, database_url) as world:
        ask = world.admin.ask
        await publish(world, printer(hooks=(HOOK, second)))
        async with world.spooler() as spooler:
            await world.ready(spooler)
            made = (await ask(create(), **SEND)).job
            assert (made.stage, made.user, made.document.size) == (Stage.AWAITING_DATA, USER, 8)
        async with world.spooler() as spooler:
            await world.ready(spooler)
            started = (await ask(StartJob(**HERE, task=JOB, user="user-1"), **SEND)).job
            assert [hook.state for hook in started.hooks] == [HookState.PROCESSING, HookState.PENDING]
        async with world.spooler() as spooler:
            await world.ready(spooler)
            for hook in started.hooks:
                settle = SettleHook(
                    region="local", tenant="main", app=hook.app, definition=hook.definition, hook=hook.id, state=HookState.COMPLETED
                )
                assert (await ask(settle, **SEND)).hook.state is HookState.COMPLETED
            assert [order.task for order in await world.convert_orders(1)] == [JOB]
            listed = await ask(ListJobs(**HERE, count=True), **SEND)
            assert ([job.stage for job in listed.jobs], listed.count) == ([Stage.TRANSFORMING], 1)
            events = await world.events(3)
            assert [event.kind for event in events] == ["NewTask", "TaskHooked", "TaskHooked"]
            assert [event.hook.id for event in events[1:]] == [hook.id for hook in started.hooks]
            assert [task.status for task in (await ask(OWN_TASKS, **SEND)).tasks] == [Status.SUBMITTED]
