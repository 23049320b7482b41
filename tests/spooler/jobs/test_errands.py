"""Partners' applications work on jobs while their own hooks are processing, and their definitions say what becomes of the rest."""

from dataclasses import replace

import pytest

from libs.contracts.documents import Document, Format, Inline
from libs.contracts.hooks import GetHook, HookPolicy, HookState, ListHooks
from libs.contracts.ids import guid
from libs.contracts.jobs import AbortJob, CancelJob, ConfigureJob, ListJobs, LocateDocument, RedirectJob
from libs.contracts.queries import CancelTask, Code, ListTasks, ReleaseTask
from libs.contracts.states import Reason, Stage, Status
from libs.contracts.tasks import PrinterRef
from libs.contracts.tickets import ColorMode, Ticket
from libs.runtime.bus import Refused
from services.spooler.jobs.errands import MOST_LEGS
from tests.spooler.deciding import deciding, printer
from tests.spooler.jobs.asking import ACCOUNTING, ADA, HERE, JOB, WATERMARKS, creation, settle, shown, started
from tests.spooler.making import AGENT, PRINTER, converted, request, submission

OWN = {"region": "local", "tenant": "main", "sn": AGENT}
SECOND = PrinterRef(agent=AGENT, id="printer00002", name="Paper 2")
MINE = {**HERE, "task": JOB, "leg": 1, "app": "app-1"}
GREY = Ticket(color=ColorMode.MONOCHROME)


async def test_hooks_work_one_after_the_other_before_anything_is_converted(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer(hooks=(WATERMARKS, ACCOUNTING))) as world:
        job = await started(world)
        first, second = job.hooks
        assert (job.stage, first.id, first.state, second.state) == (
            Stage.HOOKED, guid("hook", JOB, "1", "trigger-1"), HookState.PROCESSING, HookState.PENDING,
        )  # fmt: skip
        assert (first.until - first.created_at, second.until) == (3_600_000, 0)
        new, hooked = world.taken()
        assert (new.kind, hooked.kind, hooked.hook, hooked.id) == ("NewTask", "TaskHooked", first, f"{first.id}:hooked")
        with pytest.raises(Refused, match="The task is pending: another one works on this job first"):
            await settle(world, second, HookState.COMPLETED)
        assert (await settle(world, first, HookState.PROCESSING, "half of it")).description == "half of it"
        done = await settle(world, first, HookState.COMPLETED, "stamped")
        assert (done.state, done.description, done.ended_at > 0) == (HookState.COMPLETED, "stamped", True)
        assert (await settle(world, first, HookState.COMPLETED)) == done
        with pytest.raises(Refused, match="The task is completed already, and stays so"):
            await settle(world, first, HookState.ABORTED)
        (told,) = world.taken()
        assert (told.kind, told.hook.id, told.hook.state) == ("TaskHooked", second.id, HookState.PROCESSING)
        assert (await shown(world)).message.startswith("It waits for Accounting to do its work, until 20")
        assert world.taken("CONVERT") == []
        await settle(world, second, HookState.COMPLETED)
        assert ((await shown(world)).stage, [order.task for order in world.taken("CONVERT")]) == (Stage.TRANSFORMING, [JOB])
        await world.report(converted(JOB))
        assert [order.task for order in world.taken("PRINT")] == [JOB]


