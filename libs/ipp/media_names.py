"""Self-describing names of sheets (PWG 5101.1): `iso_a4_210x297mm`, `na_letter_8.5x11in`, and those we make ourselves."""

import re

#: No sheet is longer than a kilometre, and of a number with hundreds of digits no integer can be made.
_LENGTH = r"(\d{1,6}(?:\.\d{1,6})?)"
_NAME = re.compile(rf"[a-z0-9.-]+(?:_[a-z0-9.-]+)*_{_LENGTH}x{_LENGTH}(mm|in)", re.IGNORECASE | re.ASCII)


def parse_name(name: str) -> tuple[int, int] | None:
    """Width and height in 1/100 mm that a name describes, or None."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    unit = 100 if match[3].lower() == "mm" else 2540
    return round(float(match[1]) * unit), round(float(match[2]) * unit)


def make_name(width: int, height: int) -> str:
    """The name of a sheet of any size in 1/100 mm, as CUPS takes it too."""
    return f"custom_{_mm(width)}x{_mm(height)}mm_{_mm(width)}x{_mm(height)}mm"


def _mm(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
