"""printTaskDefinition and printTaskTrigger, with what is ours of a definition (graph-print.md 2.11, 3.4)."""

from typing import Any

from libs.contracts.definitions import DefinitionView, TriggerView
from libs.contracts.hooks import HookPolicy
from services.gateway.graph.call import Call

#: The only event there is (printEvent).
EVENT = "jobStarted"
#: What becomes of a job whose task was aborted or not completed in time, as our members `onTaskAborted` and `onTimeLimit` say it.
POLICIES = {"abort": HookPolicy.ABORT, "release": HookPolicy.RELEASE}
_SHOWN = {policy: name for name, policy in POLICIES.items()}


def definition_entity(call: Call, view: DefinitionView) -> dict[str, Any]:
    """A definition. The three last members are ours: seconds that a task may hold its job, and what becomes of the job then."""
    client = call.gateway.directory.application(view.tenant, view.app)
    return {
        "id": view.id,
        "displayName": view.name,
        "createdBy": {
            "appId": view.app,
            "displayName": view.app_name or None,
            "servicePrincipalId": view.principal or None,
            "servicePrincipalName": (client.name if client else "") or None,
        },
        "timeLimitInSeconds": view.limit,
        "onTimeLimit": _SHOWN[view.on_limit],
        "onTaskAborted": _SHOWN[view.on_abort],
    }


def trigger_entity(call: Call, view: TriggerView, *, expand: bool = False) -> dict[str, Any]:
    """A trigger, with its definition when that is asked for."""
    found: dict[str, Any] = {"id": view.id, "event": EVENT}
    return {**found, "definition": definition_entity(call, view.definition)} if expand else found
