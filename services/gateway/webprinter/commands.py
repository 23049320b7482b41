"""The commands of this door: its table of contents, with the scope that a token needs for each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from libs.contracts.directory import Scope
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter import devices, tasks
from services.gateway.webprinter.fields import Fields

Execute = Callable[[Gateway, Identity, Fields], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does, and what a token must be good for to say it."""

    scope: Scope
    execute: Execute


COMMANDS: dict[str, Command] = {
    "listDevices": Command(Scope.READ, devices.list_devices),
    "getDeviceDetail": Command(Scope.READ, devices.get_device_detail),
    "getDefaultDevice": Command(Scope.READ, devices.get_default_device),
    "setDefaultDevice": Command(Scope.MANAGE, devices.set_default_device),
    "newPrintTask": Command(Scope.PRINT, tasks.new_print_task),
    "listTasks": Command(Scope.READ, tasks.list_tasks),
    "listTask": Command(Scope.READ, tasks.list_tasks),  # as the event section spells it (webprinter.md 1.7, row 4)
}
