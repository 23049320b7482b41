"""`endpoint`: addresses that hear over HTTP what becomes of tasks, with their secrets, tests, delivery logs and replays."""

from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from libs.contracts.endpoints import DeliveryState, EventKind
from libs.runtime.settings import read
from services.cli.moments import earlier
from services.cli.office import Office, office
from services.cli.terminal import moment, offer_json, report, show
from services.cli.wording import device, kinds
from services.registry.enrol import Unfit
from services.webhooks import enrol
from services.webhooks.desk import SUBSCRIBED, Desk, Owner
from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.history import Wanted
from services.webhooks.settings import WebhooksSettings

SUMMARY = "add, list, change, test or remove endpoints, and see or replay what they were told"
#: Seconds to wait for what comes of a test: the dispatcher looks once a second.
PATIENCE = 15.0
ONCE = "The secret is shown this once; receivers verify with it what we send (Standard Webhooks)."


def declare(parser: ArgumentParser) -> None:
    """`add`, `callback`, `list`, `update`, `enable`, `disable`, `remove`, `rotate`, `test`, `log`, `replay`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    one = actions.add_parser("add", help="tell an address of a client's tasks, or of a whole tenant's; you may lead it anywhere")
    whose = one.add_mutually_exclusive_group(required=True)
    whose.add_argument("--client", default="", metavar="SN", help="of the tasks of this agent or application")
    whose.add_argument("--tenant", default="", help="of the tasks of all clients of this tenant")
    one.add_argument("--dialect", choices=("standard", "cloudevents", "webprinter"), default="standard")
    one.add_argument("--binary", action="store_true", help="CloudEvents in binary mode")
    one.add_argument("url")
    one.set_defaults(run=add)
    callback = actions.add_parser("callback", help="the callback address of a client in the words of Webprinter")
    callback.add_argument("sn")
    where = callback.add_mutually_exclusive_group(required=True)
    where.add_argument("url", nargs="?", default="")
    where.add_argument("--none", action="store_true", help="no callback any more")
    callback.set_defaults(run=set_callback)
    every = actions.add_parser("list", help="list endpoints")
    every.add_argument("--tenant", required=True)
    every.set_defaults(run=list_all)
    change = _of_one(actions, "update", update, "change an endpoint")
    change.add_argument("--url")
    for action in (one, change):
        _offer_choice(action)
    for name, run, summary in (
        ("enable", enable, "switch it on again; then replay what it missed"),
        ("disable", disable, "switch it off; what it misses can be replayed for some days"),
        ("remove", remove, "remove it"),
        ("rotate", rotate, "give it a new secret; for a day both sign"),
        ("test", test, "send it an event that says that it is a test"),
    ):
        _of_one(actions, name, run, summary)
    _declare_log(actions)
    for action in actions.choices.values():
        offer_json(action)


def _of_one(actions: Any, name: str, run: Any, summary: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=summary)
    parser.add_argument("endpoint", help="its id, as `list` shows it")
    parser.set_defaults(run=run)
    return parser


def _offer_choice(parser: ArgumentParser) -> None:
    parser.add_argument("--name")
    parser.add_argument("--events", type=kinds, metavar="LIST", help=f"some of {','.join(EventKind)}; '' for those of tasks")
    parser.add_argument("--devices", nargs="*", type=device, metavar="[SN/]NAME", help="only of these; none: of all")


def _declare_log(actions: Any) -> None:
    log = _of_one(actions, "log", show_log, "what it was told and what it answered, the newest first")
    log.add_argument("--task", default="")
    log.add_argument("--limit", type=int, default=20)
    again = _of_one(actions, "replay", replay, "tell it again")
    again.add_argument("--delivery", default="", help="one delivery, by its id")
    for action in (log, again):
        action.add_argument("--since", type=earlier, metavar="WHEN", help="7d, 12h or 2026-01-31")
        action.add_argument("--state", type=DeliveryState, choices=list(DeliveryState), help="only those that ended so")


async def add(said: Namespace) -> int:
    """Add an endpoint and show its secret once."""
    async with _desk() as (place, desk):
        owner = await _owner(place, said)
        made = await desk.add(
            owner,
            said.url,
            name=said.name or "",
            dialect=said.dialect,
            binary=said.binary,
            kinds=said.events or (),
            devices=tuple(said.devices or ()),
        )
        await _note(place, "endpoint added", made)
    _tell_secret(made, f"The endpoint {made.id} is added.", said)
    return 0


async def set_callback(said: Namespace) -> int:
    """Make, change or remove the callback of a client."""
    async with _desk() as (place, desk):
        tenant = await _tenant_of(place, said.sn)
        if said.none:
            await enrol.drop_callback(desk, tenant, said.sn)
            await _note(place, "callback removed", Endpoint(enrol.callback_id(said.sn), said.sn, "", enrol.DIALECT, tenant=tenant))
            report({"sn": said.sn}, f"The client {said.sn} has no callback any more.", as_json=said.json)
            return 0
        made, secret = await enrol.set_callback(desk, tenant, said.sn, said.url)
        await _note(place, "callback set", made)
    if secret:
        _tell_secret(made, f"The callback of {said.sn} is set; as an endpoint it is {made.id}.", said)
    else:
        report({"id": made.id}, f"The callback of {said.sn} is changed; its secret is the one it had.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """Endpoints of a tenant, oldest first."""
    async with _desk() as (_, desk):
        found = await desk.endpoints.owned(said.tenant, None)
    show([_row(each) for each in found], as_json=said.json)
    return 0


async def update(said: Namespace) -> int:
    """Change what is said."""
    given = {"url": said.url, "name": said.name, "kinds": said.events}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    changes |= {"devices": tuple(said.devices)} if said.devices is not None else {}
    return await _change(said, changes, "changed")


async def enable(said: Namespace) -> int:
    """Switch on."""
    return await _change(said, {}, "switched on", enabled=True)


async def disable(said: Namespace) -> int:
    """Switch off."""
    return await _change(said, {}, "switched off", enabled=False)


async def remove(said: Namespace) -> int:
    """Remove it; its log stays readable to nobody."""
    async with _desk() as (place, desk):
        gone = await desk.remove(_OPERATOR, said.endpoint)
        await _note(place, "endpoint removed", gone)
    report({"id": gone.id}, f"The endpoint {gone.id} is removed.", as_json=said.json)
    return 0


async def rotate(said: Namespace) -> int:
    """A new secret, shown once."""
    async with _desk() as (place, desk):
        changed = await desk.rotate(_OPERATOR, said.endpoint)
        await _note(place, "endpoint secret rotated", changed)
    until = moment(changed.old_until)
    _tell_secret(changed, f"The endpoint {changed.id} has a new secret; until {until} the old one signs too.", said)
    return 0


async def test(said: Namespace) -> int:
    """Send a test and wait for what comes of it; 1 when it was not taken."""
    async with _desk() as (place, desk):
        begun = await desk.trial(_OPERATOR, said.endpoint)
        await _note(place, "endpoint tested", await desk.find(_OPERATOR, said.endpoint))
        tried = await desk.tried(begun, PATIENCE)
    line = f"It answered {tried.status}." if tried.state is DeliveryState.DELIVERED else f"It was not taken: {tried.error}."
    if not tried.attempts:
        line = "Nothing was sent yet: no dispatcher runs on this database, or other events are before it."
    report(_delivery(tried), line, as_json=said.json)
    return 0 if tried.state is DeliveryState.DELIVERED else 1


async def show_log(said: Namespace) -> int:
    """Deliveries; in JSON with their bodies and attempts."""
    async with _desk() as (_, desk):
        found = await desk.find(_OPERATOR, said.endpoint)
        rows = await desk.history.deliveries(Wanted(found.id, task=said.task, state=said.state, since=said.since), said.limit)
        log = await desk.history.attempts(found.id, [row.event for row in rows]) if said.json else {}
    tries = {event: [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in of] for event, of in log.items()}
    more = [{"body": row.body, "log": tries.get(row.event, [])} if said.json else {} for row in rows]
    show([{**_delivery(row), **extra} for row, extra in zip(rows, more, strict=True)], as_json=said.json)
    return 0


async def replay(said: Namespace) -> int:
    """One delivery, or all since."""
    if not said.delivery and said.since is None:
        raise Unfit("Say which: --delivery ID for one, or --since WHEN for all from then on.")
    async with _desk() as (place, desk):
        wanted = Wanted(said.endpoint, event=said.delivery, state=said.state, since=said.since)
        count = await desk.replay(_OPERATOR, wanted)
        await _note(place, "deliveries replayed", await desk.find(_OPERATOR, said.endpoint), count=count)
    report({"count": count}, f"{count} will be told again.", as_json=said.json)
    return 0


_OPERATOR = Owner("", "", operator=True)


@asynccontextmanager
async def _desk() -> AsyncIterator[tuple[Office, Desk]]:
    async with office() as place, enrol.open_desk(read(WebhooksSettings)) as desk:
        yield place, desk


async def _owner(place: Office, said: Namespace) -> Owner:
    if said.client:
        return Owner(await _tenant_of(place, said.client), said.client, operator=True)
    async with place.store.change() as change:
        if not await change.tenant(said.tenant):
            raise Unfit(f"There is no tenant {said.tenant!r}.")
    return Owner(said.tenant, "", operator=True)


async def _tenant_of(place: Office, sn: str) -> str:
    client = await place.store.client(sn)
    if client is None:
        raise Unfit(f"There is no client {sn}.")
    return client.tenant


async def _note(place: Office, action: str, one: Endpoint, **details: Any) -> None:
    async with place.store.change() as change:
        await change.note(action, one.id, one.tenant, client=one.sn, **details)


async def _change(said: Namespace, changes: Mapping[str, Any], how: str, *, enabled: bool | None = None) -> int:
    async with _desk() as (place, desk):
        changed = await desk.change(_OPERATOR, said.endpoint, changes, enabled=enabled)
        await _note(place, f"endpoint {how}", changed, fields=sorted(changes))
    report(_row(changed), f"The endpoint {changed.id} is {how}.", as_json=said.json)
    return 0


def _tell_secret(made: Endpoint, line: str, said: Namespace) -> None:
    report({"id": made.id, "secret": made.secret}, line, made.secret, ONCE, as_json=said.json)


def _row(one: Endpoint) -> dict[str, Any]:
    return {
        "id": one.id,
        "client": one.sn or ("" if one.dialect == SUBSCRIBED else "(all)"),
        "name": one.name,
        "dialect": one.dialect,
        "url": one.url,
        "events": [str(kind) for kind in one.kinds] or ["subscribed" if one.dialect == SUBSCRIBED else "all"],
        "devices": [f"{each.agent}/{each.name}" if each.agent else each.name for each in one.devices] or ["all"],
        "enabled": not one.disabled_at,
        "reason": one.reason,
        "failing since": moment(one.failing_since),
        "allowed us": "operator" if one.trusted else moment(one.proven_at) or one.unproven,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.event,
        "event": row.name,
        "at": moment(row.at),
        "state": str(row.state),
        "attempts": row.attempts,
        "status": row.status,
        "replay": row.replay,
        "error": row.error,
    }
