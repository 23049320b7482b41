"""Endpoints as the command line makes them, on the database itself: a running dispatcher takes up in seconds what is changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.database import database
from services.webhooks import dialects
from services.webhooks.app import MIGRATIONS, desk_of
from services.webhooks.desk import SUBSCRIBED, Desk, Owner
from services.webhooks.domain import Endpoint
from services.webhooks.own import ID as OWN
from services.webhooks.settings import WebhooksSettings

DIALECT = "webprinter"
#: Why an endpoint is off that was on when its client or its tenant was disabled.
WITH_CLIENT = "switched off with its client"


@asynccontextmanager
async def open_desk(settings: WebhooksSettings) -> AsyncIterator[Desk]:
    """What may be done with endpoints, for the operator: `Owner(..., operator=True)`."""
    async with database(settings.database_url, settings.data_dir, "webhooks", MIGRATIONS) as opened:
        yield desk_of(opened, settings, dialects.discover(dialects))


def callback_id(sn: str) -> str:
    """The id of a client's callback endpoint."""
    return f"callback-{sn}"


async def set_callback(desk: Desk, tenant: str, sn: str, url: str) -> tuple[Endpoint, str]:
    """The callback address of a client, in Webprinter's own words: made, or changed.

    Returns the endpoint, and its secret if it was made just now. Raises `Refused`.
    """
    owner = Owner(tenant, sn, operator=True)
    try:
        there = await desk.change(owner, callback_id(sn), {"url": url}, enabled=True)
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        made = await desk.add(owner, url, name="callback", dialect=DIALECT, endpoint_id=callback_id(sn))
        return made, made.secret
    return there, ""


async def switch_with(desk: Desk, tenant: str, sn: str, *, enabled: bool) -> int:
    """Endpoints go off with their client (empty: those of the tenant as a whole) and on again with it; how many there were.

    One that was off before stays off; what they missed can be replayed. Subscriptions pause by themselves.
    """
    count = 0
    for each in await desk.endpoints.owned(tenant, sn):
        if (
            each.id != OWN
            and each.dialect != SUBSCRIBED
            and bool(each.disabled_at) is enabled
            and (not enabled or each.reason == WITH_CLIENT)
        ):
            await desk.switch(each, WITH_CLIENT, enabled=enabled)
            count += 1
    return count


async def remove_with(desk: Desk, tenant: str, sn: str) -> int:
    """Remove all endpoints of a client; how many there were."""
    found = await desk.endpoints.owned(tenant, sn)
    for each in found:
        await desk.remove(Owner(tenant, sn, operator=True), each.id)
    return len(found)


async def drop_callback(desk: Desk, tenant: str, sn: str) -> None:
    """No callback for a client any more. Raises `Refused` when it has none."""
    await desk.remove(Owner(tenant, sn, operator=True), callback_id(sn))
