"""`agent`: machines with printers; each has a serial number and its own credentials on the bus."""

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Any

from libs.contracts.directory import ClientKind
from libs.contracts.permissions import agent_permissions
from libs.runtime.keys import Keys
from libs.runtime.settings import read
from libs.runtime.trust import CA_FILE, fingerprint
from services.cli.moments import later
from services.cli.office import office, switch_endpoints
from services.cli.terminal import moment, offer_json, report, show
from services.gateway.settings import GatewaySettings
from services.registry import enrol, enrolment, rights

SUMMARY = "add, invite, list, disable or enable agents"


def declare(parser: ArgumentParser) -> None:
    """`add`, `invite`, `list`, `disable`, `enable`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="add an agent and write its credentials file")
    one.add_argument("--tenant", required=True)
    one.add_argument("--name", required=True)
    one.set_defaults(run=add)
    asked = actions.add_parser("invite", help="make a token by which one agent outside joins, once")
    asked.add_argument("--tenant", required=True)
    asked.add_argument("--name", default="", help="what the new agent is called")
    asked.add_argument("--sn", default="", help="one that joined before and is to get new credentials")
    asked.add_argument("--expires", type=later, default=0, metavar="WHEN", help="24h (as when missing), 7d or 2027-01-31")
    asked.set_defaults(run=invite)
    every = actions.add_parser("list", help="list agents")
    every.add_argument("--tenant", default="", help="only of this tenant")
    every.add_argument("--devices", action="store_true", help="list their devices instead")
    every.set_defaults(run=list_all)
    for name, run, summary in (
        ("disable", disable, "its tokens and relays are void and nobody uses its devices, until it is enabled again"),
        ("enable", enable, "undo `disable`"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("sn", help="its serial number")
        action.set_defaults(run=run)
    for action in actions.choices.values():
        offer_json(action)


async def add(said: Namespace) -> int:
    """Add an agent; a running registry makes its consumer within a second, one that starts later when it starts."""
    async with office() as desk:
        keys = Keys(desk.settings.keys_dir)
        if not await asyncio.to_thread(keys.path("account.seed").is_file):
            raise enrol.Unfit(f"There are no keys in {desk.settings.keys_dir}: run `python -m services provision` first.")
        agent = await enrol.add_client(desk.store, said.tenant, ClientKind.AGENT, said.name)
        permissions = agent_permissions(desk.settings.region, agent.shard, agent.tenant, agent.sn)
        path = (await asyncio.to_thread(keys.issue, agent.sn, permissions)).absolute()
    what = {"sn": agent.sn, "tenant": said.tenant, "name": said.name, "credentials": str(path)}
    line = f"The agent {said.name!r} is added; its serial number is {agent.sn}, its credentials are in {path}."
    report(what, line, as_json=said.json)
    return 0


async def invite(said: Namespace) -> int:
    """Make an enrolment token and show it once, with the command that uses it."""
    expires = said.expires or later("24h")
    async with office() as desk:
        settings = desk.settings
        token = await enrolment.invite(desk.store, said.tenant, said.name, sn=said.sn, expires_at=expires)
    mark = await asyncio.to_thread(fingerprint, settings.keys_dir / CA_FILE)
    what = {
        "token": token,
        "tenant": said.tenant,
        "name": said.name,
        "sn": said.sn,
        "expires": moment(expires),
        "fingerprint": mark,
    }
    lines = [
        token,
        f"It is shown this once and good for one agent, until {moment(expires)}. At the machine with the printers run",
        f"  python -m services join https://SERVER:PORT{f' --fingerprint {mark}' if mark else ''}",
        "with the address of this server, and give the token when it asks.",
    ]
    if not settings.outside_urls:
        lines.append("Agents outside are not let in yet: set PRINTBUS_NATS_TLS_PORT or PRINTBUS_NATS_WEBSOCKET_PORT.")
    if not read(GatewaySettings).public_url:
        lines.append("They fetch documents from PRINTBUS_PUBLIC_URL, which is not set: give it the address that they reach.")
    report(what, *lines, as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Agents by tenant and name, or their devices."""
    async with office(said.tenant) as desk:
        found = [each for each in await desk.store.all_clients() if each.role is ClientKind.AGENT]
        wanted = sorted((each for each in found if said.tenant in ("", each.tenant)), key=lambda each: (each.tenant, each.name))
        devices = {each.sn: await desk.store.devices(each.sn, None) for each in wanted}
    rows: list[dict[str, Any]]
    if said.devices:
        rows = [
            {"sn": each.sn, "device": device.name, "type": device.type.value, "state": device.state.value}
            for each in wanted
            for device in devices[each.sn]
        ]
    else:
        rows = [
            {
                "sn": each.sn,
                "tenant": each.tenant,
                "name": each.name,
                "enabled": each.enabled,
                "devices": len(devices[each.sn]),
            }
            for each in wanted
        ]
    show(rows, as_json=said.json)
    return 0


async def disable(said: Namespace) -> int:
    """Nobody speaks for it or uses its devices."""
    return await _switch(said, enabled=False)


async def enable(said: Namespace) -> int:
    """As before."""
    return await _switch(said, enabled=True)


async def _switch(said: Namespace, *, enabled: bool) -> int:
    async with office() as desk:
        await rights.switch_client(desk.store, said.sn, ClientKind.AGENT, enabled=enabled)
        now = await desk.store.client(said.sn)
    if now:
        await switch_endpoints(now.tenant, {now.sn: now.enabled})  # not on while its tenant is off
    state = "enabled" if enabled else "disabled"
    report({"sn": said.sn, "enabled": enabled}, f"The agent {said.sn} is {state}.", as_json=said.json)
    return 0
