"""Usage reports: by printer and by user, of days and of months; jobs that are over (graph-print.md 1.11)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from libs.contracts.fleet import GetPrinter, PrinterAnswer
from libs.contracts.people import GetUser, GroupList, ListGroups, ListUsers, UserAnswer, UserList, UserView
from libs.contracts.queries import Code
from libs.contracts.usage import ArchivedJob, ArchivedJobs, ListArchivedJobs, ListUsage, Span, UsageBy, UsageList, UsageView
from libs.runtime.bus import Refused
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.usage import archived_entity, dates_of, usage_entity, whose_usage
from services.gateway.graph.odata.paging import offset_of
from services.gateway.graph.problem import bad, missing
from services.gateway.graph.words.moments import milliseconds

#: How many rows are asked for at a time where all are needed, and how many there may be.
STEP, MOST = 500, 50_000
_ARCHIVED = "Collection(microsoft.graph.archivedPrintJob)"
#: From offset and limit to some rows, and whether there are more.
Asking = Callable[[int, int], Awaitable[tuple[list[Any], bool]]]


async def list_usage(call: Call, *, by: UsageBy, span: Span) -> Answer:
    """One row for each printer or user and day or month, oldest first."""
    start, end, whole = dates_of(call.query.filter)
    if start and end and start > end:
        return Collection([], _usage_context(by, span))

    async def ask(offset: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
        rows, more = await _usage(call, by, span, start=start, end=end, offset=offset, limit=limit)
        return [usage_entity(row) for row in rows], more

    return await _listed(call, _usage_context(by, span), ask, whole=whole)


async def get_usage(call: Call, *, by: UsageBy, span: Span) -> Answer:
    """One row by its id."""
    try:
        wanted = whose_usage(call.ids["usage"], by)
    except ValueError:
        raise missing("usage of this id") from None
    rows, _ = await _usage(call, by, span, **wanted, limit=1)
    if not rows:
        raise missing("usage of this id")
    return Reply(body=usage_entity(rows[0]), context=f"{_usage_context(by, span)}/$entity")


async def printer_jobs(call: Call) -> Answer:
    """Jobs of one printer."""
    wanted = _parameter(call, "printerId")
    found: PrinterAnswer = await call.ask(GetPrinter(region=call.gateway.region, tenant=call.who.tenant, printer=wanted))
    return await _archived(call, agent=found.printer.agent, printer=found.printer.device.id)


async def user_jobs(call: Call) -> Answer:
    """Jobs of one user, by id or userPrincipalName; of one that the registry does not know, by the id in the tokens."""
    wanted = _parameter(call, "userId")
    try:
        found: UserAnswer = await call.ask(GetUser(region=call.gateway.region, tenant=call.who.tenant, user=wanted))
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        return await _archived(call, users=tuple(dict.fromkeys((wanted, wanted.lower()))))
    return await _archived(call, users=(found.user.id,))


async def group_jobs(call: Call) -> Answer:
    """Jobs of everybody whom the registry knows to be in a group."""
    group = _parameter(call, "groupId")
    region, tenant = call.gateway.region, call.who.tenant
    known: GroupList = await call.ask(ListGroups(region=region, tenant=tenant, ids=(group,)))
    if not known.groups:
        raise missing(f"group {group[:64]}")
    members = [user.id for user in await _users(call) if known.groups[0].id in user.groups]
    return await _archived(call, users=tuple(members)) if members else Collection([], _ARCHIVED)


async def _archived(call: Call, **whose: Any) -> Answer:
    start, end = _moment(call, "startDateTime"), _moment(call, "endDateTime")
    if start is not None and end is not None and start > end:
        raise bad("startDateTime is after endDateTime: write the earlier one first.", "startDateTime")
    wanted = ListArchivedJobs(region=call.gateway.region, tenant=call.who.tenant, start=start, end=end, **whose)

    async def ask(offset: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
        found: ArchivedJobs = await call.ask(replace(wanted, offset=offset, limit=limit))
        people = await _people(call, found.jobs)
        return [archived_entity(job, people, beta=call.beta) for job in found.jobs], found.more

    return await _listed(call, _ARCHIVED, ask, whole=call.query.filter is None)


async def _listed(call: Call, context: str, ask: Asking, *, whole: bool) -> Collection:
    """A page in the spooler's own order; what is filtered, sorted or counted otherwise is fetched whole."""
    query = call.query
    if not whole or query.orderby or query.count:
        return Collection(await _everything(ask), context)
    begin = offset_of(query)
    rows, more = await ask(begin, query.page) if query.page else ([], False)
    return Collection(rows, context, applied=True, skiptoken=str(begin + len(rows)) if more else "")


