"""Triggers: which definitions hold the tasks of a printer, and in which order (graph-print.md 1.9)."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Row, Select, delete, func, insert, select

from libs.contracts.definitions import (
    AddTrigger,
    ListTriggers,
    RemoveTrigger,
    TriggerAnswer,
    TriggerList,
    TriggerView,
)
from libs.contracts.directory import device_key
from libs.contracts.fleet import Fulfilled
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import fleet
from services.registry.change import Change
from services.registry.definitions import defined, definition_view
from services.registry.fleet_tables import definitions, triggers
from services.registry.registry import Registry

#: Triggers of one printer: each may hold every task for a day.
MOST = 20


async def list_triggers(registry: Registry, query: ListTriggers) -> TriggerList:
    """The triggers of a printer in their order."""
    async with registry.store.look() as look:
        printer = await fleet.printer_row(look, query.tenant, query.printer)
        found = (await look.execute(_of(printer))).all()
    return TriggerList(triggers=tuple(_view(row, printer.guid) for row in found))


async def add_trigger(registry: Registry, query: AddTrigger) -> TriggerAnswer:
    """Bind a definition to a printer, after those that are bound already."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        printer = await fleet.locked(change, query.tenant, query.printer)
        definition = await _definition(change, query)
        first, count, last = await _places(change, printer)
        if first and not query.several:
            message = f"There is a task trigger for the printer {printer.display!r} already ({first.id}), and it takes only one."
            raise Refused(Code.CONFLICT, f"{message} Delete that one first.")
        if count >= MOST:
            raise Refused(Code.CONFLICT, f"The printer {printer.display!r} has {MOST} task triggers: no more are taken.")
        trigger = str(uuid4())
        values = {"agent": printer.agent, "device": printer.id, "definition": definition.id, "place": last + 1}
        await change.connection.execute(insert(triggers).values(id=trigger, **values))
        await change.tell(device_key(printer.agent, printer.id))
        await change.note("trigger added", printer.guid, query.tenant, trigger=trigger, definition=definition.id, app=query.app)
        row = (await change.connection.execute(_of(printer).where(triggers.c.id == trigger))).one()
    registry.herald.wake()
    return TriggerAnswer(trigger=_view(row, printer.guid))


async def remove_trigger(registry: Registry, query: RemoveTrigger) -> Fulfilled:
    """The printer's next tasks are not held for it."""
    async with registry.store.acting(query.by or "Graph").change() as change:
        printer = await fleet.locked(change, query.tenant, query.printer)
        here = (triggers.c.agent == printer.agent) & (triggers.c.device == printer.id)
        done = await change.connection.execute(delete(triggers).where(here, triggers.c.id == query.trigger.lower()))
        if not done.rowcount:
            raise Refused(Code.NOT_FOUND, f"The printer {printer.display!r} has no task trigger {query.trigger}.")
        await change.tell(device_key(printer.agent, printer.id))
        await change.note("trigger removed", printer.guid, query.tenant, trigger=query.trigger)
    registry.herald.wake()
    return Fulfilled()


def _of(printer: Row[Any]) -> Select[Any]:
    """The triggers of a row of `fleet.printers` with their definitions."""
    return (
        defined()
        .add_columns(triggers.c.id.label("trigger"))
        .join_from(definitions, triggers, triggers.c.definition == definitions.c.id)
        .where(triggers.c.agent == printer.agent, triggers.c.device == printer.id)
        .order_by(None)
        .order_by(triggers.c.place)
    )


async def _definition(change: Change, query: AddTrigger) -> Row[Any]:
    """The definition, locked until the end of the transaction: it is not removed meanwhile."""
    wanted = select(definitions.c.id).where(
        definitions.c.id == query.definition.lower(), definitions.c.tenant == query.tenant, definitions.c.app == query.app
    )
    row: Row[Any] | None = (await change.connection.execute(wanted.with_for_update())).first()
    if row is None:
        message = f"No task definition {query.definition} was found that this application made: only its own can it bind."
        raise Refused(Code.BAD_REQUEST, f"definition: {message}")
    return row


async def _places(change: Change, printer: Row[Any]) -> tuple[Row[Any] | None, int, int]:
    """The first trigger of a printer, how many it has, and the last place that is taken."""
    here = (triggers.c.agent == printer.agent) & (triggers.c.device == printer.id)
    ordered = select(triggers.c.id).where(here).order_by(triggers.c.place).limit(1)
    first = (await change.connection.execute(ordered)).first()
    counted = select(func.count().label("number"), func.max(triggers.c.place).label("last")).where(here)
    taken = (await change.connection.execute(counted)).one()
    return first, taken.number, taken.last or 0


def _view(row: Row[Any], printer: str) -> TriggerView:
    return TriggerView(id=row.trigger, printer=printer, definition=definition_view(row))
