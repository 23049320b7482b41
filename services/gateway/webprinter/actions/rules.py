"""`setRules` and `getRules`: what is printed by rule on every page of a client's tasks or on a device of its own."""

import base64
from typing import Any

from libs.contracts.directory import ClientEntry, DeviceEntry, client_key, device_key
from libs.contracts.documents import Inline
from libs.contracts.ids import device_id
from libs.contracts.marks import Mark, Place
from libs.contracts.queries import SetMarks
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.unfound import naming
from services.gateway.webprinter.envelope import NOTHING, Rejected
from services.gateway.webprinter.reading.fields import Fields, shown
from services.gateway.webprinter.reading.marks import read_marks

#: Bytes of all images of one set of rules: they lie in the directory, which every gateway holds in memory.
MAX_IMAGES = 32 * 1024


async def set_rules(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """Set `header`, `footer` and `watermark` of a device of one's own, or of all one prints; what is left out is none.

    Raises `Rejected`.
    """
    marks = read_marks(data, MAX_IMAGES)
    if sum(len(mark.image.data) for mark in marks if isinstance(mark.image, Inline)) > MAX_IMAGES:
        raise Rejected(f"image: the images of all rules together may have at most {MAX_IMAGES // 1024} KB.")
    key, name = _subject(identity, data)
    query = SetMarks(region=gateway.region, tenant=identity.tenant, sn=identity.sn, device=name, marks=marks, by=identity.by)
    with naming("deviceName"):
        await gateway.bus.ask(query)
    await gateway.directory.settle_key(key)
    return NOTHING


async def get_rules(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """The same as `setRules` takes it; an empty object when there are none. Raises `Rejected`."""
    key, name = _subject(identity, data)
    for look in (gateway.directory.get, gateway.directory.ask):
        (entry,) = await look(key)
        if isinstance(entry, ClientEntry | DeviceEntry):
            return _shown(entry.marks)
    raise Rejected(f"deviceName: there is no device {shown(name)} of your own; listDevices names them.")


def _subject(identity: Identity, data: Fields) -> tuple[str, str]:
    """The key of whose rules these are, and the device's name; none: the client's own."""
    owner = data.text("controlSn")
    if owner and owner != identity.sn:
        raise Rejected("controlSn: only the client that has a device sets its rules; leave controlSn out.")
    name = data.text("deviceName")
    if name is None:
        return client_key(identity.sn), ""
    return device_key(identity.sn, device_id(identity.sn, name)), name


def _shown(marks: tuple[Mark, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for mark in marks:
        if mark.place is Place.WATERMARK:
            found[mark.place.value] = _mark(mark)
        else:
            found.setdefault(mark.place.value, {})[mark.align.value] = _mark(mark)
    return found


def _mark(mark: Mark) -> dict[str, Any]:
    what: dict[str, Any] = {"text": mark.text}
    if isinstance(mark.image, Inline):
        what = {"image": base64.b64encode(mark.image.data).decode()}
    return {
        **what,
        "size": mark.size,
        "color": f"#{mark.color}",
        "opacity": mark.opacity / 100,
        "angle": mark.angle,
        "layer": "UNDER" if mark.under else "OVER",
    }
