"""`application`: programs that print through this server, with a serial number, tokens and a list of devices of their own."""

from argparse import ArgumentParser, Namespace
from typing import Any

from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.ids import guid
from libs.runtime.bus import Refused
from libs.runtime.settings import read
from services.cli import applicationkey
from services.cli.office import Office, office, switch_endpoints
from services.cli.terminal import describe, offer_json, report, show
from services.cli.wording import Allowed, allowed, roles
from services.registry import enrol, permits, rights
from services.registry.enrol import Unfit
from services.webhooks import enrol as callbacks
from services.webhooks.settings import WebhooksSettings

SUMMARY = "add, list, show, name, allow, deny, grant, revoke, disable, enable or remove applications, or their keys"


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `show`, `name`, `allow`, `deny`, `grant`, `revoke`, `disable`, `enable`, `remove`, `key`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="add an application; then give it a token with `token add`")
    one.add_argument("--tenant", required=True)
    one.add_argument("--name", required=True)
    one.add_argument("--callback", default="", metavar="URL", help="where it hears what becomes of its tasks")
    one.add_argument("--app-id", default="", metavar="GUID", help="what tokens of another issuer call it (appid, azp)")
    one.add_argument("--roles", type=roles, default=(), metavar="LIST", help="permissions of Graph for itself, with commas")
    _offer_devices(one, required=False)
    one.set_defaults(run=add)
    every = actions.add_parser("list", help="list applications")
    every.add_argument("--tenant", default="", help="only of this tenant")
    every.set_defaults(run=list_all)
    for name, run, summary in (
        ("show", show_one, "an application, its tokens, and what it may use"),
        (
            "disable",
            disable,
            "its tokens and relays are void and its endpoints are told nothing, until it is enabled again",
        ),
        ("enable", enable, "undo `disable`"),
        ("remove", remove, "remove an application with its tokens, relays and endpoints; its tasks stay"),
        ("name", name_it, "tell what tokens of another issuer call it (appid, azp)"),
        ("grant", grant, "give it permissions of Graph for itself"),
        ("revoke", revoke, "take such permissions back; tokens of another issuer say what that one granted"),
        ("allow", allow, "let it use devices"),
        ("deny", deny, "take back what `allow` gave, in the same words"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("sn", help="its serial number")
        if name in ("allow", "deny"):
            _offer_devices(action, required=True)
        if name in ("grant", "revoke"):
            action.add_argument("roles", type=roles, metavar="LIST", help="such as Printer.Read.All,PrintJob.Manage.All")
        if name == "name":
            action.add_argument("app_id", metavar="GUID")
        action.set_defaults(run=run)
    for action in actions.choices.values():
        offer_json(action)
    applicationkey.declare(actions.add_parser("key", help="add, list or remove keys that it signs with in the place of a secret"))


def _offer_devices(parser: ArgumentParser, *, required: bool) -> None:
    which = parser.add_mutually_exclusive_group(required=required)
    which.add_argument(
        "--devices",
        nargs="+",
        type=allowed,
        default=[],
        metavar="SN/NAME",
        help="devices, such as jueKiUEE/Office; SN/* is all of an agent",
    )
    which.add_argument("--all-devices", action="store_true", help="all devices of all agents of the tenant, also future ones")


async def add(said: Namespace) -> int:
    """Add an application, allow it what is named, and tell its callback; or nothing of it."""
    async with office() as desk:
        app = await enrol.add_client(desk.store, said.tenant, ClientKind.APP, said.name, app_id=said.app_id, roles=said.roles)
        try:
            await _allow(desk, app.sn, said)
            secret = await _set_callback(desk, app, said.callback) if said.callback else ""
        except (Unfit, Refused):
            await rights.remove_app(desk.store, app.sn)
            raise
    what = {"sn": app.sn, "tenant": said.tenant, "name": said.name, "appId": _app_id(app), "roles": list(app.roles)}
    lines = [f"The application {said.name!r} is added; its serial number is {app.sn}, and Graph's programs call it {_app_id(app)}."]
    if secret:
        what["secret"] = secret
        lines += ["Its callback is signed with this secret, which is shown this once:", secret]
    hint = f"Give it a token: python -m services token add --client {app.sn} --name ..."
    report(what, *lines, hint, as_json=said.json)
    return 0


async def _set_callback(desk: Office, app: ClientEntry, url: str) -> str:
    async with callbacks.open_desk(read(WebhooksSettings)) as hooks:
        made, secret = await callbacks.set_callback(hooks, app.tenant, app.sn, url)
    async with desk.store.change() as change:
        await change.note("callback set", made.id, app.tenant, client=app.sn)
    return secret


async def list_all(said: Namespace) -> int:
    """Applications by tenant and name."""
    async with office(said.tenant) as desk:
        found = [each for each in await desk.store.all_clients() if each.role is ClientKind.APP]
    wanted = [each for each in found if said.tenant in ("", each.tenant)]
    rows = [
        {"sn": each.sn, "tenant": each.tenant, "name": each.name, "enabled": each.enabled}
        for each in sorted(wanted, key=lambda each: (each.tenant, each.name, each.sn))
    ]
    show(rows, as_json=said.json)
    return 0


async def show_one(said: Namespace) -> int:
    """One application with its tokens and what it is allowed."""
    async with office() as desk:
        app = await _app(desk, said.sn)
        rules = [
            f"{row.agent}/{row.name or row.device}" if row.agent != permits.ALL else "all devices"
            for row in await desk.store.rows(permits.grants_of(app.sn))
        ]
        usable = [f"{each.agent}/{each.device.name}" for each in await desk.store.usable(app) if not each.device.virtual]
        tokens = [row.name for row in await desk.store.tokens(app.sn) if not row.revoked_at]
    what: dict[str, Any] = {
        "sn": app.sn,
        "tenant": app.tenant,
        "name": app.name,
        "enabled": app.enabled,
        "appId": _app_id(app),
        "roles": list(app.roles),
        "allowed": rules,
        "devices": usable,
        "tokens": tokens,
        "keys": [key.name for key in app.keys],
    }
    describe(what, as_json=said.json)
    return 0


async def allow(said: Namespace) -> int:
    """Let an application use devices."""
    async with office() as desk:
        await _allow(desk, said.sn, said)
    report({"sn": said.sn}, f"The application {said.sn} may use them.", as_json=said.json)
    return 0


async def deny(said: Namespace) -> int:
    """Take it back."""
    async with office() as desk:
        for each in _named(said):
            await rights.deny(desk.store, said.sn, each.agent, each.device)
    report({"sn": said.sn}, f"The application {said.sn} may not use them any more; what is queued is printed.", as_json=said.json)
    return 0


async def name_it(said: Namespace) -> int:
    """Another issuer's name for it."""
    async with office() as desk:
        await rights.name_app(desk.store, said.sn, said.app_id)
    report({"sn": said.sn, "appId": said.app_id}, f"The application {said.sn} is {said.app_id}.", as_json=said.json)
    return 0


async def grant(said: Namespace) -> int:
    """Permissions of Graph for itself."""
    return await _change_roles(said, grant=said.roles)


async def revoke(said: Namespace) -> int:
    """Take them back."""
    return await _change_roles(said, revoke=said.roles)


async def disable(said: Namespace) -> int:
    """None of its tokens is good any more."""
    return await _switch(said, enabled=False)


async def enable(said: Namespace) -> int:
    """Its tokens are good again."""
    return await _switch(said, enabled=True)


async def remove(said: Namespace) -> int:
    """Remove an application for ever, with the endpoints that heard of its tasks."""
    async with office() as desk:
        app = await _app(desk, said.sn)
        await rights.switch_client(desk.store, app.sn, ClientKind.APP, enabled=False)  # it makes no endpoint meanwhile
        async with callbacks.open_desk(read(WebhooksSettings)) as hooks:
            await callbacks.remove_with(hooks, app.tenant, app.sn)
        await rights.remove_app(desk.store, app.sn)
    report({"sn": said.sn}, f"The application {said.sn} is removed.", as_json=said.json)
    return 0


async def _change_roles(said: Namespace, **changes: tuple[str, ...]) -> int:
    async with office() as desk:
        now = await rights.change_roles(desk.store, said.sn, **changes)
    line = f"The application {said.sn} has {', '.join(now) or 'no permissions of Graph for itself'}."
    report({"sn": said.sn, "roles": list(now)}, line, as_json=said.json)
    return 0


async def _switch(said: Namespace, *, enabled: bool) -> int:
    async with office() as desk:
        await rights.switch_client(desk.store, said.sn, ClientKind.APP, enabled=enabled)
        now = await desk.store.client(said.sn)
    if now:
        await switch_endpoints(now.tenant, {now.sn: now.enabled})  # not on while its tenant is off
    state = "enabled" if enabled else "disabled"
    report({"sn": said.sn, "enabled": enabled}, f"The application {said.sn} is {state}.", as_json=said.json)
    return 0


async def _allow(desk: Office, sn: str, said: Namespace) -> None:
    for each in _named(said):
        await rights.allow(desk.store, sn, each.agent, each.device)


def _named(said: Namespace) -> list[Allowed]:
    return [Allowed()] if said.all_devices else list(said.devices)


def _app_id(app: ClientEntry) -> str:
    return app.app_id or guid("application", app.sn)


async def _app(desk: Office, sn: str) -> ClientEntry:
    app = await desk.store.client(sn)
    if app is None or app.role is not ClientKind.APP:
        raise Unfit(f"There is no application {sn}.")
    return app
