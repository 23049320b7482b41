"""What an application does to a job on which its hook works: another ticket, an end, another printer, or done."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.directory import DeviceEntry
from libs.contracts.documents import RAW_FORMATS
from libs.contracts.hooks import HookAnswer, HookPolicy, HookState, SettleHook
from libs.contracts.jobs import AbortJob, ConfigureJob, JobAnswer, JobRef, RedirectJob
from libs.contracts.queries import Code
from libs.contracts.states import IPP, Stage
from libs.runtime.bus import Refused
from services.spooler import hooks, materials
from services.spooler.hooks import Work
from services.spooler.jobs import legs, views
from services.spooler.jobs.acting import Acting
from services.spooler.jobs.finding import how, named
from services.spooler.jobs.questions import whose
from services.spooler.materials import Kept
from services.spooler.round import Round
from services.spooler.task import Abort, Redirect, Task

#: A task goes to so many printers and no further: partners that send it to each other would never end.
MOST_LEGS = 10

Errand = ConfigureJob | AbortJob | RedirectJob
Act = Callable[[Round, AsyncConnection, Task, Work], Awaitable[object]]


class Errands:
    """Commands of partner applications, as long as their own hook is at work."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._desk = acting.desk

    async def configure_job(self, query: ConfigureJob) -> JobAnswer:
        """Another ticket."""

        async def configure(turn: Round, _: AsyncConnection, task: Task, __: Work) -> None:
            request = await turn.request(task.id)
            await turn.keep_request(replace(request, ticket=query.ticket, configuration=query.configuration))

        return await self._on_own(query, configure)

    async def abort_job(self, query: AbortJob) -> JobAnswer:
        """An end."""

        async def abort(turn: Round, _: AsyncConnection, task: Task, work: Work) -> None:
            sentence = query.reason or f"{work.who} aborted it."
            turn.partners.end(work, HookState.ABORTED, sentence)
            turn.tell(task.id, Abort(sentence))

        return await self._on_own(query, abort)

    async def redirect_job(self, query: RedirectJob) -> JobAnswer:
        """Another printer: this leg is over, the next one begins."""

        async def redirect(turn: Round, connection: AsyncConnection, task: Task, work: Work) -> None:
            if task.leg >= MOST_LEGS:
                raise Refused(Code.CONFLICT, f"{named(query)} was redirected {MOST_LEGS - 1} times: it goes no further.")
            kept = (await materials.kept(connection, [task.id]))[task.id]
            entry = self._destination(query, kept)
            await self._leave(turn, connection, task, work, query)
            request = replace(kept.request, printer=query.to, hold=entry.device.virtual)
            if query.ticket is not None:
                request = replace(request, ticket=query.ticket, configuration=query.configuration)
            await materials.keep_request(connection, request)
            hold, now = entry.device.virtual, int(time.time() * 1000)
            expires_at = self._desk.expiry(now, request.expires_at, hold=hold, served=entry.served_by)
            turn.tell(task.id, Redirect(query.to, entry.device.unknown, entry.served_by, hold, expires_at))
            turn.accept(task.id, request, kept.media_type)

        return await self._on_own(query, redirect)

    def _destination(self, query: RedirectJob, kept: Kept) -> DeviceEntry:
        entry = self._desk.printers.entry(query.to.agent, query.to.id)
        if entry is None or entry.tenant != query.tenant:
            raise Refused(Code.NOT_FOUND, "There is no printer of that id: name one of this tenant.")
        document = kept.request.document
        if document.format in RAW_FORMATS and not self._desk.printers.takes(query.to.agent, query.to.id, document, kept.media_type):
            sentence = f"{document.format.value} goes to the printer untouched, and {entry.device.name} does not take it"
            raise Refused(Code.CONFLICT, f"{named(query)} cannot go there: {sentence}.")
        return entry

    async def _leave(self, turn: Round, connection: AsyncConnection, task: Task, work: Work, query: RedirectJob) -> None:
        sentence = f"It was redirected to {query.to.name}."
        turn.partners.end(work, HookState.COMPLETED, f"{named(query)} was redirected to {query.to.name}.")
        turn.partners.end_all(task, f"{named(query)} was redirected to {query.to.name} before its turn.")
        shown = (await views.jobs(connection, self._desk, [task]))[0]
        over = replace(
            shown,
            stage=Stage.COMPLETED,
            reason=IPP[Stage.COMPLETED][1].value,
            message=sentence,
            ended_at=int(time.time() * 1000),
            redirected_to=JobRef(agent=query.to.agent, printer=query.to.id, task=task.id, leg=task.leg + 1),
            version=task.version + 1,
        )
        await legs.add(connection, task, over)

    async def _on_own(self, query: Errand, act: Act) -> JobAnswer:
        async def change(turn: Round, connection: AsyncConnection, task: Task) -> None:
            await turn.partners.load([task.id])
            work = turn.partners.current(task) if task.stage is Stage.HOOKED else None
            if work is None or work.app != query.app:
                raise await self._no(connection, query, task, work)
            await act(turn, connection, task, work)

        return await self._acting.on_job(query, change)

    async def _no(self, connection: AsyncConnection, query: Errand, task: Task, work: Work | None) -> Refused:
        """Why this application may not: its turn is over or has not come, or it has no business with this job at all."""
        entry = self._desk.printers.entry(task.agent, task.printer)
        known = {each.app for each in await hooks.of_leg(connection, task.id, task.leg)}
        if not task.started:
            known |= {each.app for each in (entry.hooks if entry else ())}
        if query.app not in known:
            return Refused(Code.FORBIDDEN, f"{named(query)} is not worked on by a task of this application.")
        if work:
            return Refused(Code.CONFLICT, f"{named(query)} is worked on by {work.who} now: wait for your turn, or it is over.")
        return Refused(Code.CONFLICT, f"{named(query)} can be changed only while your task is processing, and {how(task)}")

    async def settle_hook(self, query: SettleHook) -> HookAnswer:
        """How far the work is; when it is done, the task goes on."""
        if query.state is HookState.PENDING:
            raise Refused(Code.BAD_REQUEST, "A task cannot become pending: write processing, completed or aborted.")

        async def settle(turn: Round, connection: AsyncConnection) -> str:
            work = whose(await hooks.of_id(connection, query.hook), query)
            if work.state is not query.state and work.state is not HookState.PROCESSING:
                raise Refused(Code.CONFLICT, _settled(work))
            await turn.load([work.task])
            await turn.partners.load([work.task])
            turn.partners.take(work)
            if work.state is query.state:
                turn.partners.describe(work, query.description)
            else:
                await self._end(turn, work, query)
            return work.id

        async def answer(turn: Round, _: AsyncConnection, hook: str) -> HookAnswer:
            return HookAnswer(hook=turn.partners.get(hook).view())

        return await self._acting.within(settle, answer)

    @staticmethod
    async def _end(turn: Round, work: Work, query: SettleHook) -> None:
        turn.partners.end(work, query.state, query.description)
        if query.state is HookState.COMPLETED:
            await turn.unhook(work.task)
        elif work.on_abort is HookPolicy.ABORT:
            turn.tell(work.task, Abort(query.description or f"{work.who} gave up its work."))
        else:
            await turn.unhook(work.task, f"{work.who} gave up its work, so it goes on unchanged.")


def _settled(work: Work) -> str:
    if work.state is HookState.PENDING:
        return "The task is pending: another one works on this job first."
    return f"The task is {work.state.value} already, and stays so. {work.description}".rstrip()
