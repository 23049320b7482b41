"""Graph's enumerations of how to print, by name, and what they are inside (graph-print.md 1.3, 2.15, 2.16)."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from libs.contracts.tickets import ColorMode, Direction, FeedOrientation, Orientation, Quality, Scaling, Sides
from libs.ipp import finishings

Ours = TypeVar("Ours", bound=str)


class Words(Generic[Ours]):
    """One enumeration: each value of ours with Graph's name of it. Of Graph's names case counts for nothing when they are read."""

    def __init__(self, words: Mapping[Ours, str]) -> None:
        self._words: dict[str, str] = {str(ours): word for ours, word in words.items()}
        self._meanings = {word.lower(): ours for ours, word in words.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Graph's names, in their order."""
        return tuple(self._words.values())

    def to(self, ours: str | None) -> str | None:
        """Graph's name; None where it has none, or nothing was said."""
        return self._words.get(ours) if ours is not None else None

    def all(self, ours: Iterable[str]) -> list[str]:
        """Graph's names of those that have one, each once."""
        return list(dict.fromkeys(word for each in ours if (word := self.to(each))))

    def of(self, name: str) -> Ours | None:
        """What a name of Graph's means; None when it means nothing."""
        return self._meanings.get(name.lower())


COLORS: Words[ColorMode] = Words(
    {
        ColorMode.BI_LEVEL: "blackAndWhite",
        ColorMode.MONOCHROME: "grayscale",
        ColorMode.COLOR: "color",
        ColorMode.AUTO: "auto",
    }
)
DUPLEX: Words[Sides] = Words(
    {
        Sides.TWO_SIDED_LONG_EDGE: "flipOnLongEdge",
        Sides.TWO_SIDED_SHORT_EDGE: "flipOnShortEdge",
        Sides.ONE_SIDED: "oneSided",
    }
)
ORIENTATIONS: Words[Orientation] = Words(
    {
        Orientation.PORTRAIT: "portrait",
        Orientation.LANDSCAPE: "landscape",
        Orientation.REVERSE_LANDSCAPE: "reverseLandscape",
        Orientation.REVERSE_PORTRAIT: "reversePortrait",
    }
)
QUALITIES: Words[Quality] = Words({Quality.DRAFT: "low", Quality.NORMAL: "medium", Quality.HIGH: "high"})
SCALINGS: Words[Scaling] = Words(
    {
        Scaling.AUTO: "auto",
        Scaling.AUTO_FIT: "shrinkToFit",
        Scaling.FILL: "fill",
        Scaling.FIT: "fit",
        Scaling.NONE: "none",
    }
)
FEEDS: Words[FeedOrientation] = Words(
    {FeedOrientation.LONG_EDGE_FIRST: "longEdgeFirst", FeedOrientation.SHORT_EDGE_FIRST: "shortEdgeFirst"}
)
LAYOUTS: Words[Direction] = Words(
    {
        Direction.TORIGHT_TOBOTTOM: "clockwiseFromTopLeft",
        Direction.TOBOTTOM_TORIGHT: "counterclockwiseFromTopLeft",
        Direction.TOLEFT_TOBOTTOM: "counterclockwiseFromTopRight",
        Direction.TOBOTTOM_TOLEFT: "clockwiseFromTopRight",
        Direction.TORIGHT_TOTOP: "counterclockwiseFromBottomLeft",
        Direction.TOTOP_TORIGHT: "clockwiseFromBottomLeft",
        Direction.TOTOP_TOLEFT: "counterclockwiseFromBottomRight",
        Direction.TOLEFT_TOTOP: "clockwiseFromBottomRight",
    }
)


def camel(keyword: str) -> str:
    """`media-jam` as `mediaJam`."""
    first, *others = keyword.lower().split("-")
    return first + "".join(each.capitalize() for each in others)


def _finishing(keyword: str) -> str | None:
    """Graph's numbers are its own from 33 on, its names are IPP's but for stitches; two IPP values have none."""
    if keyword == "jog-offset" or keyword.startswith("punch-multiple"):
        return None
    stitch, _, edge = keyword.partition("edge-stitch")
    if edge or keyword == "edge-stitch":
        return f"stitch{edge.removeprefix('-').capitalize()}Edge"
    return camel(stitch)


FINISHINGS: Words[str] = Words({word: name for word in finishings.NUMBERS if (name := _finishing(word))})
