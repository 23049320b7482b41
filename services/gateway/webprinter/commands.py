"""The commands of this door: its table of contents."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter import devices, tasks
from services.gateway.webprinter.fields import Fields

Command = Callable[[Gateway, Identity, Fields], Awaitable[Any]]

COMMANDS: dict[str, Command] = {
    "listDevices": devices.list_devices,
    "getDeviceDetail": devices.get_device_detail,
    "getDefaultDevice": devices.get_default_device,
    "setDefaultDevice": devices.set_default_device,
    "newPrintTask": tasks.new_print_task,
    "listTasks": tasks.list_tasks,
    "listTask": tasks.list_tasks,  # as the event section spells it (webprinter.md 1.7, row 4)
}
