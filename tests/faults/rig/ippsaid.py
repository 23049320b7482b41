"""What the fake printer says of itself: the attributes of a plain office or label printer (RFC 8011 5.4, PWG 5100.7)."""

from collections.abc import Iterable

from libs.ipp.attributes import Attributes, Collection, Value
from libs.ipp.enums import Operation
from libs.ipp.media_names import make_name
from libs.ipp.values import Charset, EnumValue, IntegerRange, Keyword, MimeMediaType, Name, NaturalLanguage, Resolution, Text, Uri

#: Width and height in 1/100 mm.
A4 = (21000, 29700)
A5 = (14800, 21000)

_OPERATIONS = (
    Operation.PRINT_JOB,
    Operation.VALIDATE_JOB,
    Operation.CREATE_JOB,
    Operation.SEND_DOCUMENT,
    Operation.CANCEL_JOB,
    Operation.GET_JOB_ATTRIBUTES,
    Operation.GET_JOBS,
    Operation.GET_PRINTER_ATTRIBUTES,
)


def printer_attributes(
    name: str, uri: str, media: Iterable[tuple[int, int]], custom: tuple[int, int, int, int] | None = None
) -> Attributes:
    """Everything but its state. The first of `media` is its default."""
    sheets = list(media)
    return Attributes(
        {
            "printer-uri-supported": [Uri(uri)],
            "uri-authentication-supported": [Keyword("none")],
            "uri-security-supported": [Keyword("none")],
            "printer-name": Name(name),
            "printer-make-and-model": Text("Rig fake"),
            "ipp-versions-supported": [Keyword("1.1"), Keyword("2.0")],
            "operations-supported": [EnumValue(each) for each in _OPERATIONS],
            "charset-configured": Charset("utf-8"),
            "charset-supported": [Charset("utf-8")],
            "natural-language-configured": NaturalLanguage("en"),
            "generated-natural-language-supported": [NaturalLanguage("en")],
            "document-format-default": MimeMediaType("application/pdf"),
            "document-format-supported": [MimeMediaType("application/pdf"), MimeMediaType("image/jpeg")],
            "printer-is-accepting-jobs": True,
            "queued-job-count": 0,
            "compression-supported": [Keyword("none")],
            "multiple-document-jobs-supported": False,
            "job-creation-attributes-supported": [
                Keyword(each) for each in ("copies", "media", "media-col", "print-scaling", "sides")
            ],
            "copies-supported": IntegerRange(1, 99),
            "sides-supported": [Keyword("one-sided"), Keyword("two-sided-long-edge"), Keyword("two-sided-short-edge")],
            "sides-default": Keyword("one-sided"),
            "print-color-mode-supported": [Keyword("color"), Keyword("monochrome")],
            "color-supported": True,
            "print-scaling-supported": [Keyword("auto"), Keyword("none")],
            "printer-resolution-supported": [Resolution(300, 300), Resolution(600, 600)],
            "printer-config-change-time": 1,
            "media-col-supported": [Keyword("media-size")],
            "media-supported": [Keyword(make_name(*size)) for size in sheets],
            "media-default": Keyword(make_name(*sheets[0])),
            "media-col-default": _sheet(*sheets[0]),
            "media-col-database": [*(_sheet(*size) for size in sheets), *([_any_size(*custom)] if custom else [])],
        }
    )


def _sheet(width: int, height: int) -> Collection:
    size: dict[str, Value] = {"x-dimension": width, "y-dimension": height}
    margins = {f"media-{edge}-margin": 0 for edge in ("top", "right", "bottom", "left")}
    return Collection({"media-size": Collection(size), "media-size-name": Keyword(make_name(width, height)), **margins})


def _any_size(least: int, most: int, low: int, high: int) -> Collection:
    return Collection(
        {"media-size": Collection({"x-dimension": IntegerRange(least, most), "y-dimension": IntegerRange(low, high)})}
    )
