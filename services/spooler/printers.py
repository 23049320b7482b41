"""What the spooler knows of printers, from the directory."""

from libs.contracts.devices import Device, Target, UnknownPolicy
from libs.contracts.directory import ClientEntry, DeviceEntry, client_key, device_key
from libs.contracts.tickets import Margins
from libs.runtime.mirror import Mirror


class Printers:
    """A look at the mirrored directory by agent and device id."""

    def __init__(self, directory: Mirror) -> None:
        self._directory = directory

    def unknown_policy(self, agent: str, printer: str) -> UnknownPolicy:
        """What this printer's owner wants done with tasks of unknown outcome."""
        entry = self._entry(agent, printer)
        return entry.device.unknown if entry else UnknownPolicy.ASK

    def target(self, agent: str, printer: str) -> Target:
        """What the converter must know of a printer; of one that is not known, nothing is assumed but PDF."""
        entry = self._entry(agent, printer)
        return _target(entry.device) if entry else Target()

    def client_name(self, sn: str) -> str:
        """What a client is called: its name, or its SN."""
        entry = self._directory.get(client_key(sn))
        return entry.name or sn if isinstance(entry, ClientEntry) else sn

    def _entry(self, agent: str, printer: str) -> DeviceEntry | None:
        entry = self._directory.get(device_key(agent, printer))
        return entry if isinstance(entry, DeviceEntry) else None


def _target(device: Device) -> Target:
    able = device.capabilities
    media = able.default_media
    margins = next(
        (each.margins for each in able.media if media and _same(each.media.width, media.width, each.media.height, media.height)),
        None,
    )
    return Target(
        formats=able.formats,
        max_copies=able.max_copies,
        collates=able.collates,
        media=media,
        margins=margins or Margins(0, 0, 0, 0),
        name=device.name,
        receipt=able.receipt,
        monochrome=able.monochrome,
    )


def _same(width: int, other_width: int, height: int, other_height: int) -> bool:
    """Within 1 mm: names and sizes of the same sheet differ by rounding."""
    return abs(width - other_width) <= 100 and abs(height - other_height) <= 100
