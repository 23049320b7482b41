"""`offer`: printers that people may print on through Graph's programs (its printer shares); `share` is about clients."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from libs.contracts.fleet import (
    AddPrinterShare,
    ChangePrinterShare,
    ListPrinterShares,
    RemovePrinterShare,
    ShareAnswer,
    ShareList,
    ShareView,
)
from libs.contracts.people import GroupList, ListGroups, ListUsers, UserList
from services.cli.office import Office, office
from services.cli.terminal import describe, moment, offer_json, report, show
from services.cli.wording import words
from services.registry import enlist
from services.registry.enrol import Unfit

SUMMARY = "offer printers to people, list offers, permit, forbid, rename, move or withdraw them"
#: Offers that are asked for at once.
PAGE = 500


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `show`, `permit`, `forbid`, `rename`, `move`, `withdraw`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="offer a printer; to nobody yet, unless it is said")
    one.add_argument("--printer", required=True, metavar="SN/NAME", help="such as jueKiUEE/Office, or its id")
    one.add_argument("--name", default="", help="what people choose; missing: the printer's")
    one.set_defaults(run=add)
    actions.add_parser("list", help="list offers and whom they are for").set_defaults(run=list_all)
    for name, run, summary in (
        ("show", show_one, "an offer and whom it is for"),
        ("permit", permit, "let more people print"),
        ("forbid", forbid, "end that for some; what is queued is printed"),
        ("rename", rename, "change what people choose"),
        ("move", move, "put another printer behind an offer"),
        ("withdraw", withdraw, "end an offer; what is queued is printed"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("offer", help="name or id")
        if name == "rename":
            action.add_argument("name")
        if name == "move":
            action.add_argument("--printer", required=True, metavar="SN/NAME")
        action.set_defaults(run=run)
    for name, action in actions.choices.items():
        if name in ("add", "permit", "forbid"):
            action.add_argument("--everybody", action="store_true", help="every user of the tenant")
            action.add_argument("--users", type=words, default=(), metavar="LIST", help="names or ids, with commas")
            action.add_argument("--groups", type=words, default=(), metavar="LIST", help="names or ids, with commas")
        action.add_argument("--tenant", required=True)
        offer_json(action)


async def add(said: Namespace) -> int:
    """Offer a printer."""
    async with office() as desk:
        view = await desk.printer(said.tenant, said.printer)
        users, groups = await _people(desk, said)
        name = said.name or view.profile.display
        made: ShareAnswer = await desk.ask(AddPrinterShare, said.tenant, printer=view.id, name=name, allow_all=said.everybody)
        if users or groups:
            made = await desk.ask(ChangePrinterShare, said.tenant, share=made.share.id, add_users=users, add_groups=groups)
        (row,) = await _rows(desk, said.tenant, [made.share])
    report(row, f"The printer {view.profile.display!r} is offered as {name!r}.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Offers by name."""
    async with office() as desk:
        rows = await _rows(desk, said.tenant, await _all(desk, said.tenant))
    show(rows, as_json=said.json)
    return 0


async def show_one(said: Namespace) -> int:
    """One offer."""
    async with office() as desk:
        (row,) = await _rows(desk, said.tenant, [await _named(desk, said)])
    describe(row, as_json=said.json)
    return 0


async def permit(said: Namespace) -> int:
    """More people."""
    async with office() as desk:
        users, groups = await _people(desk, said)
        more = {"allow_all": True} if said.everybody else {}
        return await _change(desk, said, add_users=users, add_groups=groups, **more)


async def forbid(said: Namespace) -> int:
    """Fewer people."""
    async with office() as desk:
        users, groups = await _people(desk, said)
        less = {"allow_all": False} if said.everybody else {}
        return await _change(desk, said, remove_users=users, remove_groups=groups, **less)


async def rename(said: Namespace) -> int:
    """Another name."""
    async with office() as desk:
        return await _change(desk, said, name=said.name)


async def move(said: Namespace) -> int:
    """Another printer."""
    async with office() as desk:
        return await _change(desk, said, printer=(await desk.printer(said.tenant, said.printer)).id)


async def withdraw(said: Namespace) -> int:
    """Nobody prints through it any more."""
    async with office() as desk:
        view = await _named(desk, said)
        await desk.ask(RemovePrinterShare, said.tenant, share=view.id)
    report({"id": view.id, "name": view.name}, f"The offer {view.name!r} is withdrawn.", as_json=said.json)
    return 0


async def _change(desk: Office, said: Namespace, **changes: object) -> int:
    view = await _named(desk, said)
    answer: ShareAnswer = await desk.ask(ChangePrinterShare, said.tenant, share=view.id, **changes)
    (row,) = await _rows(desk, said.tenant, [answer.share])
    report(row, f"The offer {answer.share.name!r} is for {_whom(row)}.", as_json=said.json)
    return 0


async def _people(desk: Office, said: Namespace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    async with desk.store.look() as look:
        return (
            await enlist.user_ids(look, said.tenant, said.users),
            await enlist.group_ids(look, said.tenant, said.groups),
        )


async def _all(desk: Office, tenant: str) -> list[ShareView]:
    found: list[ShareView] = []
    while True:
        page: ShareList = await desk.ask(ListPrinterShares, tenant, offset=len(found), limit=PAGE)
        found += page.shares
        if not page.shares or len(found) >= page.total:
            return found


async def _named(desk: Office, said: Namespace) -> ShareView:
    found = [each for each in await _all(desk, said.tenant) if said.offer in (each.id, each.name)]
    if not found:
        raise Unfit(f"There is no offer {said.offer!r} in the tenant {said.tenant!r}; `offer list` names them.")
    return found[0]


async def _rows(desk: Office, tenant: str, views: Sequence[ShareView]) -> list[dict[str, object]]:
    """Offers as rows, with the names of people whom the registry knows, and the ids of others."""
    users: UserList = await desk.ask(ListUsers, tenant, ids=tuple({each for view in views for each in view.users}), limit=1000)
    groups: GroupList = await desk.ask(ListGroups, tenant, ids=tuple({each for view in views for each in view.groups}), limit=1000)
    names = {user.id: user.name for user in users.users} | {group.id: group.name for group in groups.groups}
    return [
        {
            "id": view.id,
            "name": view.name,
            "printer": f"{view.printer.agent}/{view.printer.device.name}",
            "everybody": view.allow_all,
            "users": [names.get(each, each) for each in view.users],
            "groups": [names.get(each, each) for each in view.groups],
            "added": moment(view.created_at),
        }
        for view in views
    ]


def _whom(row: dict[str, object]) -> str:
    if row["everybody"]:
        return "everybody"
    return ", ".join([*row["users"], *row["groups"]]) or "nobody"  # type: ignore[misc]