async def test_tasks_of_every_door_are_hooked_and_keep_their_place_and_hold_nobody(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,))) as world:
        raw = request(1, document=Document(Format.ZPL, Inline(b"^XA^XZ")))
        held = request(2, hold=True, created_at=1 << 41)
        later = request(3, start_at=1 << 41)
        await world.submit(submission(raw, held, later))
        world.mirror.put(printer())
        await world.submit(submission(request(4)))
        await world.report(converted(request(4).id))
        assert [order.task for order in world.taken("PRINT")] == [request(4).id]
        world.taken("CONVERT")
        hooks = {}
        for each in (raw, held, later):
            job = await shown(world, each.id)
            assert (job.stage, job.user) == (Stage.HOOKED, None)
            hooks[each.id] = job.hooks[0]
        with pytest.raises(Refused, match=r"cannot be released yet\. It waits for Watermarks"):
            await world.ask(ReleaseTask(**OWN, task=held.id, printer=SECOND))
        for hook in hooks.values():
            await settle(world, hook, HookState.COMPLETED)
        assert [(order.task, order.finish) for order in world.taken("CONVERT")] == [
            (raw.id, True), (held.id, False), (later.id, True),
        ]  # fmt: skip
        await world.report(converted(raw.id), converted(held.id), converted(later.id))
        stages = [(await shown(world, each.id)).stage for each in (raw, held, later)]
        assert stages == [Stage.FETCHABLE, Stage.RELEASE_WAIT, Stage.HELD]
        statuses = {task.id: task.status for task in (await world.ask(ListTasks(**OWN, stages=(Stage.RELEASE_WAIT,)))).tasks}
        assert statuses == {held.id: Status.QUEUED}


async def test_what_is_released_passes_the_hooks_of_its_printer_and_its_status_does_not_go_back(tmp_path, database_url):
    hooked = replace(printer(2), hooks=(WATERMARKS,))
    async with deciding(tmp_path, database_url, printer(), hooked) as world:
        held = request(1, hold=True, created_at=1 << 41)
        await world.submit(submission(held))
        await world.report(converted(JOB))
        world.taken()
        released = (await world.ask(ReleaseTask(**OWN, task=JOB, printer=SECOND))).task
        assert (released.stage, released.status, released.printer) == (Stage.HOOKED, Status.QUEUED, SECOND.id)
        assert world.told() == ["TaskHooked"]
        listed = (await world.ask(ListTasks(**OWN, stages=(Stage.HOOKED,)))).tasks
        assert [task.id for task in listed] == [JOB]
        world.taken("CONVERT")
        there = await shown(world, printer=SECOND.id)
        await settle(world, there.hooks[0], HookState.COMPLETED)
        (order,) = world.taken("CONVERT")
        assert (order.finish, order.document.content) == (True, Inline(b"%PDF"))
        assert (await shown(world, printer=SECOND.id)).stage is Stage.FINISHING
        await world.report(converted(JOB, attempt=2))
        assert world.told() == ["TaskFetchable"]
        assert [order.printer for order in world.taken("PRINT")] == [SECOND.id]


async def test_a_partner_is_reminded_once_before_its_time_is_over(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(replace(WATERMARKS, limit=600), ACCOUNTING))) as world:
        hook, _ = (await started(world)).hooks
        before = await world.task(JOB)
        assert 479_000 <= before.valid_until - hook.created_at <= 481_000, "after four fifths"
        world.published.clear()
        await world.pass_time(JOB, valid_until=1)
        ((_, event),) = world.published
        assert (event.kind, event.occasion, event.id) == ("TaskHooked", "reminder", f"{hook.id}:reminder")
        assert (event.hook.id, event.hook.until, event.hook.state) == (hook.id, hook.until, HookState.PROCESSING)
        after = await world.task(JOB)
        assert (after.stage, after.message) == (Stage.HOOKED, before.message)
        assert (after.valid_until, after.due_at) == (hook.until, hook.until)
        world.published.clear()
        await settle(world, hook, HookState.COMPLETED)
        ((_, event),) = world.published
        assert (event.hook.app, event.occasion) == ("app-2", "hooked"), "the next one has its own time"
        await world.overrun()
        await world.pass_time(JOB, valid_until=1)
        assert (await shown(world)).stage is Stage.ABORTED
        assert "reminder" not in [getattr(event, "occasion", "") for _, event in world.published]


