"""`previewTask`: a page as it would be printed, as a picture (extension, webprinter.md 3.4)."""

import base64
from typing import Any
from uuid import uuid4

from libs.contracts.devices import Device, Target
from libs.contracts.directory import ClientEntry, DeviceEntry, client_key, device_key
from libs.contracts.documents import Inline, Stored
from libs.contracts.queries import Code, GetMaterial, Material, Preview, PreviewDocument
from libs.contracts.tasks import TaskRequest
from libs.contracts.tickets import Margins
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.documents import Missing
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.control import PATIENCE, named_task, task_id
from services.gateway.webprinter.actions.tasks import make_request, read_wanted, ticket_for
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.printers import find_printer
from services.gateway.webprinter.reading.fields import Fields

#: A conversion may take a minute, and wait for its engine.
_LONGEST = 75.0
_LAST_PAGE, _LEAST_DPI, _MOST_DPI = 1_000_000, 20, 300


async def preview_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """`page` (from 1) of a task that was submitted (`taskId`), or of one that might be (`task`), as PNG in base64.

    Nothing is printed, and nothing is kept. Raises `Rejected`, and the bus's `Refused` and `Unanswered`.
    """
    page = data.whole("page", 1, _LAST_PAGE) or 1
    dpi = data.whole("dpi", _LEAST_DPI, _MOST_DPI) or 96
    if data.raw("task") is None:
        if data.raw("taskId") is None:
            raise Rejected("taskId is missing: write the id of a task that was submitted, or in task one that might be.")
        return await _ask(gateway, await _of_submitted(gateway, identity, data, page=page, dpi=dpi))
    if data.raw("taskId") is not None:
        raise Rejected("Write task or taskId, not both: the one is to be submitted, the other has been.")
    name = f"preview-{uuid4().hex}"
    try:
        return await _ask(gateway, await _of_task(gateway, identity, data.inside("task"), name, page=page, dpi=dpi))
    finally:
        await gateway.documents.delete(f"{identity.tenant}/{name}")


async def _of_submitted(gateway: Gateway, identity: Identity, data: Fields, *, page: int, dpi: int) -> PreviewDocument:
    """What its printer gets, if that is made already and is pages; else what would be made of it."""
    query = GetMaterial(region=gateway.region, tenant=identity.tenant, sn=identity.sn, task=task_id(data))
    with named_task():
        material: Material = await gateway.bus.ask(query, timeout=PATIENCE)
    request = material.request
    if material.printable and material.printable.media_type == "application/pdf":
        return PreviewDocument(
            region=gateway.region,
            tenant=identity.tenant,
            printable=material.printable,
            ticket=request.ticket,
            page=page,
            dpi=dpi,
        )
    (entry,) = await gateway.directory.get(device_key(request.printer.agent, request.printer.id))
    return await _query(gateway, identity, request, entry.device if isinstance(entry, DeviceEntry) else None, page=page, dpi=dpi)


async def _of_task(gateway: Gateway, identity: Identity, task: Fields, name: str, *, page: int, dpi: int) -> PreviewDocument:
    wanted = await read_wanted(gateway, identity, task)
    printer = await find_printer(gateway, identity, wanted.agent, wanted.device)
    ticket = ticket_for(wanted, printer)
    request = await make_request(gateway, identity, wanted, printer, ticket=ticket, task=name, now=0)
    return await _query(gateway, identity, request, printer.device, page=page, dpi=dpi)


async def _query(
    gateway: Gateway, identity: Identity, request: TaskRequest, device: Device | None, *, page: int, dpi: int
) -> PreviewDocument:
    (client,) = await gateway.directory.get(client_key(identity.sn))
    return PreviewDocument(
        region=gateway.region,
        tenant=identity.tenant,
        document=request.document,
        ticket=request.ticket,
        target=_target(device) if device else Target(),
        name=request.name,
        client=(client.name if isinstance(client, ClientEntry) else "") or identity.sn,
        page=page,
        dpi=dpi,
    )


def _target(device: Device) -> Target:
    """What the converter must know of the printer. Copies are the printer's: they show nothing new."""
    able = device.capabilities
    edges = next((each.margins for each in able.media if each.media == able.default_media), Margins(0, 0, 0, 0))
    return Target(
        formats=able.formats,
        max_copies=10**6,
        media=able.default_media,
        margins=edges,
        name=device.name,
        receipt=able.receipt,
        monochrome=able.monochrome,
    )


async def _ask(gateway: Gateway, query: PreviewDocument) -> dict[str, Any]:
    try:
        preview: Preview = await gateway.bus.ask(query, timeout=_LONGEST)
    except Unanswered:
        raise Refused(Code.BUSY, "No converter has answered in time: try again in a few seconds.") from None
    data = await _bytes(gateway, preview.content)
    return {
        "image": base64.b64encode(data).decode(),
        "mediaFormat": "PNG",
        "page": query.page,
        "pages": preview.pages,
        "width": preview.width,
        "height": preview.height,
    }


async def _bytes(gateway: Gateway, content: Inline | Stored) -> bytes:
    """The picture. A stored one is nobody's but ours, and goes."""
    if isinstance(content, Inline):
        return content.data
    try:
        return await gateway.documents.get(content.name)
    except Missing:
        raise Refused(Code.BUSY, "The picture was lost on its way: try again.") from None
    finally:
        await gateway.documents.delete(content.name.rpartition("/")[0])
