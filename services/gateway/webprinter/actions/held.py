"""`listHeldTasks` and `releaseTask`: print first, collect later (extensions, webprinter.md 2.4 and 3.4)."""

from typing import Any

from libs.contracts.queries import GetMaterial, ListTasks, Material, ReleaseTask, TaskAnswer, TaskList
from libs.contracts.states import Stage
from libs.contracts.webprinter import extended_row
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.control import PATIENCE, named_task, task_id
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.printers import named_printer
from services.gateway.webprinter.reading.changes import changed_ticket
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.suiting import suited

MAX_ROWS = 1000


async def list_held_tasks(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """The client's tasks that wait to be released, newest first."""
    query = ListTasks(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        stages=(Stage.RELEASE_WAIT,),
        limit=data.rows(100, MAX_ROWS),
    )
    found: TaskList = await gateway.bus.ask(query, timeout=PATIENCE)
    return [extended_row(view, gateway.zone) for view in found.tasks]


async def release_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Send a held task to a real printer; what `config` says holds for this printing.

    Raises `Rejected`, and the bus's `Refused` and `Unanswered`.
    """
    task = task_id(data)
    printer = await named_printer(gateway, identity, data)
    if printer.device.virtual:
        raise Rejected("deviceName: this device prints nothing by itself: name a printer at which the task is to be collected.")
    asked = GetMaterial(region=gateway.region, tenant=identity.tenant, sn=identity.sn, task=task)
    with named_task():
        material: Material = await gateway.bus.ask(asked, timeout=PATIENCE)
    before = material.request
    kind = before.document.format
    ticket = printer.ruled(changed_ticket(before.ticket, data.inside("config")), kind)
    query = ReleaseTask(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        task=task,
        printer=printer.ref,
        ticket=suited(ticket, kind, printer.device, data.path),
    )
    with named_task():
        found: TaskAnswer = await gateway.bus.ask(query, timeout=PATIENCE)
    return extended_row(found.task, gateway.zone)
