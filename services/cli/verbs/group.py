"""`group`: people of a tenant who may do the same."""

from argparse import ArgumentParser, Namespace

from sqlalchemy import func, select

from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, show
from services.cli.wording import words
from services.registry import enlist
from services.registry.fleet_tables import memberships, user_groups

SUMMARY = "add, list or remove groups of users, or change who is in one"


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `members`, `remove`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="add a group")
    one.add_argument("name")
    one.add_argument("--id", default="", help="the id that another issuer's tokens have in groups; missing: a new GUID")
    one.add_argument("--members", type=words, default=(), metavar="LIST", help="users by name or id, with commas")
    one.set_defaults(run=add)
    actions.add_parser("list", help="list groups").set_defaults(run=list_all)
    inside = actions.add_parser("members", help="who is in a group; put users in or take them out")
    inside.add_argument("group", help="name or id")
    inside.add_argument("--add", type=words, default=(), metavar="LIST", help="users by name or id, with commas")
    inside.add_argument("--remove", type=words, default=(), metavar="LIST")
    inside.set_defaults(run=members)
    away = actions.add_parser("remove", help="remove a group with all that it may; its users stay")
    away.add_argument("group", help="name or id")
    away.set_defaults(run=remove)
    for action in actions.choices.values():
        action.add_argument("--tenant", required=True)
        offer_json(action)


async def add(said: Namespace) -> int:
    """Add a group."""
    async with office() as desk:
        group = await enlist.add_group(desk.store, said.tenant, said.name, group_id=said.id, members=said.members)
    what = {"id": group.id, "name": group.name, "tenant": group.tenant}
    report(what, f"The group {group.name!r} is added; its id is {group.id}.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Groups by name with how many users are in each."""
    here = (memberships.c.tenant == user_groups.c.tenant) & (memberships.c.group_id == user_groups.c.id)
    count = select(func.count()).select_from(memberships).where(here).scalar_subquery().label("members")
    wanted = select(user_groups, count).where(user_groups.c.tenant == said.tenant).order_by(user_groups.c.name)
    async with office(said.tenant) as desk:
        found = await desk.store.rows(wanted)
    rows = [{"id": row.id, "name": row.name, "members": row.members, "added": moment(row.created_at)} for row in found]
    show(rows, as_json=said.json)
    return 0


async def members(said: Namespace) -> int:
    """Who is in a group, after the changes that are asked for."""
    async with office() as desk:
        names = await enlist.change_members(desk.store, said.tenant, said.group, add=said.add, remove=said.remove)
    what = {"group": said.group, "members": list(names)}
    report(what, *(names or ("(none)",)), as_json=said.json)
    return 0


async def remove(said: Namespace) -> int:
    """Remove a group."""
    async with office() as desk:
        await enlist.remove_group(desk.store, said.tenant, said.group)
    report({"group": said.group}, f"The group {said.group!r} is removed.", as_json=said.json)
    return 0
