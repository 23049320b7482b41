"""`shareDevice`: whom of the tenant a client lets use a device of its own (an extension in the style of webprinter.md 3.4)."""

from typing import Any

from libs.contracts.directory import EVERYBODY, device_key
from libs.contracts.ids import device_id
from libs.contracts.queries import DeviceAnswer, ShareDevice
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.devices import device_name, device_type
from services.gateway.webprinter.actions.unfound import naming
from services.gateway.webprinter.envelope import NOTHING, Rejected
from services.gateway.webprinter.reading.fields import Fields, shown
from services.gateway.webprinter.telling import views

MOST_USERS = 200
_EVERYBODY = ("*", "everybody", "all")


async def share_device(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """Share a device of one's own with some or all, or with nobody any more; the device as it then is.

    What others queued before goes on: they had the right when they printed. Raises `Rejected`.
    """
    name = device_name(data)
    owner = data.text("controlSn")
    if owner and owner != identity.sn:
        raise Rejected("controlSn: only the client that has a device shares it; leave controlSn out.")
    query = ShareDevice(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        name=name,
        type=device_type(data),
        users=_users(data),
        by=identity.by,
    )
    with naming("deviceName"):
        found: DeviceAnswer = await gateway.bus.ask(query)
    await gateway.directory.settle_key(device_key(identity.sn, device_id(identity.sn, name)))
    return views.device_info(found.device, identity.sn) if found.device else NOTHING


def _users(data: Fields) -> tuple[str, ...]:
    sharing = data.flag("sharing")
    given = data.raw("users")
    if sharing is None:
        raise Rejected("sharing is missing: write true to share the device, or false to end that.")
    if not sharing:
        return ()
    if given is None or given in ("", []):
        return (EVERYBODY,)
    listed = given if isinstance(given, list) else [given]
    if len(listed) > MOST_USERS:
        raise Rejected(f"users must name at most {MOST_USERS} clients; it names {len(listed)}. Leave it out to share with all.")
    return tuple(dict.fromkeys(_user(each) for each in listed))


def _user(given: Any) -> str:
    if isinstance(given, str) and given.strip().lower() in _EVERYBODY:
        return EVERYBODY
    if not isinstance(given, str) or not (given.isascii() and given.isalnum() and len(given) == 8):
        raise Rejected(f"users must be serial numbers of clients, such as jueKiUEE; one is {shown(given)}.")
    return given
