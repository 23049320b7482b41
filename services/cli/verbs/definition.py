"""`definition`: what partner applications do on tasks before these go on, for how long, and what if they do not."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy import Row, or_

from libs.contracts.definitions import ListTriggers, RemoveTrigger, TriggerList
from libs.contracts.hooks import HookPolicy
from services.cli.moments import seconds
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, show
from services.registry import definitions
from services.registry.change import Change
from services.registry.enrol import Unfit
from services.registry.fleet_tables import definitions as table

SUMMARY = "list definitions of task hooks, set their limits, or unbind them from printers"


def declare(parser: ArgumentParser) -> None:
    """`list`, `set`, `unbind`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    every = actions.add_parser("list", help="list definitions")
    every.add_argument("--application", default="", metavar="GUID", help="only of the application with this id")
    every.set_defaults(run=list_all)
    changed = actions.add_parser("set", help="say how long it may hold a task, and what becomes of the task then")
    changed.add_argument("--limit", type=seconds, metavar="SPAN", help="90s, 15m, 24h: so long may it hold a task")
    policies = [each.value for each in HookPolicy]
    changed.add_argument("--on-limit", choices=policies, help="what becomes of the task when that is over")
    changed.add_argument("--on-abort", choices=policies, help="what becomes of it when the application gives up")
    changed.set_defaults(run=change)
    off = actions.add_parser("unbind", help="a printer's next tasks are not held for it any more")
    off.add_argument("--printer", required=True, metavar="SN/NAME", help="such as jueKiUEE/Office, or its id")
    off.set_defaults(run=unbind)
    for name, action in actions.choices.items():
        if name != "list":
            action.add_argument("definition", help="id, or its name where no other has it")
        action.add_argument("--tenant", required=True)
        offer_json(action)


async def list_all(said: Namespace) -> int:
    """Definitions, oldest first."""
    wanted = definitions.defined(said.tenant)
    if said.application:
        wanted = wanted.where(table.c.app == said.application)
    async with office(said.tenant) as desk:
        found = await desk.store.rows(wanted)
    show([_row(row) for row in found], as_json=said.json)
    return 0


async def change(said: Namespace) -> int:
    """Another limit, other policies."""
    async with office() as desk, desk.store.change() as changing:
        row = await definitions.alter(
            changing,
            await _named(changing, said),
            limit=said.limit,
            on_limit=HookPolicy(said.on_limit) if said.on_limit else None,
            on_abort=HookPolicy(said.on_abort) if said.on_abort else None,
        )
    line = f"The definition {row.name!r} holds a task for {row.seconds} s at most, then: {row.on_limit}; aborted: {row.on_abort}."
    report(_row(row), line, as_json=said.json)
    return 0


async def unbind(said: Namespace) -> int:
    """Take a trigger away."""
    async with office() as desk:
        async with desk.store.change() as looking:
            definition = await _named(looking, said)
        printer = await desk.printer(said.tenant, said.printer)
        bound: TriggerList = await desk.ask(ListTriggers, said.tenant, printer=printer.id)
        mine = [each for each in bound.triggers if each.definition.id == definition.id]
        if not mine:
            raise Unfit(f"The definition {definition.name!r} is not bound to {said.printer}; `printer show` tells what is.")
        for trigger in mine:
            await desk.ask(RemoveTrigger, said.tenant, printer=printer.id, trigger=trigger.id)
    what = {"definition": definition.id, "printer": printer.id}
    report(what, f"The next tasks of {said.printer} are not held for {definition.name!r}.", as_json=said.json)
    return 0


async def _named(change: Change, said: Namespace) -> Row[Any]:
    named = or_(table.c.id == said.definition, table.c.name == said.definition)
    found = (await change.connection.execute(definitions.defined(said.tenant).where(named))).all()
    if not found:
        raise Unfit(f"There is no definition {said.definition!r} in the tenant {said.tenant!r}; `definition list` names them.")
    if len(found) > 1:
        raise Unfit(f"Several definitions are named {said.definition!r}: write the id of one of them.")
    row: Row[Any] = found[0]
    return row


def _row(row: Row[Any]) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "application": row.app,
        "limit": f"{row.seconds} s",
        "onLimit": row.on_limit,
        "onAbort": row.on_abort,
        "printers": row.triggers,
        "added": moment(row.created_at),
    }
