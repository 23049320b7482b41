"""Definitions of hooks and the triggers that bind them to printers; asked of the registry (graph-print.md 1.8, 1.9)."""

from dataclasses import dataclass

from libs.contracts.fleet import Fulfilled
from libs.contracts.hooks import HOOK_LIMIT, HookPolicy
from libs.contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionView:
    """printTaskDefinition of an application; `limit` in seconds, `triggers` counts the printers that it is bound to."""

    id: str
    tenant: str
    app: str
    name: str
    app_name: str = ""
    principal: str = ""
    limit: int = HOOK_LIMIT
    on_limit: HookPolicy = HookPolicy.ABORT
    on_abort: HookPolicy = HookPolicy.ABORT
    triggers: int = 0
    created_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDefinitions(Message, subject="query.{region}.registry.list-definitions"):
    """The definitions of an application, oldest first; `definition`: only this one (NOT_FOUND when it is another's)."""

    region: str
    tenant: str
    app: str
    definition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionList:
    definitions: tuple[DefinitionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDefinition(Message, subject="query.{region}.registry.add-definition"):
    """`principal` is the id of the application's service principal (`oid` of its token)."""

    region: str
    tenant: str
    app: str
    principal: str
    name: str
    app_name: str = ""
    limit: int = HOOK_LIMIT
    on_limit: HookPolicy = HookPolicy.ABORT
    on_abort: HookPolicy = HookPolicy.ABORT


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionAnswer:
    definition: DefinitionView


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDefinition(Message, subject="query.{region}.registry.change-definition"):
    """Change what is not None."""

    region: str
    tenant: str
    app: str
    definition: str
    name: str | None = None
    app_name: str | None = None
    limit: int | None = None
    on_limit: HookPolicy | None = None
    on_abort: HookPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDefinition(Message, subject="query.{region}.registry.remove-definition"):
    """Refused (CONFLICT) while a printer has a trigger with it."""

    region: str
    tenant: str
    app: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerView:
    """A definition bound to a printer."""

    id: str
    printer: str
    definition: DefinitionView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTriggers(Message, subject="query.{region}.registry.list-triggers"):
    """The triggers of a printer (GUID) in their order."""

    region: str
    tenant: str
    printer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerList:
    triggers: tuple[TriggerView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTrigger(Message, subject="query.{region}.registry.add-trigger"):
    """Bind a definition of `app` to a printer. Refused: BAD_REQUEST for a definition of another application, CONFLICT for a second
    trigger unless `several`.
    """

    region: str
    tenant: str
    printer: str
    app: str
    definition: str
    several: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerAnswer:
    trigger: TriggerView


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTrigger(Message, subject="query.{region}.registry.remove-trigger"):
    """New tasks are not held any more; hooks at work go on."""

    region: str
    tenant: str
    printer: str
    trigger: str
    by: str = ""


#: Question -> the record that answers it (or a `Refusal`).
DEFINITION_ANSWER: dict[type[Message], type] = {
    ListDefinitions: DefinitionList,
    AddDefinition: DefinitionAnswer,
    ChangeDefinition: DefinitionAnswer,
    RemoveDefinition: Fulfilled,
    ListTriggers: TriggerList,
    AddTrigger: TriggerAnswer,
    RemoveTrigger: Fulfilled,
}