@pytest.mark.parametrize(("limit", "reminded"), [(119, 119), (120, 60), (200, 140), (300, 240), (3600, 2880)])
async def test_a_reminder_leaves_a_minute_or_is_none(tmp_path, limit, reminded):
    async with deciding(tmp_path, "", printer(hooks=(replace(WATERMARKS, limit=limit),))) as world:
        (hook,) = (await started(world)).hooks
        assert (await world.task(JOB)).valid_until == hook.until - (limit - reminded) * 1000


@pytest.mark.parametrize("cause", ["abort", "limit"])
@pytest.mark.parametrize("policy", HookPolicy)
async def test_a_hook_that_fails_follows_what_its_definition_says(tmp_path, cause, policy):
    hook = replace(WATERMARKS, on_abort=policy, on_limit=policy, limit=0 if cause == "limit" else 60)
    async with deciding(tmp_path, "", printer(hooks=(hook,))) as world:
        job = await started(world)
        if cause == "abort":
            await settle(world, job.hooks[0], HookState.ABORTED, "No ink for marks.")
            assert await world.tick() == 0
        else:
            assert await world.tick() == 1
        after = await shown(world)
        assert after.hooks[0].state is HookState.ABORTED
        if cause == "limit":
            assert after.hooks[0].description.startswith("It was over its time, 0 s: the job ")
        else:
            assert after.hooks[0].description == "No ink for marks."
        if policy is HookPolicy.ABORT:
            expected = "No ink for marks." if cause == "abort" else "Watermarks did not end its work within its time."
            assert (after.stage, after.reason, after.message) == (Stage.ABORTED, Reason.ABORTED_BY_SYSTEM, expected)
            assert world.told()[-1] == "EndTask"
        else:
            assert after.stage is Stage.TRANSFORMING
            assert after.message.endswith("so it goes on unchanged.")
            assert [order.task for order in world.taken("CONVERT")] == [JOB]


@pytest.mark.parametrize("how", ["CancelJob", "CancelTask", "expired", "abort"])
async def test_hooks_end_with_their_job(tmp_path, how):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS, ACCOUNTING))) as world:
        job = await started(world)
        if how == "expired":
            await world.pass_time(JOB)
        else:
            abort = AbortJob(**MINE, reason="Not allowed.")
            await world.ask({"CancelJob": CancelJob(**HERE, task=JOB), "CancelTask": CancelTask(**OWN, task=JOB)}.get(how, abort))
        over = await shown(world)
        assert over.stage is (Stage.ABORTED if how == "abort" else Stage.CANCELED)
        assert [hook.state for hook in over.hooks] == [HookState.ABORTED, HookState.ABORTED]
        assert all(hook.description and hook.ended_at for hook in over.hooks)
        if how == "abort":
            assert (over.message, over.hooks[0].description) == ("Not allowed.", "Not allowed.")
        with pytest.raises(Refused, match="The task is aborted already"):
            await settle(world, job.hooks[0], HookState.COMPLETED)
        assert world.taken("CONVERT") == []


async def test_a_ticket_changes_only_while_the_own_hook_is_processing(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS, ACCOUNTING))) as world:
        change = ConfigureJob(**MINE, ticket=GREY, configuration='{"colorMode": "grayscale"}')
        await world.ask(creation())
        for app, code in (("app-1", Code.CONFLICT), ("stranger", Code.FORBIDDEN)):
            with pytest.raises(Refused) as no:
                await world.ask(replace(change, app=app))
            assert no.value.code is code
        job = await started(world)
        version = job.version
        changed = (await world.ask(change)).job
        assert (changed.ticket, changed.configuration) == (GREY, '{"colorMode": "grayscale"}')
        assert changed.version > version
        with pytest.raises(Refused, match="is worked on by Watermarks now") as no:
            await world.ask(replace(change, app="app-2"))
        assert no.value.code is Code.CONFLICT
        await settle(world, job.hooks[0], HookState.COMPLETED)
        with pytest.raises(Refused, match="is worked on by Accounting now"):
            await world.ask(change)
        await settle(world, job.hooks[1], HookState.COMPLETED)
        assert [order.ticket for order in world.taken("CONVERT")] == [GREY]
        for command in (change, AbortJob(**MINE), RedirectJob(**MINE, to=SECOND)):
            with pytest.raises(Refused, match="only while your task is processing, and it is transforming") as no:
                await world.ask(command)
            assert no.value.code is Code.CONFLICT
            with pytest.raises(Refused) as no:
                await world.ask(replace(command, app="stranger"))
            assert no.value.code is Code.FORBIDDEN


