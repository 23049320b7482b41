"""Where a job is: the printer that the path names, by itself or through one of its shares (graph-print.md 1.5)."""

from libs.contracts.fleet import GetPrinter, GetPrinterShare, PrinterAnswer, PrinterView, ShareAnswer
from libs.contracts.ids import job_of
from services.gateway.graph.call import Call


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