async def _everything(ask: Asking) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = True
    while more:
        some, more = await ask(len(found), STEP)
        found += some
        if len(found) > MOST:
            raise bad(f"There are more than {MOST} rows: name fewer days, as in usageDate ge 2026-01-01.", "$filter")
    return found


async def _usage(call: Call, by: UsageBy, span: Span, **wanted: Any) -> tuple[tuple[UsageView, ...], bool]:
    answer: UsageList = await call.ask(ListUsage(region=call.gateway.region, tenant=call.who.tenant, by=by, span=span, **wanted))
    return answer.rows, answer.more


async def _people(call: Call, jobs: tuple[ArchivedJob, ...]) -> dict[str, UserView]:
    """The users of these jobs whom the registry knows: it has their names as they are written."""
    ids = tuple(dict.fromkeys(job.user.id for job in jobs if job.user))
    if not ids:
        return {}
    question = ListUsers(region=call.gateway.region, tenant=call.who.tenant, ids=ids, limit=len(ids))
    answer: UserList = await call.ask(question)
    return {user.id: user for user in answer.users}


async def _users(call: Call) -> list[UserView]:
    found: list[UserView] = []
    more = True
    while more:
        question = ListUsers(region=call.gateway.region, tenant=call.who.tenant, offset=len(found), limit=STEP)
        answer: UserList = await call.ask(question)
        found += answer.users
        more = answer.more and bool(answer.users)
    return found


def _parameter(call: Call, name: str) -> str:
    value = call.ids.get(name, "").strip()
    if not value:
        raise bad(f"{name} is missing: write {name}='…' inside the brackets.", name)
    return value


def _moment(call: Call, name: str) -> int | None:
    """Ms since 1970; None where it is not said."""
    value = call.ids.get(name, "").strip()
    if value in ("", "null"):
        return None
    try:
        return milliseconds(value)
    except (ValueError, OverflowError):
        raise bad(f"{name} is a date and time such as 2026-01-31T00:00:00Z.", name) from None


def _usage_context(by: UsageBy, span: Span) -> str:
    return f"reports/{_NAMES[by, span]}"


#: What is reported -> the path's last segment, and in beta its older one (1.13).
_NAMES = {
    (UsageBy.PRINTER, Span.DAY): "dailyPrintUsageByPrinter",
    (UsageBy.USER, Span.DAY): "dailyPrintUsageByUser",
    (UsageBy.PRINTER, Span.MONTH): "monthlyPrintUsageByPrinter",
    (UsageBy.USER, Span.MONTH): "monthlyPrintUsageByUser",
}
_FUNCTIONS = {
    "getPrinterArchivedPrintJobs(printerId={printerId},startDateTime={startDateTime},endDateTime={endDateTime})": printer_jobs,
    "getUserArchivedPrintJobs(userId={userId},startDateTime={startDateTime},endDateTime={endDateTime})": user_jobs,
    "getGroupArchivedPrintJobs(groupId={groupId},startDateTime={startDateTime},endDateTime={endDateTime})": group_jobs,
}


def _routes(under: str, *, beta: bool) -> tuple[Route, ...]:
    found: list[Route] = []
    for (by, span), name in _NAMES.items():
        found += _usage_routes(f"{under}/{name}", by, span, beta=beta)
    return (*found, *(Route("GET", f"{under}/{path}", handler, beta=beta) for path, handler in _FUNCTIONS.items()))


def _older(under: str) -> tuple[Route, ...]:
    """Beta's names before those; the oldest one was by printer alone."""
    found: list[Route] = []
    for (by, span), name in _NAMES.items():
        found += _usage_routes(f"{under}/{name.replace('UsageBy', 'UsageSummariesBy')}", by, span, beta=True)
        if by is UsageBy.PRINTER:
            found += _usage_routes(f"{under}/{name.removesuffix('ByPrinter')}", by, span, beta=True)
    return tuple(found)


def _usage_routes(path: str, by: UsageBy, span: Span, *, beta: bool) -> list[Route]:
    one = partial(get_usage, by=by, span=span)
    return [Route("GET", path, partial(list_usage, by=by, span=span), beta=beta), Route("GET", f"{path}/{{usage}}", one, beta=beta)]


ROUTES = (*_routes("reports", beta=False), *_routes("print/reports", beta=True), *_older("reports"), *_older("print/reports"))
