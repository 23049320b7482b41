"""Images in grey: palettes are changed, everything else is decoded, weighed and written anew (ISO 32000-1 section 8.9)."""

import io
from typing import Any

import pikepdf
from pikepdf import Array, Name, Object, Pdf, Stream
from PIL import Image, ImageChops

from services.converter.grey import Unknown
from services.converter.grey.spaces import GRAY, RGB, Space, grey_of, level, space
from services.converter.workers import Limits

#: Components -> Pillow's name for so many.
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
#: What decoding may raise for an image that is none.
_BROKEN = (pikepdf.PdfError, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError)


def make_grey(image: Stream, resources: Object, limits: Limits) -> None:
    """Change an image in its place. Raises `Unknown`."""
    if bool(image.get("/ImageMask", False)):
        return
    if "/ColorSpace" not in image:
        _rewritten(image, None, limits)  # JPEG 2000 says itself what it is
        return
    own = space(image.ColorSpace, resources)
    if own.palette and not own.colorless:
        image.ColorSpace = Array([Name.Indexed, Name.DeviceGray, len(own.palette) - 1, pikepdf.String(own.palette)])
    if own.colorless or own.palette:
        return
    if isinstance(image.get("/Mask"), Array):
        raise Unknown  # colours that are not drawn, by their components
    _rewritten(image, own, limits)
    mask = image.get("/SMask")
    if isinstance(mask, Stream) and "/Matte" in mask:
        mask.Matte = Array([round(grey_of(mask.Matte, own), 4)])


def hung(pdf: Pdf, made: Any, resources: Object, limits: Limits) -> Stream:
    """A grey image of its own for one that stands within contents (BI). Raises `Unknown`."""
    image = pdf.make_stream(made.read_raw_bytes())
    for name, value in made.obj.items():
        image[name] = value
    image.Type, image.Subtype = Name.XObject, Name.Image
    make_grey(image, resources, limits)
    return image


def _rewritten(image: Stream, own: Space | None, limits: Limits) -> None:
    """`own` None: the file within the image knows its space."""
    width, height = int(image.Width), int(image.Height)
    if width * height > limits.pixels:
        raise Unknown
    photograph = _filter(image) == Name.DCTDecode
    try:
        grey = _weighed(_opened(image, own, (width, height)), own, inverted=_inverted(image, own))
        if photograph:
            out = io.BytesIO()
            grey.save(out, "JPEG", quality=92)
            image.write(out.getvalue(), filter=Name.DCTDecode)
        else:
            image.write(grey.tobytes())
    except _BROKEN as reason:
        raise Unknown from reason
    image.Width, image.Height, image.BitsPerComponent, image.ColorSpace = grey.width, grey.height, 8, Name.DeviceGray
    for name in ("/Decode", "/DecodeParms", "/SMaskInData"):
        if name in image:
            del image[name]


def _filter(image: Stream) -> Object | None:
    """The only filter, where there is one alone."""
    found = image.get("/Filter")
    if isinstance(found, Array):
        return found[0] if len(found) == 1 else None
    return found


def _opened(image: Stream, own: Space | None, size: tuple[int, int]) -> Image.Image:
    """Its components as they are written. Raises `Unknown`, and what decoding raises."""
    kind = {"/DCTDecode": "JPEG", "/JPXDecode": "JPEG2000"}.get(str(_filter(image)))
    if kind:
        picture = Image.open(io.BytesIO(image.read_raw_bytes()), formats=[kind])
        if picture.width * picture.height > 2 * size[0] * size[1]:
            raise Unknown
        # Pillow turns the inks of every JPEG around, as Photoshop writes them; PDF says with Decode whether they are.
        return ImageChops.invert(picture) if picture.mode == "CMYK" and kind == "JPEG" else picture
    if own is None or int(image.get("/BitsPerComponent", 8)) != 8:
        raise Unknown
    return Image.frombytes(_MODES[own.count], size, image.read_bytes())


def _weighed(picture: Image.Image, own: Space | None, *, inverted: bool) -> Image.Image:
    """How light each pixel is."""
    if picture.mode not in ("L", "RGB", "CMYK", "LA", "RGBA") or (own and own is not GRAY and _MODES[own.count] != picture.mode):
        raise Unknown
    plain = ImageChops.invert(picture) if inverted else picture
    if plain.mode == "CMYK":
        cyan, magenta, yellow, black = plain.split()
        colors = Image.merge("RGB", (cyan, magenta, yellow)).convert("L")
        return ImageChops.invert(ImageChops.add(colors, black))
    if plain.mode == "L" and own is not None:
        return plain.point([level(own.grey((value / 255,))) for value in range(256)])
    if own is not None and own.count == 3 and own is not RGB:
        raise Unknown  # Lab
    return plain.convert("L")


def _inverted(image: Stream, own: Space | None) -> bool:
    """Whether all components count from the other end. Raises `Unknown` for any other mapping."""
    if "/Decode" not in image:
        return False
    decode, count = [float(each) for each in image.Decode], own.count if own else 0
    if decode == [0.0, 1.0] * count:
        return False
    if decode == [1.0, 0.0] * count:
        return True
    raise Unknown
