"""`tenant`: organisations on this server; nothing crosses from one to another."""

from argparse import ArgumentParser, Namespace
from collections import Counter

from sqlalchemy import select

from services.cli.office import office, switch_endpoints
from services.cli.terminal import moment, offer_json, report, show
from services.registry import enrol, rights
from services.registry.enrol import Unfit
from services.registry.tables import tenants

SUMMARY = "add, list, disable, enable or remove tenants"


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `disable`, `enable`, `remove`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="add a tenant")
    one.add_argument("tenant", help="its id: lower-case letters, digits and dashes")
    one.add_argument("--name", default="", help="its name, as people write it")
    one.set_defaults(run=add)
    every = actions.add_parser("list", help="list all tenants")
    every.set_defaults(run=list_all)
    for name, run, summary in (
        ("disable", disable, "tokens and relays of its clients are void and endpoints are told nothing, until it is enabled again"),
        ("enable", enable, "undo `disable`"),
        ("remove", remove, "remove a tenant that has no clients"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("tenant")
        action.set_defaults(run=run)
    for action in actions.choices.values():
        offer_json(action)


async def add(said: Namespace) -> int:
    """Add a tenant."""
    async with office() as desk:
        if not await enrol.add_tenant(desk.store, said.tenant, said.name):
            raise Unfit(f"There is a tenant {said.tenant!r} already.")
    report({"tenant": said.tenant}, f"The tenant {said.tenant} is added.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Every tenant with how many clients it has."""
    async with office() as desk:
        clients = Counter(client.tenant for client in await desk.store.all_clients())
        found = await desk.store.rows(select(tenants).order_by(tenants.c.id))
    rows = [
        {
            "tenant": row.id,
            "name": row.name,
            "enabled": row.enabled,
            "clients": clients[row.id],
            "added": moment(row.created_at),
        }
        for row in found
    ]
    show(rows, as_json=said.json)
    return 0


async def disable(said: Namespace) -> int:
    """Disable a tenant with all its clients."""
    return await _switch(said, enabled=False)


async def enable(said: Namespace) -> int:
    """Enable it again."""
    return await _switch(said, enabled=True)


async def remove(said: Namespace) -> int:
    """Remove an empty tenant."""
    async with office() as desk:
        await rights.remove_tenant(desk.store, said.tenant)
    report({"tenant": said.tenant}, f"The tenant {said.tenant} is removed.", as_json=said.json)
    return 0


async def _switch(said: Namespace, *, enabled: bool) -> int:
    async with office() as desk:
        await rights.switch_tenant(desk.store, said.tenant, enabled=enabled)
        clients = {each.sn: each.enabled for each in await desk.store.all_clients() if each.tenant == said.tenant}
    await switch_endpoints(said.tenant, {**clients, "": enabled})
    state = "enabled" if enabled else "disabled"
    report({"tenant": said.tenant, "enabled": enabled}, f"The tenant {said.tenant} is {state}.", as_json=said.json)
    return 0
