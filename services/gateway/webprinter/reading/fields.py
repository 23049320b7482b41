"""Reading what clients send: numbers as text, null for "not set", and a sentence for everything that is not what it should be."""

import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from services.gateway.webprinter.envelope import Rejected

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,15})?|\.\d{1,15})", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
#: Digits of a number that is meant as a text, such as an order's; JSON has whole numbers of any length.
_MOST_DIGITS = 64
#: Words of one list; there are far fewer of any kind.
_MOST_WORDS = 100
_SEPARATORS = str.maketrans("", "", "-_ ")


def normal(word: str) -> str:
    """A word as tables of words have it: upper case, without dashes, underscores and blanks."""
    return word.translate(_SEPARATORS).upper()


def shown(value: Any) -> str:
    """A value as a sentence may show it: short, and never a whole document."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else "a number far too large"
    if isinstance(value, float):
        return str(value) if abs(value) < math.inf else "a number far too large"
    return "an array" if isinstance(value, list) else "an object"


def said(value: Any) -> str:
    """The same of what should be an object: some programs send the text of one."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        return "a text: send the object itself, without quotation marks around it"
    return shown(value)


def _bound(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else f"{limit:g}"


def at(path: str, key: str) -> str:
    """How a sentence names a field of the object at `path`; empty: of the command's data itself."""
    return f"{path}.{key}" if path else key


class Fields:
    """The members of one JSON object; unknown ones are never looked at."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    @property
    def values(self) -> Mapping[str, Any]:
        """The members as they came."""
        return self._values

    @property
    def path(self) -> str:
        """How a sentence names this object."""
        return self._path

    def name(self, key: str) -> str:
        """How a sentence names a field."""
        return at(self._path, key)

    def raw(self, key: str) -> Any:
        """The value as it came; None when it is missing."""
        return self._values.get(key)

    def inside(self, key: str) -> "Fields":
        """The object in a field; missing and null are an empty one."""
        value = self.raw(key)
        if value is None or value in ("", []):  # an array without members is what PHP makes of an empty object
            return Fields({}, self.name(key))
        if not isinstance(value, dict):
            raise Rejected(f"{self.name(key)} must be an object; it is {said(value)}.")
        return Fields(value, self.name(key))

    def text(self, key: str, longest: int = 255) -> str | None:
        """A text without the blanks around it; None when there is none."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = self._spelled(key, value)
        if not isinstance(value, str):
            raise Rejected(f"{self.name(key)} must be a text; it is {shown(value)}.")
        if len(value) > longest:
            raise Rejected(f"{self.name(key)} must have at most {longest} characters; it has {len(value)}.")
        return value.strip() or None

    def _spelled(self, key: str, value: float) -> str:
        """A number that is meant as a text, with all its digits. Raises `Rejected` where some may be lost already."""
        if abs(value) < 10**15 or (isinstance(value, int) and abs(value) < 10**_MOST_DIGITS):
            return str(value)
        raise Rejected(f"{self.name(key)} must be a text; it is a number far too large: write it in quotation marks.")

    def flag(self, key: str) -> bool | None:
        """A switch: true or false, also as text or number."""
        value = self.raw(key)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return value
        found = _FLAGS.get(str(value).strip().lower()) if isinstance(value, str | int) and len(str(value)[:9]) < 9 else None
        if found is None:
            raise Rejected(f"{self.name(key)} must be true or false; it is {shown(value)}.")
        return found

    def number(self, key: str, lowest: float, highest: float, unit: str = "") -> float | None:
        """A number within bounds, also as text."""
        return self._bounded(key, lowest, highest, "a number", unit)

    def rows(self, usual: int, most: int) -> int:
        """`limit`, how many rows are wanted: more than `most` is `most`, as programs that want all write their largest number."""
        value = self.numeric("limit")
        if value is None:
            return usual
        if not value >= 1 or (value < most and value != int(value)):
            raise Rejected(f"{self.name('limit')} must be a whole number from 1 to {most}; it is {shown(self.raw('limit'))}.")
        return most if value >= most else int(value)

    def numeric(self, key: str) -> float | None:
        """The value as a number, also from a text; None: it is not set, NaN: it is something else."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            value = value.strip()
            if not value:
                return None
            return float(value) if _NUMBER.fullmatch(value) else math.nan
        return math.nan if isinstance(value, bool) or not isinstance(value, int | float) else value

    def _bounded(self, key: str, lowest: float, highest: float, kind: str, unit: str = "") -> float | None:
        value = self.numeric(key)
        if value is None:
            return None
        if not lowest <= value <= highest:
            wanted = f"{kind} from {_bound(lowest)} to {_bound(highest)}{unit}"
            raise Rejected(f"{self.name(key)} must be {wanted}; it is {shown(self.raw(key))}.")
        return value

    def whole(self, key: str, lowest: int, highest: int) -> int | None:
        """A whole number within bounds, also as text."""
        value = self._bounded(key, lowest, highest, "a whole number")
        if value is None:
            return None
        if value != int(value):
            raise Rejected(f"{self.name(key)} must be a whole number from {lowest} to {highest}; it is {shown(self.raw(key))}.")
        return int(value)

    def millimetres(self, key: str, lowest: float, highest: float) -> int | None:
        """A length in mm, given back in 1/100 mm."""
        value = self.number(key, lowest, highest, " (mm)")
        return None if value is None else round(value * 100)

    def word(self, key: str, words: Mapping[str, T], known: str) -> T | None:
        """The meaning of a word by a table of `normal` words; `known` lists the ones to write."""
        value = self._values.get(key)
        if value is None or value == "":
            return None
        found = words.get(normal(value)) if isinstance(value, str) and len(value) < 64 else None
        if found is None:
            several = "one of " if " and " in known or "," in known else ""
            raise Rejected(f"{self.name(key)} must be {several}{known}; it is {shown(value)}.")
        return found

    def words(self, key: str, words: Mapping[str, T], known: str) -> tuple[T, ...] | None:
        """What a list of words means, each once, also of one word alone and of several with commas between; None: it is not set."""
        value = self.raw(key)
        if value is None:
            return None
        listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
        if len(listed) > _MOST_WORDS:
            raise Rejected(f"{self.name(key)} must have at most {_MOST_WORDS} words; it has {len(listed)}.")
        found = (Fields({key: each}, self._path).word(key, words, known) for each in listed)
        return tuple(dict.fromkeys(each for each in found if each is not None))
