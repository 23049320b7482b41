"""`share`: a device of one agent that other clients of its tenant may use."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from libs.contracts.devices import DeviceType
from libs.contracts.directory import EVERYBODY
from services.cli.office import office
from services.cli.terminal import offer_json, report, show
from services.registry import permits, rights

SUMMARY = "add, remove or list shares of devices"
ALL_CLIENTS = "everybody"


def declare(parser: ArgumentParser) -> None:
    """`add`, `remove`, `list`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run, summary in (
        ("add", add, "let other clients use a device, beside those that may already"),
        ("remove", remove, "end that for some, or without --with for all; what is queued is printed"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("--agent", required=True, metavar="SN", help="the agent that has the device")
        action.add_argument("--device", required=True, metavar="NAME")
        action.add_argument("--type", choices=[each.value for each in DeviceType], default=DeviceType.PRINTER.value)
        action.add_argument(
            "--with",
            nargs="+",
            dest="users",
            metavar="SN",
            help=f"serial numbers, or {ALL_CLIENTS} (but applications)",
        )
        action.set_defaults(run=run)
    every = actions.add_parser("list", help="list what is shared with whom")
    every.add_argument("--tenant", default="", help="only of this tenant")
    every.set_defaults(run=list_all)
    for action in actions.choices.values():
        offer_json(action)


async def add(said: Namespace) -> int:
    """Share with more clients."""
    return await _share(said, lambda now: now | _named(said.users or [ALL_CLIENTS]))


async def remove(said: Namespace) -> int:
    """Share with fewer, or nobody."""
    return await _share(said, lambda now: now - _named(said.users) if said.users else set())


async def list_all(said: Namespace) -> int:
    """What is shared with whom."""
    async with office(said.tenant) as desk:
        found = await desk.store.rows(permits.shares_of(said.tenant))
    rows = [
        {"tenant": row.tenant, "agent": row.agent, "device": row.name, "type": row.type, "with": _shown(row.client)}
        for row in found
    ]
    show(rows, as_json=said.json)
    return 0


async def _share(said: Namespace, change: Callable[[set[str]], set[str]]) -> int:
    async with office() as desk:
        now = await rights.shared_with(desk.store, said.agent, said.device)
        kind = DeviceType(said.type)
        users = await rights.share(desk.store, said.agent, said.device, change(set(now)), kind=kind)
    named = [_shown(each) for each in users]
    line = f"{said.device!r} of {said.agent} is shared with {', '.join(named) or 'nobody'}."
    report({"agent": said.agent, "device": said.device, "with": named}, line, as_json=said.json)
    return 0


def _named(users: list[str]) -> set[str]:
    return {EVERYBODY if each.lower() == ALL_CLIENTS else each for each in users}


def _shown(user: str) -> str:
    return ALL_CLIENTS if user == EVERYBODY else user
