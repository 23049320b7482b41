"""Webprinter's words and the ones that mean the same, as ours, and back (webprinter.md 2.3, 3.1 and 3.2)."""

from libs.contracts.devices import DeviceType
from libs.contracts.documents import Format
from libs.contracts.marks import Align
from libs.contracts.states import Status
from libs.contracts.tickets import Collate, ColorMode, Cut, Dither, Orientation, Quality, Scaling, Sides, Subset

#: Keys are `fields.normal` words. The first spelling of each meaning is the protocol's own.
SIDES = {
    "ONESIDE": Sides.ONE_SIDED,
    "DUPLEX": Sides.TWO_SIDED_LONG_EDGE,
    "TUMBLE": Sides.TWO_SIDED_SHORT_EDGE,
    "ONESIDED": Sides.ONE_SIDED,
    "SIMPLEX": Sides.ONE_SIDED,
    "SINGLE": Sides.ONE_SIDED,
    "TWOSIDED": Sides.TWO_SIDED_LONG_EDGE,
    "TWOSIDEDLONGEDGE": Sides.TWO_SIDED_LONG_EDGE,
    "LONGEDGE": Sides.TWO_SIDED_LONG_EDGE,
    "TWOSIDEDSHORTEDGE": Sides.TWO_SIDED_SHORT_EDGE,
    "SHORTEDGE": Sides.TWO_SIDED_SHORT_EDGE,
}
COLORS = {
    "MONOCHROME": ColorMode.MONOCHROME,
    "COLOR": ColorMode.COLOR,
    "COLOUR": ColorMode.COLOR,
    "MONO": ColorMode.MONOCHROME,
    "BLACK": ColorMode.MONOCHROME,
    "GRAY": ColorMode.MONOCHROME,
    "GREY": ColorMode.MONOCHROME,
    "GRAYSCALE": ColorMode.MONOCHROME,
    "BLACKANDWHITE": ColorMode.MONOCHROME,
}
ORIENTATIONS = {
    "PORTRAIT": Orientation.PORTRAIT,
    "LANDSCAPE": Orientation.LANDSCAPE,
    "REVERSELANDSCAPE": Orientation.REVERSE_LANDSCAPE,
    "REVERSEPORTRAIT": Orientation.REVERSE_PORTRAIT,
}
COLLATES = {
    "COLLATE": Collate.COLLATED,
    "UNCOLLATE": Collate.UNCOLLATED,
    "COLLATED": Collate.COLLATED,
    "UNCOLLATED": Collate.UNCOLLATED,
}
QUALITIES = {
    "DRAFT": Quality.DRAFT,
    "NORMAL": Quality.NORMAL,
    "HIGH": Quality.HIGH,
    "LOW": Quality.DRAFT,
}
SCALINGS = {
    "NOSCALE": Scaling.NONE,
    "AUTO": Scaling.AUTO,
    "FIT": Scaling.FIT,
    "FILL": Scaling.FILL,
    "NONE": Scaling.NONE,
    "AUTOFIT": Scaling.AUTO,
    "ACTUAL": Scaling.NONE,
    "ACTUALSIZE": Scaling.NONE,
}
SUBSETS = {
    "ODD": Subset.ODD,
    "EVEN": Subset.EVEN,
}
CUTS = {
    "NONE": Cut.NONE,
    "PARTIAL": Cut.PARTIAL,
    "FULL": Cut.FULL,
    "TRUE": Cut.PARTIAL,
    "FALSE": Cut.NONE,
    "PART": Cut.PARTIAL,
    "HALF": Cut.PARTIAL,
}
DITHERS = {
    "DIFFUSION": Dither.DIFFUSION,
    "THRESHOLD": Dither.THRESHOLD,
    "FLOYDSTEINBERG": Dither.DIFFUSION,
}
ALIGNS = {
    "LEFT": Align.LEFT,
    "CENTER": Align.CENTER,
    "RIGHT": Align.RIGHT,
    "CENTRE": Align.CENTER,
    "MIDDLE": Align.CENTER,
}
FORMATS = {
    **{word.value: word for word in Format},
    "HTM": Format.HTML,
    "JPEG": Format.JPG,
    "DOC": Format.WORD,
    "DOCX": Format.WORD,
    "XLS": Format.EXCEL,
    "XLSX": Format.EXCEL,
    "XLSXX": Format.EXCEL,  # the seed's own misprint (webprinter.md 1.7)
    "PPTX": Format.PPT,
    "TXT": Format.TEXT,
    "ET": Format.WPS,
    "DPS": Format.WPS,
    "OXPS": Format.XPS,
    "PWGRASTER": Format.PWG,
    "TSPL2": Format.TSPL,
}
DEVICE_TYPES = {word.value.upper(): word for word in DeviceType}
STATUSES = {**{word.value.replace("_", ""): word for word in Status}, "CANCELLED": Status.CANCELED}

#: Ours -> the protocol's own word, which is what answers show.
SHOWN_COLORS = {
    ColorMode.MONOCHROME: "MONOCHROME",
    ColorMode.COLOR: "COLOR",
    ColorMode.AUTO: "COLOR",
    ColorMode.BI_LEVEL: "MONOCHROME",
}
SHOWN_ORIENTATIONS = {
    Orientation.PORTRAIT: "PORTRAIT",
    Orientation.LANDSCAPE: "LANDSCAPE",
    Orientation.REVERSE_LANDSCAPE: "REVERSE_LANDSCAPE",
    Orientation.REVERSE_PORTRAIT: "REVERSE_PORTRAIT",
}
SHOWN_SIDES = {Sides.ONE_SIDED: "ONESIDE", Sides.TWO_SIDED_LONG_EDGE: "DUPLEX", Sides.TWO_SIDED_SHORT_EDGE: "TUMBLE"}
SHOWN_COLLATES = {Collate.COLLATED: "COLLATE", Collate.UNCOLLATED: "UNCOLLATE"}
SHOWN_QUALITIES = {Quality.DRAFT: "DRAFT", Quality.NORMAL: "NORMAL", Quality.HIGH: "HIGH"}
