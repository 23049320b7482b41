"""Headers, footers and watermarks as clients write them, and those of a task together with those by rule."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from libs.contracts.documents import INLINE_LIMIT, RAW_FORMATS, Format, Inline
from libs.contracts.marks import Align, Mark, Place
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading import words
from services.gateway.webprinter.reading.fields import Fields, shown

MAX_TEXT, MAX_SIZE, MAX_MARKS = 500, 500, 30
VARIABLES = ("page", "pages", "date", "time", "name", "device", "client", "taskId")
#: Watermarks are pale and slanting unless they say otherwise; size 0 is as large as suits the sheet.
_PLACES = tuple(Place)
_WATERMARK = Mark(Place.WATERMARK, size=0, color="808080", opacity=30, angle=45)
_BRACES = re.compile(r"\{\{|\{([^{}]{0,40})\}?")
_COLOR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_COLORS = {"BLACK": "000000", "GRAY": "808080", "GREY": "808080", "RED": "ff0000", "GREEN": "008000", "BLUE": "0000ff"}
_LAYERS = {"OVER": False, "UNDER": True}
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def read_marks(fields: Fields, max_image: int = INLINE_LIMIT) -> tuple[Mark, ...]:
    """The marks in `header`, `footer` and `watermark`: a text, an object, or `{left, center, right}` of them.

    Images lie inside the marks, of at most `max_image` bytes. Raises `Rejected`.
    """
    if all(fields.raw(place) is None for place in _PLACES):
        return ()
    found = tuple(mark for place in _PLACES for mark in _placed(fields, place, max_image))
    if len(found) > MAX_MARKS:
        raise Rejected(f"{fields.name('header')}, footer and watermark are at most {MAX_MARKS} together; these are {len(found)}.")
    return found


def marks_of(kind: Format, rules: Sequence[Mark], own: Sequence[Mark]) -> tuple[Mark, ...]:
    """All marks of a task: by rule of its device, by rule of its client, its own. Rules say nothing of what goes untouched."""
    return (*(() if kind in RAW_FORMATS else rules), *own)


async def stored_marks(gateway: Gateway, identity: Identity, task: str, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The same with their images where they belong: small ones in the message, others in the store, below the task's name."""
    if not any(isinstance(mark.image, Inline) and len(mark.image.data) > INLINE_LIMIT for mark in marks):
        return tuple(marks)
    kept = []
    for number, mark in enumerate(marks):
        if isinstance(mark.image, Inline):
            mark = replace(mark, image=await gateway.content(identity, task, mark.image.data, f"mark-{number}"))  # noqa: PLW2901
        kept.append(mark)
    return tuple(kept)


def _placed(fields: Fields, place: Place, max_image: int) -> Iterator[Mark]:
    given = fields.raw(place)
    if given is None or given in ("", []):  # an array without members is what PHP makes of an empty object
        return
    if isinstance(given, str):
        yield _of_text(fields, place, place, Align.CENTER)
        return
    if not isinstance(given, dict):
        raise Rejected(f"{fields.name(place)} must be a text, or an object with a text or an image; it is {shown(given)}.")
    inside = fields.inside(place)
    if place is Place.WATERMARK or not any(inside.raw(align) is not None for align in Align):
        yield from _of_object(inside, place, Align.CENTER, max_image)
        return
    for align in Align:
        each = inside.raw(align)
        if isinstance(each, str) and each:
            yield _of_text(inside, align, place, align)
        elif each:
            yield from _of_object(inside.inside(align), place, align, max_image)


def _start(place: Place, align: Align) -> Mark:
    return _WATERMARK if place is Place.WATERMARK else Mark(place, align=align)


def _of_text(fields: Fields, key: str, place: Place, align: Align) -> Mark:
    return replace(_start(place, align), text=_text(fields, key))


def _of_object(inside: Fields, place: Place, align: Align, max_image: int) -> Iterator[Mark]:
    start = _start(place, align)
    image = _image(inside, max_image)
    text = _text(inside, "text")
    if not text and image is None:
        if inside.raw("text") is None and inside.raw("image") is None:
            raise Rejected(f"{inside.path} says nothing: give it a text, or an image in base64.")
        return
    if text and image:
        raise Rejected(f"{inside.path} has a text and an image: write two marks, left and right, or one of them by a rule.")
    size = inside.number("size", 0, MAX_SIZE, " (points)")
    size = start.size if size is None else round(size)
    if image and inside.raw("size") is None:
        size = 0
    opacity = inside.number("opacity", 0, 100, " (percent)")
    angle = inside.number("angle", -360, 360, " (degrees)")
    yield replace(
        start,
        text=text,
        image=image,
        align=inside.word("align", words.ALIGNS, "LEFT, CENTER and RIGHT") or align,
        size=size,
        color=_color(inside) or start.color,
        opacity=start.opacity if opacity is None else round(opacity * 100 if opacity <= 1 else opacity),
        angle=start.angle if angle is None else round(angle),
        under=inside.word("layer", _LAYERS, "OVER and UNDER") or False,
    )


def _text(fields: Fields, key: str) -> str:
    text = fields.text(key, MAX_TEXT) or ""
    for brace in _BRACES.finditer(text):
        if brace[0] != "{{" and (brace[1] not in VARIABLES or not brace[0].endswith("}")):
            known = ", ".join(f"{{{name}}}" for name in VARIABLES)
            raise Rejected(f"{fields.name(key)} has {shown(brace[0])}, which is no variable: write {known}, or {{{{ for a brace.")
    return text


def _color(fields: Fields) -> str:
    given = fields.text("color", 20)
    if given is None:
        return ""
    named = _COLORS.get(given.upper())
    match = _COLOR.fullmatch(given)
    if named is None and match is None:
        raise Rejected(f"{fields.name('color')} must be a colour such as #808080 or red; it is {shown(given)}.")
    digits = named or (match[1].lower() if match else "")
    return digits if len(digits) == 6 else "".join(2 * digit for digit in digits)


def _image(fields: Fields, max_image: int) -> Inline | None:
    given = fields.raw("image")
    if given is None or given == "":
        return None
    name = fields.name("image")
    if not isinstance(given, str):
        raise Rejected(f"{name} must be an image in base64; it is {shown(given)}.")
    if len(given) > max_image * 2:
        raise Rejected(f"{name} must be an image of at most {max_image // 1024} KB; it is larger.")
    text = given.partition(",")[2] if given[:5].lower() == "data:" else given
    text = "".join(text.split()).rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(f"{name} is not base64, or not all of it: encode the whole image and send it unchanged.") from None
    if not data.startswith(_IMAGES):
        raise Rejected(f"{name} must be a PNG or a JPEG image in base64; it is something else.")
    if len(data) > max_image:
        raise Rejected(f"{name} must be an image of at most {max_image // 1024} KB; it has {-(-len(data) // 1024)} KB.")
    return Inline(data)
