"""Lost answers have no second effect, and what becomes of a job that waits for somebody who is gone is said in a sentence."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from libs.contracts.hooks import HookPolicy, HookState
from libs.contracts.jobs import AbortJob, CancelJob, RedirectJob, ServeJob, Service, StartJob
from libs.contracts.queries import ListTasks, ReleaseTask
from libs.contracts.states import Reason, Stage
from libs.contracts.tasks import PrinterRef
from libs.runtime.bus import Refused
from services.spooler import tables
from services.spooler.acceptance import START_LIMIT
from services.spooler.desk import HOLD_LIMIT
from tests.spooler.deciding import Deciding, FakeMirror, deciding, printer
from tests.spooler.jobs.asking import HERE, JOB, WATERMARKS, creation, settle, shown, started
from tests.spooler.making import AGENT, converted, request, submission

OWN = {"region": "local", "tenant": "main", "sn": AGENT}
SECOND = PrinterRef(agent=AGENT, id="printer00002", name="Paper 2")
THERE = {**HERE, "printer": SECOND.id}
MINE = {**HERE, "task": JOB, "leg": 1, "app": "app-1"}


def now() -> int:
    return int(time.time() * 1000)


class Deaf:
    """A door whose first answer to everything is lost: the spooler dies once it is saved, and another one is asked again."""

    def __init__(self, world: Deciding) -> None:
        self.world = again(world)
        #: The kinds of all that was published.
        self.published: list[str] = []

    async def ask(self, query):
        await self.world.ask(query)
        self.published += [message.kind for _, message in self.world.published]
        self.world = again(self.world)
        try:
            return await self.world.ask(query)
        finally:
            self.published += [message.kind for _, message in self.world.published]
            self.world = again(self.world)


def again(world: Deciding) -> Deciding:
    """The same database with nothing in memory."""
    return Deciding(world.database, FakeMirror(*world.mirror.entries.values()))


async def test_a_job_whose_creation_nobody_heard_of_is_made_again_and_its_orphan_ends_after_a_day(tmp_path):
    async with deciding(tmp_path) as world:
        await world.ask(creation(1))  # its answer is lost; the door makes a new id for each request
        began = await started(again(world), 2)
        orphan = await shown(world)
        assert orphan.message == "It waits for its document, and to be started."
        assert [task.id for task in (await world.ask(ListTasks(**OWN))).tasks] == [began.task]
        assert (await world.tick(ahead=START_LIMIT - 60_000), (await shown(world)).stage) == (0, Stage.AWAITING_DATA)
        await world.pass_time(JOB)
        orphan = await shown(world)
        assert (orphan.stage, orphan.message) == (Stage.CANCELED, "It was not started within its time.")
        assert world.told() == []


async def test_a_lost_answer_of_a_user_is_found_out_by_asking_again(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer(), printer(2)) as world:
        door = Deaf(world)
        made = (await door.ask(creation())).job
        assert made.task == JOB  # the same id is the same job
        with pytest.raises(Refused, match="cannot be started again: it is transforming"):
            await door.ask(StartJob(**HERE, task=JOB))
        with pytest.raises(Refused, match="cannot be canceled any more: it is canceled"):
            await door.ask(CancelJob(**HERE, task=JOB))
        async with world.database.reading() as connection:
            assert len((await connection.execute(select(tables.archived))).all()) == 1
        assert door.published == ["NewTask", "ConvertDocument", "UpdateTaskStatus", "EndTask"]


@pytest.mark.parametrize("errand", ["complete", "redirect", "abort"])
async def test_a_lost_answer_of_a_partner_is_found_out_by_asking_again(tmp_path, errand):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,)), printer(2)) as world:
        (hook,) = (await started(world)).hooks
        door = Deaf(world)
        if errand == "complete":
            done = await settle(door, hook, HookState.COMPLETED, "stamped")
            assert (done.state, done.description) == (HookState.COMPLETED, "stamped")
            assert door.published == ["ConvertDocument"]
        elif errand == "redirect":
            with pytest.raises(Refused, match="is over: It was redirected to Paper 2"):
                await door.ask(RedirectJob(**MINE, to=SECOND))
            old, new = await shown(world), await shown(world, leg=2, printer=SECOND.id)
            assert (old.redirected_to.leg, new.redirected_from.leg, new.stage) == (2, 1, Stage.TRANSFORMING)
        else:
            with pytest.raises(Refused, match=r"only while your task is processing, and it is aborted\. No ink"):
                await door.ask(AbortJob(**MINE, reason="No ink."))
            assert (await shown(world)).hooks[0].state is HookState.ABORTED


async def test_a_lost_answer_to_an_application_that_serves_a_printer_is_repeated_without_harm(tmp_path):
    async with deciding(tmp_path, "", printer(served_by="app-1")) as world:
        await started(world)
        door = Deaf(world)
        for state, stage in ((Service.ACKNOWLEDGED, Stage.OUTGOING), (Service.COMPLETED, Stage.COMPLETED)):
            version = (await world.task(JOB)).version
            job = (await door.ask(ServeJob(**MINE, state=state))).job
            assert (job.stage, job.version) == (stage, version + 1)
        assert door.published == ["UpdateTaskStatus", "UpdateTaskStatus", "EndTask"]


@pytest.mark.parametrize("policy", list(HookPolicy))
async def test_the_time_of_a_hook_that_ran_out_while_nobody_decided_acts_at_once(tmp_path, policy):
    async with deciding(tmp_path, "", printer(hooks=(replace(WATERMARKS, on_limit=policy),))) as world:
        await started(world)
        later = again(world)
        assert await later.tick(ahead=WATERMARKS.limit * 800 - 60_000) == 0, "nothing to do before it is reminded"
        await later.overrun()
        await later.pass_time(JOB, valid_until=1)
        job = await shown(later)
        assert "Watermarks did not end its work within its time" in job.message
        assert job.stage is (Stage.ABORTED if policy is HookPolicy.ABORT else Stage.TRANSFORMING)
        assert (job.hooks[0].state, "It was over its time" in job.hooks[0].description) == (HookState.ABORTED, True)
        with pytest.raises(Refused, match=r"The task is aborted already, and stays so\. It was over its time"):
            await settle(later, job.hooks[0], HookState.COMPLETED)


async def test_a_hook_goes_on_when_its_trigger_is_removed_and_no_other_job_is_held(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,))) as world:
        (hook,) = (await started(world)).hooks
        world.mirror.put(printer())
        assert (await started(world, 2)).stage is Stage.TRANSFORMING
        assert (await shown(world)).message.startswith("It waits for Watermarks to do its work, until 20")
        await settle(world, hook, HookState.COMPLETED)
        assert (await shown(world)).stage is Stage.TRANSFORMING


async def test_a_job_at_a_printer_that_was_removed_says_whom_it_waits_for_and_a_partner_can_send_it_on(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,)), printer(2, served_by="app-9"), printer(3)) as world:
        third = PrinterRef(agent=AGENT, id="printer00003", name="Paper 3")
        for number in (1, 2, 3):
            await started(world, number)
        await world.ask(RedirectJob(**{**MINE, "task": request(2).id}, to=SECOND))
        for key in [key for key in world.mirror.entries if "printer00003" not in key and "printer0" in key]:
            del world.mirror.entries[key]
        with pytest.raises(Refused, match="There is no printer of that id"):
            await world.ask(RedirectJob(**MINE, to=SECOND))
        assert (await world.ask(RedirectJob(**MINE, to=third))).job.stage is Stage.TRANSFORMING
        (hook,) = (await shown(world, request(3).id)).hooks
        await settle(world, hook, HookState.COMPLETED)
        await world.report(converted(request(3).id))
        assert [order.printer for order in world.taken("PRINT")] == [HERE["printer"]]  # its agent knows best what it has
        assert (await shown(world, request(3).id)).message == f"It waits for the agent {AGENT} to take it."
        waiting = await shown(world, request(2).id, 2, printer=SECOND.id)
        assert waiting.message.startswith("It waits for the application that serves Paper 2 to fetch it, until 20")


async def test_a_job_for_an_agent_that_is_away_is_offered_again_and_again(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,)), printer(2)) as world:
        await started(world)
        await world.ask(RedirectJob(**MINE, to=SECOND))
        await world.report(converted(JOB))
        job = await shown(world, leg=2, printer=SECOND.id)
        assert (job.stage, job.acquired, job.message) == (Stage.FETCHABLE, False, f"It waits for the agent {AGENT} to take it.")
        world.taken("PRINT")
        await world.pass_time(JOB, valid_until=1)  # six days
        assert world.told("PRINT") == ["WithdrawTask"]
        assert (await shown(world, leg=2, printer=SECOND.id)).stage is Stage.FETCHABLE


@pytest.mark.parametrize("way", ["start", "submit", "redirect", "release"])
async def test_a_job_that_its_application_never_fetches_ends_and_says_so(tmp_path, way):
    served = replace(printer(2), served_by="app-9")
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,)), served) as world:
        if way == "submit":
            await world.submit(submission(request(1, printer=SECOND, created_at=now())))
        elif way == "start":
            await started(world, printer=SECOND)
        elif way == "redirect":
            await started(world)
            await world.ask(RedirectJob(**MINE, to=SECOND))
        else:
            world.mirror.put(printer())
            await world.submit(submission(request(1, hold=True, created_at=now())))
            await world.report(converted(JOB))
            await world.ask(ReleaseTask(**OWN, task=JOB, printer=SECOND))
        task = await world.task(JOB)
        if task.stage is not Stage.FETCHABLE:
            await world.report(converted(JOB, task.conversions))
        task = await world.task(JOB)
        assert task.stage is Stage.FETCHABLE
        assert abs(task.expires_at - task.fetchable_at - HOLD_LIMIT * 1000) < 60_000
        world.taken()
        await world.pass_time(JOB)
        over = await world.task(JOB)
        assert (over.stage, over.reason) == (Stage.CANCELED, Reason.EXPIRED)
        assert over.message == "The application that serves Paper 2 did not fetch it within its time."
        assert world.told() == ["UpdateTaskStatus", "EndTask"]


async def test_a_job_that_an_application_has_and_says_nothing_of_can_be_canceled(tmp_path):
    async with deciding(tmp_path, "", printer(served_by="app-1")) as world:
        await started(world)
        await world.ask(ServeJob(**MINE, state=Service.ACKNOWLEDGED))
        job = await shown(world)
        assert job.message == "The application that serves Paper has it, and did not say yet that it prints."
        assert (await world.tick(ahead=30 * 86_400_000), (await shown(world)).stage) == (0, Stage.OUTGOING)
        assert (await world.ask(CancelJob(**HERE, task=JOB))).job.stage is Stage.CANCELED
