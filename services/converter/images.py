"""Images as one-page PDF: a plain JPEG byte for byte, everything else decoded under a pixel limit and put right."""

import io

import img2pdf
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from libs.contracts.documents import Format
from services.converter import sniff
from services.converter.domain import Failure, Rejected
from services.converter.workers import Limits

#: What the task's format may be, by Pillow's name for it; MPO is a JPEG with a second picture behind the first.
_NAMES = {"PNG": "PNG", "JPG": "JPEG", "BMP": "BMP"}
_ALIAS = {"MPO": "JPEG", "DIB": "BMP"}
_TOLD = {"PNG": "PNG", "JPEG": "JPG", "BMP": "BMP"}
_ORIENTATION = 0x0112
_LONGEST = 720.0
#: EXIF orientations that img2pdf turns into a page's /Rotate; the others are mirrored.
_TURNED = (1, 3, 6, 8)


def prepare() -> None:
    """Load every decoder that is allowed, while files can still be read."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked on the header
    for name in ("BmpImagePlugin", "JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin"):
        __import__(f"PIL.{name}")


def samples() -> dict[str, bytes]:
    """A tiny image of each kind."""
    with Image.new("RGBA", (4, 4)) as dots, dots.convert("CMYK") as inks:
        return {"PNG": _saved(dots, "PNG"), "BMP": _saved(dots, "BMP"), "JPG": _saved(inks, "JPEG")}


def to_pdf(data: bytes, name: str, limits: Limits) -> bytes:
    """A PDF with one page, the image as large as its pixels; `name` is what the task says it is (PNG, JPG, BMP)."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "BMP", "DIB"]) as image:
            _check(image, name, limits)
            if _plain_jpeg(image):
                return _paged(data)
            return _paged(_normal(image))
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


def _layout(width: float, height: float, _dpi: object) -> tuple[float, float, float, float]:
    """The same longest edge for all images, and a page not narrower than PDF allows: finishing gives it its real size."""
    scale = _LONGEST / max(width, height)
    across, down = max(3.0, scale * width), max(3.0, scale * height)
    return across, down, across, down


def _paged(data: bytes) -> bytes:
    pdf: bytes = img2pdf.convert(  # type: ignore[no-untyped-call]
        data, layout_fun=_layout, rotation=img2pdf.Rotation.ifvalid, nodate=True
    )
    return pdf
