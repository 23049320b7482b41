"""`restore`: brings a backup back, or says that something was; tasks that were open then wait for somebody."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from libs.runtime.settings import read
from services.backup import restoring
from services.cli.moments import earlier
from services.cli.office import office
from services.cli.terminal import offer_json, report
from services.registry.settings import RegistrySettings

SUMMARY = "bring a backup back; what was open then is not printed before somebody says so"


def declare(parser: ArgumentParser) -> None:
    """`restore /mnt/printbus-monday`, `restore`."""
    parser.add_argument(
        "folder", type=Path, nargs="?", help="what `backup` wrote; missing: disk or database were brought back by other means"
    )
    parser.add_argument(
        "--lost-since",
        type=earlier,
        default=0,
        metavar="WHEN",
        help="2h or 2026-01-31T14:00Z: what other regions accepted since then is on no paper, and prints; missing: it is held, too",
    )
    offer_json(parser)
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """How many tasks will be held."""
    settings, lost = read(RegistrySettings), said.lost_since
    done = await (restoring.bring_back(settings, said.folder, lost) if said.folder else restoring.mark(settings, lost))
    async with office() as desk, desk.store.change() as change:
        await change.note("restored", str(said.folder or ""), held=done.held)
    what = {"folder": str(said.folder or ""), "held": done.held, "aside": str(done.aside or "")}
    lines = [
        f"{said.folder} is brought back." if said.folder else "What was brought back is marked.",
        f"Nothing that was open is printed by itself: {done.held} tasks, and what only the bus has, will be PARTIAL_PRINTED.",
        "Start the server; `python -m services unknown` lists them and is told what became of them.",
    ]
    if done.aside:
        lines.append(f"The journal of this server's own agent, which would print again, is put aside in {done.aside}.")
    report(what, *lines, as_json=said.json)
    return 0
