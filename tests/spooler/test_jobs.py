"""Jobs at a spooler at work: made, started, hooked, redirected, served, listed; every answer after its commit."""

from libs.contracts.devices import Device
from libs.contracts.directory import BUCKET, DeviceEntry, Entry
from libs.contracts.documents import Document, Format, Inline
from libs.contracts.hooks import Hook, HookState, SettleHook
from libs.contracts.jobs import CreateJob, GetJob, ListJobs, StartJob
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


async def publish(world, *entries: Entry) -> None:
    bucket = await world.admin.js.key_value(BUCKET)
    for entry in entries:
        await bucket.put(entry.key, encode(entry))


def printer(**changes) -> DeviceEntry:
    return DeviceEntry(tenant="main", agent=AGENT, device=Device(id=PRINTER, name="Paper"), **changes)


def create(number: int = 1, **changes) -> CreateJob:
    made = request(number, document=Document(Format.PDF, Inline(b"%PDF-1.7"), "letter.pdf"), user=USER, created_at=0, **changes)
    return CreateJob(region="local", tenant="main", sn=AGENT, source="GRAPH", from_os="", request=made)


async def test_a_job_is_started_hooked_by_one_after_the_other_and_goes_on(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        second = Hook(trigger="trigger-2", definition="definition-2", app="app-2")
        await publish(world, printer(hooks=(HOOK, second)))
        await world.ready(spooler)
        ask = world.admin.ask
        made = (await ask(create(), **SEND)).job
        assert (made.stage, made.user, made.document.size, made.fetchable_at) == (Stage.AWAITING_DATA, USER, 8, 0)
        assert (await ask(ListTasks(region="local", tenant="main", sn=AGENT), **SEND)).tasks == ()
        started = (await ask(StartJob(**HERE, task=JOB, user="user-1"), **SEND)).job
        assert (started.stage, [hook.state for hook in started.hooks]) == (Stage.HOOKED, [HookState.PROCESSING, HookState.PENDING])
        assert started.message.startswith("It waits for Watermarks to do its work, until ")
        listed = (await ask(ListTasks(region="local", tenant="main", sn=AGENT), **SEND)).tasks
        assert [(task.id, task.status) for task in listed] == [(JOB, Status.SUBMITTED)]
        settle = SettleHook(
            region="local",
            tenant="main",
            app="app-1",
            definition="definition-1",
            hook=started.hooks[0].id,
            state=HookState.COMPLETED,
        )
        assert (await ask(settle, **SEND)).hook.state is HookState.COMPLETED
        now = (await ask(GetJob(**HERE, task=JOB, hooks=True), **SEND)).job
        assert (now.stage, [hook.state for hook in now.hooks]) == (Stage.HOOKED, [HookState.COMPLETED, HookState.PROCESSING])
        listed = await ask(ListJobs(**HERE, count=True, hooks=True), **SEND)
        assert (listed.jobs, listed.next, listed.count) == ((now,), "", 1)
