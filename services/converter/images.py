"""Images as one-page PDF: a plain JPEG byte for byte, everything else decoded under a pixel limit and put right."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import img2pdf
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from libs.contracts.documents import Format
from services.converter import sniff
from services.converter.domain import Failure, Rejected
from services.converter.workers import Limits

#: What the task's format may be, by Pillow's name for it; MPO is a JPEG with a second picture behind the first.
_NAMES = {"PNG": "PNG", "JPG": "JPEG", "BMP": "BMP", "WEBP": "WEBP"}
_ALIAS = {"MPO": "JPEG", "DIB": "BMP"}
_TOLD = {"PNG": "PNG", "JPEG": "JPG", "BMP": "BMP", "WEBP": "WEBP"}
_ALLOWED = ["PNG", "JPEG", "BMP", "DIB", "WEBP"]
_ORIENTATION = 0x0112
_LONGEST = 720.0
#: Dots per inch of screens, and what a file may say of its own resolution.
_SCREEN, _DPI = 96.0, (10.0, 5000.0)
#: EXIF orientations that img2pdf turns into a page's /Rotate; the others are mirrored.
_TURNED = (1, 3, 6, 8)


def prepare() -> None:
    """Load every decoder that is allowed, while files can still be read."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked on the header
    for name in ("BmpImagePlugin", "JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin", "WebPImagePlugin"):
        __import__(f"PIL.{name}")


def samples() -> dict[str, bytes]:
    """A tiny image of each kind."""
    with Image.new("RGBA", (4, 4)) as dots, dots.convert("CMYK") as inks:
        return {"PNG": _saved(dots, "PNG"), "BMP": _saved(dots, "BMP"), "JPG": _saved(inks, "JPEG"), "WEBP": _saved(dots, "WEBP")}


def to_pdf(data: bytes, name: str, limits: Limits, *, natural: bool = False) -> bytes:
    """A PDF with one page, the image as large as its pixels; `name` is what the task says it is (PNG, JPG, BMP, WEBP).

    `natural`: the page has the size that the image's own resolution gives it, where it names none that of screens.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_ALLOWED) as image:
            _check(image, name, limits)
            dots = _resolution(image) if natural else None
            if _plain_jpeg(image):
                return paged([data], dots)
            return paged([_normal(image)], dots)
    except UnidentifiedImageError:
        found = sniff.looks(data)
        if found is not None and found.format is not Format[name]:
            raise sniff.mislabelled(Format[name], found) from None
        raise Rejected(Failure.BROKEN, f"This is not a {name} image, or its beginning is damaged; save it anew.") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, img2pdf.ImageOpenError) as error:
        raise Rejected(Failure.BROKEN, f"The {name} image is damaged or incomplete; save it anew and send it again.") from error


def _check(image: Image.Image, name: str, limits: Limits) -> None:
    """All that can be known before anything is decoded."""
    found = _ALIAS.get(str(image.format), str(image.format))
    if found != _NAMES[name]:
        raise Rejected(
            Failure.MISLABELLED, f"The task says {name}, but this is a {_TOLD[found]} image; write {_TOLD[found]} as its format."
        )
    width, height = image.size
    if width * height > limits.pixels:
        raise Rejected(
            Failure.TOO_LARGE,
            f"The image has {width} x {height} pixels; at most {limits.pixels / 1e6:g} million can be printed. Send a smaller one.",
        )


def _plain_jpeg(image: Image.Image) -> bool:
    return image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L") and image.getexif().get(_ORIENTATION, 1) in _TURNED


def _normal(image: Image.Image) -> bytes:
    """The first frame, upright, without transparency, 8 bits a channel, in RGB or gray; as PNG, photographs as JPEG."""
    photograph = image.format in ("JPEG", "MPO")
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        upright = upright.convert("I").point(lambda value: value / 256).convert("L")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        upright = Image.alpha_composite(white, layer).convert("RGB")
    elif upright.mode not in ("RGB", "L", "1", "P"):
        upright = upright.convert("L" if upright.mode in ("LA", "La") else "RGB")
    upright.info.clear()
    return _saved(upright, "JPEG" if photograph else "PNG")


def _saved(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        image.save(out, kind, quality=92, subsampling=0)
    elif kind == "PNG":
        image.save(out, kind, compress_level=1)
    else:
        image.save(out, kind)
    return out.getvalue()


def paged(pictures: Sequence[bytes], dots: tuple[float, float] | None = None) -> bytes:
    """A page for each picture, of its size at so many dots per inch; None: as large as an image, for finishing to fit."""

    def layout(width: float, height: float, _dpi: object) -> tuple[float, float, float, float]:
        """No page is narrower than PDF allows."""
        horizontal = vertical = _LONGEST / max(width, height)
        if dots:
            horizontal, vertical = 72 / dots[0], 72 / dots[1]
        across, down = max(3.0, horizontal * width), max(3.0, vertical * height)
        return across, down, across, down

    pdf: bytes = img2pdf.convert(  # type: ignore[no-untyped-call]
        *pictures, layout_fun=layout, rotation=img2pdf.Rotation.ifvalid, nodate=True
    )
    return pdf


def _resolution(image: Image.Image) -> tuple[float, float]:
    """Dots per inch as the image says, if that can be believed; else those of screens."""
    said = image.info.get("dpi")
    if not isinstance(said, tuple) or len(said) != 2 or not all(_DPI[0] <= float(each) <= _DPI[1] for each in said):
        return _SCREEN, _SCREEN
    return float(said[0]), float(said[1])


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in memory: 3 bytes a pixel, and how opaque each is, if not all are."""

    width: int
    height: int
    rgb: bytes
    alpha: bytes | None


def picture(data: bytes, limits: Limits) -> Picture:
    """The image of a mark, decoded under the pixel limit. Raises `Rejected`."""
    try:
        with Image.open(io.BytesIO(data), formats=_ALLOWED) as image:
            width, height = image.size
            if width * height > limits.pixels:
                raise Rejected(Failure.TOO_LARGE, f"A mark's image has {width} x {height} pixels, which is too large; send less.")
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data:
                layer = upright.convert("RGBA")
                return Picture(*layer.size, layer.convert("RGB").tobytes(), layer.getchannel("A").tobytes())
            plain = upright.convert("RGB")
            return Picture(*plain.size, plain.tobytes(), None)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise Rejected(Failure.BROKEN, "The image of a header, footer or watermark is damaged; send it anew.") from error


def size(data: bytes) -> tuple[int, int]:
    """Width and height of an image in pixels, by its header. Raises `Rejected`."""
    try:
        with Image.open(io.BytesIO(data), formats=_ALLOWED) as image:
            return image.size
    except (OSError, SyntaxError, ValueError) as error:
        raise Rejected(Failure.BROKEN, "The image of a header, footer or watermark is damaged; send it anew.") from error
