"""What an entry of PRINTERS says of a receipt printer: that documents are rasterised for it, and how."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from libs.contracts.devices import Receipt

E = TypeVar("E", bound=Enum)

#: Query parameters of a receipt printer. Without `raster=escpos` the others mean nothing.
PARAMETERS = ("raster", "width", "dpi", "cut", "drawer", "dither")
_WIDTHS = range(64, 4097)
_RESOLUTIONS = range(60, 1201)


def receipt(given: Mapping[str, str], shown: str) -> Receipt | None:
    """The receipt printer that these parameters describe, or None. `shown` is the address for sentences.

    Raises ValueError with what to write instead.
    """
    if "raster" not in given:
        lost = next((name for name in PARAMETERS if name in given), None)
        if lost:
            raise ValueError(f"{lost}={given[lost]} in {shown} is for receipt printers: add raster=escpos, or leave it out")
        return None
    if given["raster"] != "escpos":
        raise ValueError(f"raster={given['raster']} in {shown}: write raster=escpos, the only language that we rasterise to")
    plain = Receipt()
    return Receipt(
        width=_number("width", given, plain.width, _WIDTHS, shown),
        dpi=_number("dpi", given, plain.dpi, _RESOLUTIONS, shown),
        dither=_one_of("dither", given, plain.dither, shown),
        cut=_one_of("cut", given, plain.cut, shown),
        drawer=yes("drawer", given, shown) or False,
    )


def yes(name: str, given: Mapping[str, str], shown: str) -> bool | None:
    """A parameter that is true or false; None when it is not there. Raises ValueError with what to write instead."""
    text = given.get(name)
    if text is None:
        return None
    if text not in ("true", "false", "yes", "no"):
        raise ValueError(f"{name}={text} in {shown}: write {name}=true or {name}=false, or leave it out")
    return text in ("true", "yes")


def _number(name: str, given: Mapping[str, str], plain: int, allowed: range, shown: str) -> int:
    text = given.get(name, str(plain))
    if not (text.isascii() and text.isdigit() and int(text) in allowed):
        unit = "dots" if name == "width" else "dots per inch"
        raise ValueError(
            f"{name}={text} in {shown}: write a number of {unit} from {allowed[0]} to {allowed[-1]}, as {name}={plain}"
        )
    return int(text)


def _one_of(name: str, given: Mapping[str, str], plain: E, shown: str) -> E:
    words = {str(each.value): each for each in type(plain)}
    text = given.get(name, str(plain.value))
    if text not in words:
        raise ValueError(f"{name}={text} in {shown}: write {' or '.join(f'{name}={word}' for word in words)}")
    return words[text]
