"""`unknown`: tasks of which nobody can say whether they are on paper, and somebody's word on what became of them."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy import select

from libs.contracts.queries import Outcome, ResolveTask
from libs.contracts.states import Stage
from libs.runtime.bus import Refused
from libs.runtime.database import database
from libs.runtime.settings import read
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, say, show
from services.embedded.inquiry import inquiry
from services.registry.settings import RegistrySettings
from services.spooler.app import MIGRATIONS
from services.spooler.tables import task

SUMMARY = "list tasks of unknown outcome, or say what became of them"


def declare(parser: ArgumentParser) -> None:
    """`list`, and an outcome: `printed`, `reprint`, `give-up`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    every = actions.add_parser("list", help="list them, by printer and as they came")
    every.set_defaults(run=list_all)
    for outcome, summary in (
        (Outcome.PRINTED, "they are on paper"),
        (Outcome.REPRINT, "print them again"),
        (Outcome.GIVE_UP, "end them: nobody knows"),
    ):
        one = actions.add_parser(outcome.value, help=summary)
        one.add_argument("tasks", nargs="*", metavar="TASK", help="of these tasks")
        one.add_argument("--all", action="store_true", help="of all of them, or with --printer of all of that one")
        one.set_defaults(run=resolve, outcome=outcome)
    for action in actions.choices.values():
        action.add_argument("--printer", default="", metavar="SN/NAME", help="only of this printer")
        offer_json(action)


async def list_all(said: Namespace) -> int:
    """Where each was to be printed, for whom, and what is known of it."""
    rows = [
        {
            "task": row.id,
            "printer": f"{row.agent}/{row.device}",
            "client": row.sn,
            "name": row.name,
            "made": moment(row.created_at),
            "message": row.message,
        }
        for row in await _found(said.printer)
    ]
    show(rows, as_json=said.json)
    return 0


async def resolve(said: Namespace) -> int:
    """One task after the other; the exit code is 1 when one of them is another matter by now."""
    wanted = [row for row in await _found(said.printer) if said.all or row.id in said.tasks]
    done: list[str] = []
    problems = [f"Task {each} has no unknown outcome." for each in said.tasks if each not in {row.id for row in wanted}]
    async with inquiry() as (bus, region):
        for row in wanted:
            query = ResolveTask(region=region, tenant=row.tenant, sn=row.sn, task=row.id, outcome=said.outcome)
            try:
                await bus.ask(query, timeout=5)
                done.append(row.id)
            except Refused as no:
                problems.append(no.message)
    async with office() as desk, desk.store.change() as change:
        await change.note("tasks resolved", ", ".join(done)[:1000], outcome=said.outcome.value)
    report({"outcome": said.outcome.value, "tasks": done}, f"{len(done)} tasks: {said.outcome.value}.", as_json=said.json)
    if not said.json:
        say(*problems)
    return int(bool(problems))


async def _found(printer: str) -> list[Any]:
    """By printer and as they came; `printer` as SN/NAME, empty: all."""
    settings = read(RegistrySettings)
    agent, _, name = printer.partition("/")
    wanted = select(task).where(task.c.stage == Stage.UNKNOWN.value)
    if printer:
        wanted = wanted.where(task.c.agent == agent, task.c.device == name)
    async with database(settings.database_url, settings.data_dir, "spooler", MIGRATIONS) as opened, opened.reading() as connection:
        return list((await connection.execute(wanted.order_by(task.c.agent, task.c.device, task.c.seq, task.c.idx))).all())