async def test_a_redirected_job_is_another_leg_of_the_same_task(tmp_path, database_url):
    queue = printer(hooks=(WATERMARKS, ACCOUNTING))
    async with deciding(tmp_path, database_url, queue, replace(printer(2), hooks=(ACCOUNTING,))) as world:
        job = await started(world)
        world.taken()
        to = (await world.ask(RedirectJob(**MINE, to=SECOND, ticket=GREY, configuration="{}"))).job
        assert (to.task, to.leg, to.printer, to.user, to.sn) == (JOB, 2, SECOND.id, ADA, AGENT)
        assert (to.ticket, to.configuration, to.document) == (GREY, "{}", job.document)
        assert (to.redirected_from.printer, to.redirected_from.leg, to.stage) == (PRINTER, 1, Stage.HOOKED)
        assert [(hook.app, hook.leg, hook.state) for hook in to.hooks] == [("app-2", 2, HookState.PROCESSING)]
        old = await shown(world)
        assert (old.stage, old.reason, old.message) == (
            Stage.COMPLETED, Reason.JOB_COMPLETED_SUCCESSFULLY, "It was redirected to Paper 2.",
        )  # fmt: skip
        assert (old.redirected_to.printer, old.redirected_to.leg, old.ticket, old.ended_at > 0) == (SECOND.id, 2, Ticket(), True)
        assert [hook.state for hook in old.hooks] == [HookState.COMPLETED, HookState.ABORTED]
        assert (await world.ask(LocateDocument(**HERE, task=JOB))).content == Inline(b"%PDF-1.7")
        for command in (ConfigureJob(**MINE, ticket=GREY), CancelJob(**HERE, task=JOB)):
            with pytest.raises(Refused, match="is over: It was redirected to Paper 2"):
                await world.ask(command)
        assert [task.id for task in (await world.ask(ListTasks(**OWN))).tasks] == [JOB]
        assert world.told() == ["TaskHooked"]
        await settle(world, to.hooks[0], HookState.COMPLETED)
        (order,) = world.taken("CONVERT")
        assert (order.document.content, order.ticket) == (Inline(b"%PDF-1.7"), GREY)
        await world.report(converted(JOB))
        assert [order.printer for order in world.taken("PRINT")] == [SECOND.id]
        assert [job.leg for job in (await world.ask(ListJobs(**HERE))).jobs] == [1]
        there = await world.ask(ListJobs(**{**HERE, "printer": SECOND.id}))
        assert [(job.leg, job.redirected_from.leg) for job in there.jobs] == [(2, 1)]


async def test_a_loop_of_redirects_comes_to_an_end(tmp_path):
    there = replace(WATERMARKS, trigger="trigger-9")
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,)), replace(printer(2), hooks=(there,))) as world:
        await started(world)
        places = (PrinterRef(agent=AGENT, id=PRINTER, name="Paper"), SECOND)
        for leg in range(1, MOST_LEGS):
            to = (await world.ask(RedirectJob(**{**MINE, "leg": leg, "printer": places[leg % 2 - 1].id}, to=places[leg % 2]))).job
            assert to.leg == leg + 1
        with pytest.raises(Refused, match="was redirected 9 times: it goes no further") as no:
            await world.ask(RedirectJob(**{**MINE, "leg": MOST_LEGS, "printer": SECOND.id}, to=places[0]))
        assert no.value.code is Code.CONFLICT
        here = await world.ask(ListJobs(**HERE, count=True))
        assert ([job.leg for job in here.jobs], here.count) == ([9, 7, 5, 3, 1], 5)
        first = await world.ask(ListJobs(**HERE, count=True, limit=2))
        more = await world.ask(ListJobs(**HERE, count=True, after=first.next))
        assert (first.count, [job.leg for job in more.jobs], more.count) == (5, [5, 3, 1], None)
        assert len((await world.ask(ListTasks(**OWN))).tasks) == 1


