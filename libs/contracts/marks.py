"""What is printed over a document's own pages: headers, footers and watermarks, of a task or by rule."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from libs.contracts.documents import Inline, Stored


class Place(StrEnum):
    """Where a mark stands on each sheet side."""

    HEADER = "header"
    FOOTER = "footer"
    WATERMARK = "watermark"


class Align(StrEnum):
    """Where in its line a header or footer stands."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Mark:
    """A text or an image on every page. `size` is in points (an image: its height; 0: its own, a watermark's: as large as
    suits the sheet), `color` rrggbb, `opacity` in percent, `angle` counter-clockwise in degrees (watermarks), `under`: below
    what the page shows.

    In a text `{page}`, `{pages}`, `{date}`, `{time}`, `{name}`, `{device}`, `{client}` and `{taskId}` are variables; `{{` is
    a brace.
    """

    place: Place
    text: str = ""
    image: Annotated[Inline | Stored, Field(discriminator="kind")] | None = None
    align: Align = Align.CENTER
    size: int = 9
    color: str = "000000"
    opacity: int = 100
    angle: int = 0
    under: bool = False
