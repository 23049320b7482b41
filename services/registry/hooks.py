"""Which hooks work on a printer's tasks, in their order: its triggers with their definitions, as SQL."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, Select, select

from libs.contracts.hooks import Hook, HookPolicy
from services.registry.fleet_tables import definitions, triggers


def bound() -> Select[Any]:
    """Every trigger with what its definition says, printer by printer, in their order."""
    return (
        select(triggers.c.agent, triggers.c.device, triggers.c.id.label("trigger"), definitions)
        .join(definitions, definitions.c.id == triggers.c.definition)
        .order_by(triggers.c.agent, triggers.c.device, triggers.c.place)
    )


def bound_to(agent: str, device: str) -> Select[Any]:
    """The same of one printer."""
    return bound().where(triggers.c.agent == agent, triggers.c.device == device)


def hook(row: Row[Any]) -> Hook:
    """A row of `bound`."""
    return Hook(
        trigger=row.trigger,
        definition=row.id,
        app=row.app,
        limit=row.seconds,
        on_limit=HookPolicy(row.on_limit),
        on_abort=HookPolicy(row.on_abort),
        name=row.name,
    )


class Hooks:
    """The hooks of all printers at once."""

    def __init__(self, found: Iterable[Row[Any]]) -> None:
        self._found: dict[tuple[str, str], tuple[Hook, ...]] = {}
        for row in found:
            at = (row.agent, row.device)
            self._found[at] = (*self._found.get(at, ()), hook(row))

    def of(self, device: Row[Any]) -> tuple[Hook, ...]:
        """Those of the device of this row of `devices`."""
        return self._found.get((device.agent, device.id), ())