async def test_a_job_goes_only_to_a_printer_of_its_tenant_that_takes_it(tmp_path):
    elsewhere = replace(printer(2), tenant="other")
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,)), elsewhere) as world:
        await started(world, document=Document(Format.ZPL, Inline(b"^XA^XZ")))
        for to in (SECOND, PrinterRef(agent=AGENT, id="nowhere", name="Nowhere")):
            with pytest.raises(Refused, match="There is no printer") as no:
                await world.ask(RedirectJob(**MINE, to=to))
            assert no.value.code is Code.NOT_FOUND
        world.mirror.put(printer(2))
        with pytest.raises(Refused, match="ZPL goes to the printer untouched, and Paper 2 does not take it"):
            await world.ask(RedirectJob(**MINE, to=SECOND))
        assert (await shown(world)).stage is Stage.HOOKED
        world.mirror.put(printer(2, formats=("application/octet-stream",)))
        assert (await world.ask(RedirectJob(**MINE, to=SECOND))).job.stage is Stage.TRANSFORMING


async def test_a_pull_queue_gives_a_job_to_a_real_printer_and_holds_what_comes_to_it(tmp_path):
    queue = printer(virtual=True, hooks=(WATERMARKS,))
    async with deciding(tmp_path, "", queue, printer(2)) as world:
        await started(world)
        assert (await world.task(JOB)).hold
        to = (await world.ask(RedirectJob(**MINE, to=SECOND))).job
        assert (to.stage, (await world.task(JOB)).hold, (await world.task(JOB)).expires_at) == (Stage.TRANSFORMING, False, 0)
        assert [order.finish for order in world.taken("CONVERT")] == [True]


async def test_hooks_of_a_definition_are_its_applications_own_newest_first_and_gone_with_their_tasks(tmp_path):
    async with deciding(tmp_path, "", printer(hooks=(WATERMARKS,))) as world:
        for number in (1, 2, 3):
            await started(world, number)
        mine = ListHooks(region="local", tenant="main", app="app-1", definition="definition-1", limit=2)
        page = await world.ask(mine)
        rest = await world.ask(replace(mine, offset=2))
        assert (len(page.hooks), page.more, len(rest.hooks), rest.more) == (2, True, 1, False)
        assert {hook.task for hook in (*page.hooks, *rest.hooks)} == {request(number).id for number in (1, 2, 3)}
        for other in (replace(mine, app="app-2"), replace(mine, tenant="other"), replace(mine, definition="another")):
            assert (await world.ask(other)).hooks == ()
        hook = page.hooks[0]
        of_leg = await world.ask(ListHooks(region="local", tenant="main", task=hook.task, leg=1))
        assert of_leg.hooks == (hook,)
        get = GetHook(region="local", tenant="main", app="app-1", definition="definition-1", hook=hook.id)
        assert (await world.ask(get)).hook == hook
        for other in (replace(get, app="app-2"), replace(get, definition="another"), replace(get, hook="none")):
            with pytest.raises(Refused, match="There is no task") as no:
                await world.ask(other)
            assert no.value.code is Code.NOT_FOUND
        with pytest.raises(Refused, match="cannot become pending"):
            await settle(world, hook, HookState.PENDING)
        await world.ask(RedirectJob(**{**MINE, "task": hook.task}, to=PrinterRef(agent=AGENT, id=PRINTER, name="Paper")))
        await world.ask(CancelTask(**OWN, task=hook.task))
        assert await world.forget() == 1
        assert len((await world.ask(replace(mine, limit=10))).hooks) == 2
        assert hook.task not in {job.task for job in (await world.ask(ListJobs(**HERE))).jobs}
