"""What doors ask about jobs and hooks: lists, and one of each."""

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.hooks import GetHook, HookAnswer, HookList, ListHooks, SettleHook
from libs.contracts.jobs import GetJob, JobAnswer, JobList, JobView, ListJobs
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.database import Database
from services.spooler import hooks, store
from services.spooler.desk import Desk
from services.spooler.hooks import Work
from services.spooler.horizon import Horizon
from services.spooler.jobs import legs, listing, views
from services.spooler.jobs.finding import find
from services.spooler.jobs.listing import Mark


class JobQuestions:
    """Answers from a look that blocks nobody, after everything that was submitted before the question."""

    def __init__(self, database: Database, horizon: Horizon, desk: Desk) -> None:
        self._database = database
        self._horizon = horizon
        self._desk = desk

    async def list_jobs(self, query: ListJobs) -> JobList:
        """Jobs of a printer, page by page; counted with the first page, as each count walks past them all."""
        await self._horizon.reach()
        async with self._database.reading() as connection:
            found = await listing.marks(connection, query)
            page = found[: query.limit]
            shown = await self._shown(connection, page, hooked=query.hooks)
            count = await listing.count(connection, query) if query.count and not query.after else None
        more = len(found) > query.limit and bool(page)
        return JobList(jobs=tuple(shown), next=page[-1].text if more else "", count=count)

    async def get_job(self, query: GetJob) -> JobAnswer:
        """One job, also one that was redirected."""
        await self._horizon.reach(query.task)
        async with self._database.reading() as connection:
            found = await find(connection, query, query.user)
            if not isinstance(found, JobView):
                (job,) = await views.jobs(connection, self._desk, [found], hooked=query.hooks)
                return JobAnswer(job=job)
            works = await views.hooks_of(connection, [(found.task, found.leg)]) if query.hooks else {}
            return JobAnswer(job=views.with_hooks(found, works.get((found.task, found.leg), ())))

    async def _shown(self, connection: AsyncConnection, page: list[Mark], *, hooked: bool) -> list[JobView]:
        tasks = await store.load(connection, (mark.task for mark in page if not mark.over))
        present = {job.task: job for job in await views.jobs(connection, self._desk, list(tasks.values()), hooked=hooked)}
        over = await legs.load(connection, [(mark.task, mark.leg) for mark in page if mark.over])
        if hooked and over:
            works = await views.hooks_of(connection, over)
            over = {key: views.with_hooks(job, works.get(key, ())) for key, job in over.items()}
        return [over[mark.task, mark.leg] if mark.over else present[mark.task] for mark in page]

    async def list_hooks(self, query: ListHooks) -> HookList:
        """Hooks of a definition, or of a leg."""
        async with self._database.reading() as connection:
            if query.task:
                found = [work for work in await hooks.of_leg(connection, query.task, query.leg) if work.tenant == query.tenant]
                return _page(found[query.offset :], query.limit)
            found = await hooks.of_definition(
                connection,
                tenant=query.tenant,
                app=query.app,
                definition=query.definition,
                offset=query.offset,
                limit=query.limit + 1,
            )
        return _page(found, query.limit)

    async def get_hook(self, query: GetHook) -> HookAnswer:
        """One hook of a definition of this application."""
        async with self._database.reading() as connection:
            return HookAnswer(hook=whose(await hooks.of_id(connection, query.hook), query).view())


def whose(work: Work | None, query: GetHook | SettleHook) -> Work:
    """The hook, when it is of that definition and application. Raises `Refused` as if it were not there."""
    if work is None or (work.tenant, work.app, work.definition) != (query.tenant, query.app, query.definition):
        raise Refused(Code.NOT_FOUND, f"There is no task {query.hook[:64]} of this definition.")
    return work


def _page(found: list[Work], limit: int) -> HookList:
    return HookList(hooks=tuple(work.view() for work in found[:limit]), more=len(found) > limit)
