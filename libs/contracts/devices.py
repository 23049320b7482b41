"""Devices and what they can do: read by the agent from the printer system, kept by the registry, shown at the doors."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.tickets import Collate, ColorMode, Cut, Dither, FeedOrientation, Margins, Media, Orientation, Quality, Sides


class DeviceType(StrEnum):
    """Webprinter's three device types (webprinter.md 1.5)."""

    PRINTER = "printer"
    SCANNER = "scanner"
    CAMERA = "camera"


class PrinterState(StrEnum):
    """printer-state (RFC 8011 section 5.4.11), and `unreachable` (ours) for a printer that does not answer."""

    IDLE = "idle"
    PROCESSING = "processing"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"


class UnknownPolicy(StrEnum):
    """What becomes of a task of which nobody can say whether it is on paper (design.md rule 10)."""

    ASK = "ask"
    REPRINT = "reprint"
    GIVE_UP = "give-up"


class ResumePolicy(StrEnum):
    """What becomes of tasks that waited for a printer whose agent was cut off for long: printed all, the newest of each name, or
    none before somebody says so.
    """

    ALL = "all"
    NEWEST = "newest"
    ASK = "ask"


class PartialPolicy(StrEnum):
    """What becomes of a task whose printer gave it up in the middle, and says itself how much of it is on paper: it ends, the rest
    is printed, or all of it once more.
    """

    GIVE_UP = "give-up"
    CONTINUE = "continue"
    REPRINT = "reprint"


@dataclass(frozen=True, slots=True)
class MediaSupport:
    """One sheet that a printer takes, with the edges that it cannot print on, in 1/100 mm, and its tray if it names one."""

    media: Media
    margins: Margins = Margins(0, 0, 0, 0)
    source: str = ""


@dataclass(frozen=True, slots=True)
class CustomMedia:
    """The range of sheets that a printer takes in any size, in 1/100 mm."""

    min_width: int
    max_width: int
    min_height: int
    max_height: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt printer that takes ESC/POS: width in dots, resolution in dpi, and what it does unless a ticket says otherwise."""

    width: int = 576
    dpi: int = 203
    dither: Dither = Dither.DIFFUSION
    cut: Cut = Cut.PARTIAL
    drawer: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a printer says of itself; an empty tuple or text, None or 0: it does not say.

    `monochrome` False: colours are made grey in the document, as the machine itself cannot. `finishings` are keywords (PWG 5100.1).
    What is laid out in the document (n-up, scaling, ranges of pages) every printer of documents can, and is not told here.
    `make_and_model` is printer-make-and-model (RFC 8011 section 5.4.9).
    """

    formats: tuple[str, ...] = ("application/pdf",)
    colors: tuple[ColorMode, ...] = ()
    default_color: ColorMode | None = None
    min_copies: int = 1
    max_copies: int = 1
    orientations: tuple[Orientation, ...] = ()
    default_orientation: Orientation | None = None
    collates: tuple[Collate, ...] = ()
    default_collate: Collate | None = None
    qualities: tuple[Quality, ...] = ()
    default_quality: Quality | None = None
    sides: tuple[Sides, ...] = ()
    default_sides: Sides | None = None
    media: tuple[MediaSupport, ...] = ()
    default_media: Media | None = None
    custom_media: CustomMedia | None = None
    sources: tuple[str, ...] = ()
    resolutions: tuple[int, ...] = ()
    number_up: tuple[int, ...] = (1,)
    default_source: str = ""
    media_types: tuple[str, ...] = ()
    receipt: Receipt | None = None
    monochrome: bool = True
    finishings: tuple[str, ...] = ()
    default_finishings: tuple[str, ...] = ()
    output_bins: tuple[str, ...] = ()
    default_output_bin: str = ""
    feed_orientations: tuple[FeedOrientation, ...] = ()
    default_feed_orientation: FeedOrientation | None = None
    media_colors: tuple[str, ...] = ()
    default_media_color: str = ""
    default_media_type: str = ""
    default_resolution: int = 0
    default_format: str = ""
    make_and_model: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as its agent reports it. `id` is derived from agent and name; `reasons` are printer-state-reasons keywords.

    `virtual`: no agent prints it; its tasks are held until somebody releases them to a real printer.
    """

    id: str
    name: str
    type: DeviceType = DeviceType.PRINTER
    state: PrinterState = PrinterState.IDLE
    reasons: tuple[str, ...] = ()
    accepting: bool = True
    system_default: bool = False
    unknown: UnknownPolicy = UnknownPolicy.ASK
    capabilities: Capabilities = Capabilities()
    virtual: bool = False
    resume: ResumePolicy = ResumePolicy.ALL
    partial: PartialPolicy = PartialPolicy.GIVE_UP


@dataclass(frozen=True, slots=True)
class Target:
    """What the converter must know of a printer to finish a document for it.

    `monochrome` False: where no colour is wanted, they are made grey in the document.
    """

    formats: tuple[str, ...] = ("application/pdf",)
    max_copies: int = 1
    collates: tuple[Collate, ...] = ()
    media: Media | None = None
    margins: Margins = Margins(0, 0, 0, 0)
    name: str = ""
    receipt: Receipt | None = None
    monochrome: bool = True
