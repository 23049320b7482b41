"""Where a job is: the printer that the path names, by itself or through one of its shares (graph-print.md 1.5)."""

from dataclasses import dataclass

from libs.contracts.fleet import GetPrinter, GetPrinterShare, PrinterAnswer, PrinterView, ShareAnswer
from libs.contracts.ids import job_of
from services.gateway.graph.call import Call


@dataclass(frozen=True, slots=True)
class Spot:
    """A printer as questions about its jobs name it; `id` is its GUID, `device` the device's id."""

    id: str
    agent: str
    device: str


async def spotted(call: Call) -> Spot:
    """The same printer where nothing else of it is needed: without a question where the directory has it. Raises as `placed`."""
    if "printer" in call.ids:
        entry = call.gateway.directory.printer(call.who.tenant, call.ids["printer"].lower())
        if entry and not entry.device.virtual:
            return Spot(call.ids["printer"].lower(), entry.agent, entry.device.id)
    return spot_of(await placed(call))


def spot_of(printer: PrinterView) -> Spot:
    """Where a printer is that was asked for."""
    return Spot(printer.id, printer.agent, printer.device.id)


async def placed(call: Call) -> PrinterView:
    """The printer of `print/printers/{printer}/…` or `print/shares/{share}/…`. Raises `Refused` when there is none."""
    region, tenant = call.gateway.region, call.who.tenant
    if "share" in call.ids:
        share: ShareAnswer = await call.ask(
            GetPrinterShare(region=region, tenant=tenant, share=call.ids["share"], user=call.who.id)
        )
        return share.share.printer
    found: PrinterAnswer = await call.ask(GetPrinter(region=region, tenant=tenant, printer=call.ids["printer"]))
    return found.printer


def leg_of(call: Call) -> dict[str, str | int]:
    """What every question about the job of a path has: `GetJob(agent=…, printer=…, **leg_of(call))`."""
    task, leg = job_of(call.ids["job"])
    return {"region": call.gateway.region, "tenant": call.who.tenant, "task": task, "leg": leg}
