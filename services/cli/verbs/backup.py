"""`backup`: copies everything that a region needs into a folder, while it runs or stands still."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from libs.runtime.settings import read
from services.backup import taking
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report
from services.registry.settings import RegistrySettings

SUMMARY = "copy databases, streams, documents and keys into a folder, while all of it runs"


def declare(parser: ArgumentParser) -> None:
    """`backup /mnt/printbus-monday`."""
    parser.add_argument("folder", type=Path, help="where to: a folder that is empty or not there; it will hold secrets")
    parser.add_argument("--no-databases", action="store_true", help="they are copied by other means, as those of a cluster are")
    parser.add_argument("--no-documents", action="store_true", help="they are copied by other means")
    offer_json(parser)
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """What is in it now."""
    settings = read(RegistrySettings)
    made = await taking.take(settings, said.folder, with_databases=not said.no_databases, with_documents=not said.no_documents)
    if made.databases:
        async with office() as desk, desk.store.change() as change:
            await change.note("backup taken", str(said.folder))
    what = {
        "folder": str(said.folder),
        "taken": moment(made.taken),
        "databases": list(made.databases),
        "streams": list(made.streams),
        "documents": made.documents,
    }
    lines = [f"{said.folder} is a backup of {settings.region} at {moment(made.taken)}. It holds secrets: keys and documents."]
    if not made.databases:
        lines.append("The databases are not in it: copy them by other means, as they were at that time or a little later.")
    if not made.documents:
        lines.append("Documents are not in it: they lie in their store, or are copied by other means.")
    report(what, *lines, as_json=said.json)
    return 0
