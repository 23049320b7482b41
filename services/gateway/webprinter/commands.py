"""The commands of this door: its table of contents, with the scope that a token needs for each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from libs.contracts.directory import Scope
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions import (
    again,
    batch,
    control,
    deliveries,
    devices,
    endpoints,
    events,
    held,
    information,
    lines,
    papers,
    preview,
    relaying,
    rules,
    sharing,
    tasks,
    testpage,
)
from services.gateway.webprinter.reading.fields import Fields

Execute = Callable[[Gateway, Identity, Fields], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does, and what a token must be good for to say it; None: for anything."""

    scope: Scope | None
    execute: Execute


COMMANDS: dict[str, Command] = {
    "listDevices": Command(Scope.READ, devices.list_devices),
    "getDeviceDetail": Command(Scope.READ, devices.get_device_detail),
    "getDefaultDevice": Command(Scope.READ, devices.get_default_device),
    "setDefaultDevice": Command(Scope.MANAGE, devices.set_default_device),
    "newPrintTask": Command(Scope.PRINT, tasks.new_print_task),
    "newPrintTaskBatch": Command(Scope.PRINT, batch.new_print_task_batch),
    "listTasks": Command(Scope.READ, tasks.list_tasks),
    "getTask": Command(Scope.READ, control.get_task),
    "cancelTask": Command(Scope.MANAGE, control.cancel_task),
    "resolveTask": Command(Scope.MANAGE, control.resolve_task),
    "retryTask": Command(Scope.PRINT, again.retry_task),
    "listHeldTasks": Command(Scope.READ, held.list_held_tasks),
    "releaseTask": Command(Scope.PRINT, held.release_task),
    "pauseDevice": Command(Scope.MANAGE, lines.pause_device),
    "resumeDevice": Command(Scope.MANAGE, lines.resume_device),
    "previewTask": Command(Scope.PRINT, preview.preview_task),
    "testPrint": Command(Scope.PRINT, testpage.test_print),
    "listPapers": Command(Scope.READ, papers.list_papers),
    "shareDevice": Command(Scope.ADMINISTER, sharing.share_device),
    "setRules": Command(Scope.ADMINISTER, rules.set_rules),
    "getRules": Command(Scope.READ, rules.get_rules),
    "listEvents": Command(Scope.READ, events.list_events),
    "addEndpoint": Command(Scope.ADMINISTER, endpoints.add_endpoint),
    "listEndpoints": Command(Scope.READ, endpoints.list_endpoints),
    "updateEndpoint": Command(Scope.ADMINISTER, endpoints.update_endpoint),
    "removeEndpoint": Command(Scope.ADMINISTER, endpoints.remove_endpoint),
    "rotateSecret": Command(Scope.ADMINISTER, endpoints.rotate_secret),
    "testEndpoint": Command(Scope.ADMINISTER, deliveries.try_endpoint),
    "listDeliveries": Command(Scope.READ, deliveries.list_deliveries),
    "replayDeliveries": Command(Scope.ADMINISTER, deliveries.replay_deliveries),
    "newPairing": Command(Scope.ADMINISTER, relaying.new_pairing),
    "newRelayToken": Command(Scope.ADMINISTER, relaying.new_relay_token),
    "listRelays": Command(Scope.ADMINISTER, relaying.list_relays),
    "revokeRelay": Command(Scope.ADMINISTER, relaying.revoke_relay),
    "getInfo": Command(None, lambda gateway, identity, _: information.get_info(gateway, identity, _allowed(identity))),
    "ping": Command(None, information.ping),
    "listTask": Command(Scope.READ, tasks.list_tasks),  # as the event section spells it (webprinter.md 1.7, row 4)
}


def _allowed(identity: Identity) -> list[str]:
    """The commands that this client's token may give."""
    return [name for name, command in COMMANDS.items() if command.scope is None or identity.may(command.scope)]
