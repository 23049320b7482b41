"""`user`: people of a tenant who print through Graph's programs; an issuer of tokens elsewhere may know others."""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace

from sqlalchemy import select

from libs.contracts.people import UserView
from services.cli import usertoken
from services.cli.office import office
from services.cli.terminal import describe, moment, offer_json, report, show
from services.cli.wording import words
from services.registry import enlist, people
from services.registry.enrol import Unfit
from services.registry.fleet_tables import user_groups
from services.registry.store import Store

SUMMARY = "add, list, show, change, disable, enable or remove people who print, or make a token of one"


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `show`, `set`, `disable`, `enable`, `remove`, `token`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="add a user")
    one.add_argument("name", help="userPrincipalName, such as anna@clinic.example")
    one.add_argument("--tenant", required=True)
    one.add_argument("--display", default="", help="what people call her")
    one.add_argument("--id", default="", help="the id that another issuer's tokens have as oid; missing: a new GUID")
    one.add_argument("--administrator", action="store_true", help="administers the tenant's printers")
    one.add_argument("--groups", type=words, default=(), metavar="LIST", help="groups by name or id, with commas")
    one.set_defaults(run=add)
    every = actions.add_parser("list", help="list users")
    every.add_argument("--tenant", required=True)
    every.set_defaults(run=list_all)
    changed = actions.add_parser("set", help="change a user")
    changed.add_argument("--display")
    changed.add_argument("--administrator", action=BooleanOptionalAction, default=None)
    changed.add_argument("--groups", type=words, metavar="LIST", help="all groups from now on, with commas; '' for none")
    changed.set_defaults(run=change)
    for name, run, summary in (
        ("show", show_one, "a user with its groups"),
        ("disable", disable, "it prints nothing and its tokens are void, until it is enabled again"),
        ("enable", enable, "undo `disable`"),
        ("remove", remove, "remove a user with all that it may; its tasks stay"),
    ):
        actions.add_parser(name, help=summary).set_defaults(run=run)
    usertoken.declare(actions.add_parser("token", help="make an access token of a user, for programs where nobody signs in"))
    for name, action in actions.choices.items():
        if name not in ("add", "list"):
            action.add_argument("user", help="name or id")
            action.add_argument("--tenant", required=True)
        offer_json(action)


async def add(said: Namespace) -> int:
    """Add a user."""
    async with office() as desk:
        user = await enlist.add_user(
            desk.store,
            said.tenant,
            said.name,
            display=said.display,
            administrator=said.administrator,
            groups=said.groups,
            user_id=said.id,
        )
        what = await _shown(desk.store, user)
    report(what, f"The user {user.name} is added; its id is {user.id}.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Users by name."""
    async with office(said.tenant) as desk, desk.store.look() as look:
        found = await people.all_users(look, said.tenant)
        names = await _group_names(desk.store, said.tenant)
    show([_row(user, names) for user in found], as_json=said.json)
    return 0


async def show_one(said: Namespace) -> int:
    """One user."""
    async with office() as desk:
        async with desk.store.look() as look:
            row = await people.find_user(look, said.tenant, said.user)
            if row is None:
                raise Unfit(f"There is no user {said.user!r} in the tenant {said.tenant!r}; `user list` names them.")
            (user,) = await people.user_views(look, [row])
        what = await _shown(desk.store, user)
    describe(what, as_json=said.json)
    return 0


async def change(said: Namespace) -> int:
    """Another name to be called by, other groups, an administrator or not."""
    async with office() as desk:
        user = await enlist.change_user(
            desk.store, said.tenant, said.user, display=said.display, administrator=said.administrator, groups=said.groups
        )
        what = await _shown(desk.store, user)
    report(what, f"The user {user.name} is changed.", as_json=said.json)
    return 0


async def disable(said: Namespace) -> int:
    """It prints nothing."""
    return await _switch(said, enabled=False)


async def enable(said: Namespace) -> int:
    """As before."""
    return await _switch(said, enabled=True)


async def remove(said: Namespace) -> int:
    """Remove a user."""
    async with office() as desk:
        await enlist.remove_user(desk.store, said.tenant, said.user)
    report({"user": said.user}, f"The user {said.user} is removed.", as_json=said.json)
    return 0


async def _switch(said: Namespace, *, enabled: bool) -> int:
    async with office() as desk:
        user = await enlist.change_user(desk.store, said.tenant, said.user, enabled=enabled)
    state = "enabled" if enabled else "disabled"
    report({"id": user.id, "name": user.name, "enabled": enabled}, f"The user {user.name} is {state}.", as_json=said.json)
    return 0


async def _shown(store: Store, user: UserView) -> dict[str, object]:
    return _row(user, await _group_names(store, user.tenant))


async def _group_names(store: Store, tenant: str) -> dict[str, str]:
    return {row.id: row.name for row in await store.rows(select(user_groups).where(user_groups.c.tenant == tenant))}


def _row(user: UserView, groups: dict[str, str]) -> dict[str, object]:
    return {
        "id": user.id,
        "name": user.name,
        "display": user.display,
        "enabled": user.enabled,
        "administrator": user.administrator,
        "groups": [groups.get(each, each) for each in user.groups],
        "added": moment(user.created_at),
    }
