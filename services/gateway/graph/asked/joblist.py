"""Lists of a printer's jobs: walks along the spooler's index, page by page, with what the index cannot answer looked at here."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.jobs import JobList, JobView, ListJobs
from services.gateway.graph.asked.jobfilter import Split, split
from services.gateway.graph.asked.place import Spot
from services.gateway.graph.call import Call, Collection
from services.gateway.graph.entities.job import expanded, job_entity, wants_tasks
from services.gateway.graph.odata.matching import holds
from services.gateway.graph.odata.paging import foreign
from services.gateway.graph.odata.query import Query
from services.gateway.graph.problem import bad

CONTEXT = "print/printers('{}')/jobs"
#: Jobs that are looked at in one question, and the questions of one page: then it ends early, and its link goes on.
STEP = 250
QUESTIONS = 20

_TOKEN = re.compile(r"(\d{1,9})~(\d{1,9})~(.{0,500})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this job of the index, so many behind it, and how many matches are still to be skipped."""

    after: str = ""
    offset: int = 0
    skip: int = 0

    @property
    def token(self) -> str:
        return f"{self.offset}~{self.skip}~{self.after}"


def place_of(query: Query) -> Place:
    """Where the page begins that is asked for. Raises `Problem` 400."""
    if not query.skiptoken:
        return Place(skip=query.skip)
    found = _TOKEN.fullmatch(query.skiptoken)
    if found is None:
        raise foreign()
    return Place(found[3], int(found[1]), int(found[2]))


async def listed(call: Call, printer: Spot) -> Collection:
    """A page of the jobs of a printer. Raises `Problem` 400 for an order that there is no index for."""
    query = call.query
    ascending = _ascending(query)
    parts = split(query.filter, call.who.own_jobs_only)
    context = CONTEXT.format(printer.id)
    if parts.nothing or not query.page:
        count = 0 if parts.nothing else await _number(call, printer, parts) if query.count else None
        return Collection([], context, applied=True, count=count)
    walk = _Walk(call, printer, parts, ascending=ascending)
    jobs, place = await (walk.matching() if parts.rest else walk.page())
    entities = await expanded(call, jobs, query)
    return Collection(entities, context, applied=True, skiptoken=place.token if place else "", count=walk.count)


def _ascending(query: Query) -> bool:
    if not query.orderby:
        return False
    (path, descending), *more = query.orderby
    if path.lower() != "createddatetime" or more:
        raise bad("The option $orderby is createdDateTime, or createdDateTime desc: jobs have no other order.", "$orderby")
    return not descending


async def _number(call: Call, printer: Spot, parts: Split) -> int | None:
    walk = _Walk(call, printer, parts, ascending=False)
    if parts.rest:
        await walk.matching()
    else:
        await walk.ask(Place(), 1)
    return walk.count


class _Walk:
    """One page. `count` is known after it, if it was wanted and could be found out."""

    def __init__(self, call: Call, printer: Spot, parts: Split, *, ascending: bool) -> None:
        self._call = call
        self._printer = printer
        self._parts = parts
        self._ascending = ascending
        self._tasks = wants_tasks(call.query)
        self.count: int | None = None

    async def page(self) -> tuple[Sequence[JobView], Place | None]:
        """Where the index answers everything."""
        begin = place_of(self._call.query)
        found = await self.ask(Place(begin.after, begin.offset + begin.skip), self._call.query.page)
        self.count = found.count
        return found.jobs, Place(found.next) if found.next else None

    async def matching(self) -> tuple[Sequence[JobView], Place | None]:
        """Where jobs must be looked at: those that match up to a page of them, and where to go on."""
        page: list[JobView] = []
        place = place_of(self._call.query)
        skip, matches, whole = place.skip, 0, not self._call.query.skiptoken
        end: Place | None = None
        for _ in range(QUESTIONS):
            found = await self.ask(place, STEP)
            for at, job in await asyncio.to_thread(self._matching, found.jobs):
                matches += 1
                if len(page) < self._call.query.page and matches > skip:
                    page.append(job)
                elif matches > skip and not end:
                    end = Place(place.after, place.offset + at)
            if not found.next:
                self.count = matches if whole else None
                return page, end
            place = Place(found.next)
            if end and not self._call.query.count:
                return page, end
        return page, end or Place(place.after, 0, max(0, skip - matches))

    async def ask(self, place: Place, limit: int) -> JobList:
        """So many jobs from a place on."""
        question = ListJobs(
            region=self._call.gateway.region,
            tenant=self._call.who.tenant,
            agent=self._printer.agent,
            printer=self._printer.device,
            wanted=self._parts.wanted,
            after=place.after,
            offset=place.offset,
            limit=limit,
            ascending=self._ascending,
            count=self._call.query.count and self._parts.rest is None,
            hooks=self._tasks,
        )
        found: JobList = await self._call.ask(question)
        self.count = found.count
        return found

    def _matching(self, jobs: Sequence[JobView]) -> list[tuple[int, JobView]]:
        """Those that match, each with its number; in a thread, because the filter may be a long one."""
        base, beta, rest = self._call.base, self._call.beta, self._parts.rest
        return [(at, job) for at, job in enumerate(jobs) if rest is None or holds(rest, job_entity(job, base, beta=beta))]
