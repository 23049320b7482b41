"""Who made a printer: the registry's lists leave out what devices say of themselves, the gateway's own directory has it."""

from collections.abc import Iterable
from dataclasses import replace

from libs.contracts.fleet import PrinterView, ShareView
from services.gateway.graph.call import Call


def with_makes(call: Call, views: Iterable[PrinterView]) -> list[PrinterView]:
    """The printers with what their devices say, as far as the directory knows them; nothing is asked for."""
    return [_with_make(call, view) for view in views]


def shares_with_makes(call: Call, shares: Iterable[ShareView]) -> list[ShareView]:
    """Likewise the printers behind shares."""
    return [replace(share, printer=_with_make(call, share.printer)) for share in shares]


def _with_make(call: Call, view: PrinterView) -> PrinterView:
    if view.device.capabilities.make_and_model:
        return view
    entry = call.gateway.directory.printer(view.tenant, view.id)
    if entry is None or not entry.device.capabilities.make_and_model:
        return view
    able = replace(view.device.capabilities, make_and_model=entry.device.capabilities.make_and_model)
    return replace(view, device=replace(view.device, capabilities=able))
