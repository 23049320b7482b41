"""What applications do on tasks: their definitions (graph-print.md 1.8)."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Row, Select, delete, func, insert, select, update

from libs.contracts.definitions import (
    AddDefinition,
    ChangeDefinition,
    DefinitionAnswer,
    DefinitionList,
    DefinitionView,
    ListDefinitions,
    RemoveDefinition,
)
from libs.contracts.directory import device_key
from libs.contracts.fleet import Fulfilled
from libs.contracts.hooks import HookPolicy
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry.change import Change, now
from services.registry.fleet_tables import definitions, triggers
from services.registry.printers import named
from services.registry.registry import Registry

#: Seconds that a definition may hold tasks at most.
LONGEST = 30 * 86_400


def defined(tenant: str = "") -> Select[Any]:
    """Definitions, oldest first, each with how many printers it is bound to."""
    each = triggers.alias()
    bound = select(func.count()).select_from(each).where(each.c.definition == definitions.c.id).correlate(definitions)
    found = select(definitions, bound.scalar_subquery().label("triggers")).order_by(definitions.c.created_at, definitions.c.id)
    return found.where(definitions.c.tenant == tenant) if tenant else found


async def list_definitions(registry: Registry, query: ListDefinitions) -> DefinitionList:
    """The definitions of an application."""
    wanted = defined(query.tenant).where(definitions.c.app == query.app)
    if query.definition:
        wanted = wanted.where(definitions.c.id == query.definition.lower())
    found = await registry.store.rows(wanted)
    if query.definition and not found:
        raise missing(query.definition)
    return DefinitionList(definitions=tuple(definition_view(row) for row in found))


async def add_definition(registry: Registry, query: AddDefinition) -> DefinitionAnswer:
    """A new definition; several may have one name."""
    name = named(query.name, "displayName")
    definition = str(uuid4())
    values = {
        "id": definition,
        "tenant": query.tenant,
        "app": query.app,
        "principal": query.principal,
        "name": name,
        "app_name": query.app_name,
        "seconds": _limit(query.limit),
        "on_limit": query.on_limit.value,
        "on_abort": query.on_abort.value,
        "created_at": now(),
    }
    async with registry.store.acting(f"the application {query.app}").change() as change:
        await change.connection.execute(insert(definitions).values(**values))
        await change.note("definition added", definition, query.tenant, name=name, app=query.app)
        row = await _row(change, query.tenant, definition)
    return DefinitionAnswer(definition=definition_view(row))


async def change_definition(registry: Registry, query: ChangeDefinition) -> DefinitionAnswer:
    """Another name, limit or policy: printers that it is bound to hold their next tasks by that."""
    async with registry.store.acting(f"the application {query.app}").change() as change:
        row = await _own(change, query)
        row = await alter(
            change,
            row,
            name=query.name,
            app_name=query.app_name,
            limit=query.limit,
            on_limit=query.on_limit,
            on_abort=query.on_abort,
        )
    registry.herald.wake()
    return DefinitionAnswer(definition=definition_view(row))


async def remove_definition(registry: Registry, query: RemoveDefinition) -> Fulfilled:
    """A definition that no printer has a trigger with."""
    async with registry.store.acting(f"the application {query.app}").change() as change:
        row = await _own(change, query)
        if row.triggers:
            message = f"The definition {row.name!r} is bound to {row.triggers} printer(s): delete their task triggers first."
            raise Refused(Code.CONFLICT, message)
        await change.connection.execute(delete(definitions).where(definitions.c.id == row.id))
        await change.note("definition removed", row.id, row.tenant, name=row.name, app=row.app)
    return Fulfilled()


async def alter(
    change: Change,
    row: Row[Any],
    *,
    name: str | None = None,
    app_name: str | None = None,
    limit: int | None = None,
    on_limit: HookPolicy | None = None,
    on_abort: HookPolicy | None = None,
) -> Row[Any]:
    """Change what is not None of a row of `defined`, and tell the printers that it is bound to; the row as it is then."""
    values: dict[str, Any] = {
        "name": named(name, "displayName") if name is not None else None,
        "app_name": app_name,
        "seconds": _limit(limit) if limit is not None else None,
        "on_limit": on_limit.value if on_limit else None,
        "on_abort": on_abort.value if on_abort else None,
    }
    values = {column: value for column, value in values.items() if value is not None}
    if not values:
        return row
    await change.connection.execute(update(definitions).where(definitions.c.id == row.id).values(**values))
    bound = select(triggers.c.agent, triggers.c.device).where(triggers.c.definition == row.id)
    await change.tell_all([device_key(each.agent, each.device) for each in await change.connection.execute(bound)])
    await change.note("definition changed", row.id, row.tenant, **values)
    return await _row(change, row.tenant, row.id)


async def forget_definitions(change: Change, tenant: str, app: str) -> None:
    """Nothing of an application holds tasks any more."""
    of_app = (definitions.c.tenant == tenant) & (func.lower(definitions.c.app) == app.lower())
    own = select(definitions.c.id).where(of_app)
    bound = select(triggers.c.agent, triggers.c.device).where(triggers.c.definition.in_(own))
    await change.tell_all([device_key(each.agent, each.device) for each in await change.connection.execute(bound)])
    await change.connection.execute(delete(triggers).where(triggers.c.definition.in_(own)))
    await change.connection.execute(delete(definitions).where(of_app))


def definition_view(row: Row[Any]) -> DefinitionView:
    """A row of `defined`."""
    return DefinitionView(
        id=row.id,
        tenant=row.tenant,
        app=row.app,
        name=row.name,
        app_name=row.app_name,
        principal=row.principal,
        limit=row.seconds,
        on_limit=HookPolicy(row.on_limit),
        on_abort=HookPolicy(row.on_abort),
        triggers=row.triggers,
        created_at=row.created_at,
    )


def missing(definition: str) -> Refused:
    """Another's is as little there as one that never was."""
    return Refused(Code.NOT_FOUND, f"This application has no definition {definition}.")


async def _own(change: Change, query: ChangeDefinition | RemoveDefinition) -> Row[Any]:
    """The definition, locked until the end of the transaction: nobody binds it meanwhile."""
    lock = select(definitions.c.id).where(definitions.c.id == query.definition.lower()).with_for_update()
    await change.connection.execute(lock)
    wanted = defined(query.tenant).where(definitions.c.id == query.definition.lower(), definitions.c.app == query.app)
    row: Row[Any] | None = (await change.connection.execute(wanted)).first()
    if row is None:
        raise missing(query.definition)
    return row


async def _row(change: Change, tenant: str, definition: str) -> Row[Any]:
    row: Row[Any] = (await change.connection.execute(defined(tenant).where(definitions.c.id == definition))).one()
    return row


def _limit(seconds: int) -> int:
    if not 1 <= seconds <= LONGEST:
        raise Refused(Code.BAD_REQUEST, f"limit: a task is held for 1 to {LONGEST} seconds.")
    return seconds
