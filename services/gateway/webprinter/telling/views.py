"""Devices in Webprinter's own shape: the keys of the protocol's captures, in their order (webprinter.md 1.5)."""

from typing import Any

from libs.contracts.devices import Capabilities
from libs.contracts.queries import DeviceView
from services.gateway.webprinter.reading import words


def device_info(view: DeviceView, sn: str) -> dict[str, Any]:
    """DeviceInfo for the client `sn`; always all ten keys. `controlSn` owns the device, `connectSn` uses it.

    `sharing`: this client lets others use it. A virtual device is its client's own and cannot be shared.
    """
    own = view.agent == sn
    return {
        "type": {"type": view.device.type.value},
        "name": view.device.name,
        "local": own,
        "controlSn": view.agent,
        "connectSn": sn,
        "status": int(view.online),
        "sharing": own and view.shared,
        "defaultDevice": view.default,
        "shareable": own and not view.device.virtual,
        "deletable": False,
    }


def capability(can: Capabilities) -> dict[str, Any]:
    """Capability. Copies are always supported: what the printer cannot, the document does. Unknown defaults are left out."""
    shown = {
        "supportedColors": list(dict.fromkeys(words.SHOWN_COLORS[each] for each in can.colors)),
        "defaultColor": words.SHOWN_COLORS.get(can.default_color) if can.default_color else None,
        "supportsCopies": True,
        "upperCopies": can.max_copies,
        "lowerCopies": can.min_copies,
        "supportedOrientations": [words.SHOWN_ORIENTATIONS[each] for each in can.orientations],
        "defaultOrientation": words.SHOWN_ORIENTATIONS.get(can.default_orientation) if can.default_orientation else None,
        "supportedCollates": [words.SHOWN_COLLATES[each] for each in can.collates],
        "defaultCollate": words.SHOWN_COLLATES.get(can.default_collate) if can.default_collate else None,
        "supportedQualities": [words.SHOWN_QUALITIES[each] for each in can.qualities],
    }
    return {key: value for key, value in shown.items() if value is not None}
