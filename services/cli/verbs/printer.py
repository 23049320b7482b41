"""`printer`: printers as Graph's programs see them, with the names and places that people give them."""

from argparse import ArgumentParser, Namespace

from libs.contracts.definitions import ListTriggers, TriggerList
from libs.contracts.fleet import ChangePrinter, ListPrinters, PrinterAnswer, PrinterList, PrinterView, RemovePrinter
from services.cli.office import office
from services.cli.terminal import describe, moment, offer_json, report, show

SUMMARY = "list, show, rename or remove printers as Graph has them"
#: Printers that are asked for at once.
PAGE = 500


def declare(parser: ArgumentParser) -> None:
    """`list`, `show`, `rename`, `remove`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("list", help="list printers of agents, and those that applications registered").set_defaults(run=list_all)
    for name, run, summary in (
        ("show", show_one, "a printer with its offer and what works on its tasks"),
        ("rename", rename, "change what Graph's programs call it; its device keeps its name"),
        ("remove", remove, "remove one that an application registered"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("printer", help="SN/NAME, such as jueKiUEE/Office, or its id")
        if name == "rename":
            action.add_argument("display", help="the new name; '' for the device's own")
        action.set_defaults(run=run)
    for action in actions.choices.values():
        action.add_argument("--tenant", required=True)
        offer_json(action)


async def list_all(said: Namespace) -> int:
    """Printers by the names that people give them."""
    found: list[PrinterView] = []
    async with office() as desk:
        while True:
            page: PrinterList = await desk.ask(ListPrinters, said.tenant, offset=len(found), limit=PAGE)
            found += page.printers
            if not page.printers or len(found) >= page.total:
                break
    show([_row(each) for each in found], as_json=said.json)
    return 0


async def show_one(said: Namespace) -> int:
    """One printer."""
    async with office() as desk:
        view = await desk.printer(said.tenant, said.printer)
        bound: TriggerList = await desk.ask(ListTriggers, said.tenant, printer=view.id)
    what = {
        **_row(view),
        "manufacturer": view.profile.manufacturer,
        "model": view.profile.model,
        "physical": view.physical,
        "registered": moment(view.registered_at),
        "formats": list(view.device.capabilities.formats),
        "location": [f"{name}: {value}" for name, value in view.profile.location.items()],
        "hooks": [each.definition.name for each in bound.triggers],
    }
    describe(what, as_json=said.json)
    return 0


async def rename(said: Namespace) -> int:
    """Another name at Graph's door."""
    async with office() as desk:
        printer = (await desk.printer(said.tenant, said.printer)).id
        answer: PrinterAnswer = await desk.ask(ChangePrinter, said.tenant, printer=printer, display=said.display)
    name = answer.printer.profile.display
    report({"id": printer, "name": name}, f"Graph's programs call it {name!r} now.", as_json=said.json)
    return 0


async def remove(said: Namespace) -> int:
    """Remove a printer of an application."""
    async with office() as desk:
        view = await desk.printer(said.tenant, said.printer)
        await desk.ask(RemovePrinter, said.tenant, printer=view.id)
    report({"id": view.id}, f"The printer {view.profile.display!r} is removed.", as_json=said.json)
    return 0


def _row(view: PrinterView) -> dict[str, object]:
    return {
        "id": view.id,
        "name": view.profile.display,
        "device": f"{view.agent}/{view.device.name}",
        "state": view.device.state.value,
        "servedBy": view.served_by or view.agent,
        "offer": ", ".join(view.shares),
    }
