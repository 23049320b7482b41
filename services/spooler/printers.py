"""What the spooler knows of printers, from the directory."""

from collections import Counter
from collections.abc import Iterator

from libs.contracts.devices import Device, DeviceType, PrinterState, ResumePolicy, Target, UnknownPolicy
from libs.contracts.directory import DEVICES, ClientEntry, DeviceEntry, PresenceEntry, client_key, device_key, presence_key
from libs.contracts.documents import RAW_FORMATS, RAW_MEDIA_TYPE, Document, Format, Remote
from libs.contracts.mediatypes import MEDIA_TYPE, bare
from libs.contracts.metrics import told_reason
from libs.contracts.tickets import Margins
from libs.runtime.metrics import Rows
from libs.runtime.mirror import Mirror

#: The state of printers whose agent is not there to say another.
AWAY = "agent-away"


class Printers:
    """A look at the mirrored directory by agent and device id."""

    def __init__(self, directory: Mirror) -> None:
        self._directory = directory

    def entry(self, agent: str, printer: str) -> DeviceEntry | None:
        """All that the directory has of a printer; None: it has gone, or is not known yet."""
        entry = self._directory.get(device_key(agent, printer))
        return entry if isinstance(entry, DeviceEntry) else None

    def policies(self, agent: str, printer: str) -> tuple[UnknownPolicy, str]:
        """What this printer's owner wants done with tasks of unknown outcome, and the application that serves it."""
        entry = self.entry(agent, printer)
        return (entry.device.unknown, entry.served_by) if entry else (UnknownPolicy.ASK, "")

    def takes(self, agent: str, printer: str, document: Document, media_type: str = "") -> bool:
        """Whether this printer takes the document as it came. `media_type`: what it came as, where somebody said."""
        entry = self.entry(agent, printer)
        if entry is None or isinstance(document.content, Remote):
            return False
        formats = {bare(each) for each in entry.device.capabilities.formats}
        if document.format in RAW_FORMATS and RAW_MEDIA_TYPE in formats:
            return True
        usual = MEDIA_TYPE[document.format]
        return (bare(media_type) or usual) in formats or (document.format is Format.PDF and usual in formats)

    def target(self, agent: str, printer: str) -> Target:
        """What the converter must know of a printer; of one that is not known, nothing is assumed but PDF."""
        entry = self.entry(agent, printer)
        return _target(entry.device) if entry else Target()

    def reserved(self, agent: str, printer: str) -> bool:
        """Whether a printer's owner wants a say in what is printed after it was cut off, and its agent is away now."""
        entry = self.entry(agent, printer)
        return entry is not None and _choosy(entry) and not self.online(agent)

    def choosy(self) -> Iterator[tuple[DeviceEntry, bool]]:
        """Printers whose owner wants a say in what is printed after they were cut off, and whether their agent is away."""
        for entry in self._directory.below(DEVICES):
            if isinstance(entry, DeviceEntry) and _choosy(entry):
                yield entry, not self.online(entry.agent)

    @property
    def fresh(self) -> bool:
        """Whether what is known of them may be believed now."""
        return self._directory.fresh

    def states(self) -> Rows:
        """State -> how many printers are in it; every state is told."""
        found = Counter(AWAY if away else device.state.value for device, away in self._every())
        return {(state,): float(found[state]) for state in (*(each.value for each in PrinterState), AWAY)}

    def reasons(self) -> Rows:
        """Reason -> how many printers give it."""
        found = Counter(
            told for device, away in self._every() if not away for told in {told_reason(each) for each in device.reasons} if told
        )
        return {(reason,): float(count) for reason, count in found.items()}

    def _every(self) -> Iterator[tuple[Device, bool]]:
        """Each printer that an agent has, and whether that agent is away."""
        away: dict[str, bool] = {}
        for entry in self._directory.below(DEVICES):
            if not isinstance(entry, DeviceEntry) or entry.device.type is not DeviceType.PRINTER or entry.device.virtual:
                continue
            if entry.agent not in away:
                away[entry.agent] = not self.online(entry.agent)
            yield entry.device, away[entry.agent]

    def online(self, agent: str) -> bool:
        """Whether an agent is there."""
        presence = self._directory.get(presence_key(agent))
        return isinstance(presence, PresenceEntry) and presence.online

    def client_name(self, sn: str) -> str:
        """What a client is called: its name, or its SN."""
        entry = self._directory.get(client_key(sn))
        return entry.name or sn if isinstance(entry, ClientEntry) else sn


def _choosy(entry: DeviceEntry) -> bool:
    return entry.device.resume is not ResumePolicy.ALL and not entry.served_by


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
