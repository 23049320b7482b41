"""Content streams: every operator that sets a colour sets a grey instead (ISO 32000-1 section 8.6.8)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pikepdf
from pikepdf import Name, Object, Operator

from services.converter.grey import Unknown
from services.converter.grey.spaces import CMYK, GRAY, RGB, Space, space

#: Contents are taken apart up to this size; larger ones need so long that they are searched, or drawn.
LARGEST, LARGEST_SEARCHED = 1_500_000, 100_000_000
#: From this size on it is worth it.
_SEARCHED = 100_000
_DIRECT = {"rg": RGB, "k": CMYK, "g": GRAY}
#: Operators that only taking apart understands.
_INDIRECT = re.compile(rb"(?<!\S)(?:cs|CS|sc|SC|scn|SCN|BI)(?=\s|$)")
#: Strings and remarks, which are passed over, or three or four numbers and what they are a colour of.
_NUMBERS = re.compile(
    rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)|%[^\r\n]*|(?<![^\s\]>)])((?:[-+]?[0-9.]+\s+){3,4})(rg|RG|k|K)(?=[\s/\[(<]|$)",
    re.DOTALL,
)
#: Makes an image of the page's resources from one that stands in the contents, and gives it a name. Raises `Unknown`.
Hanging = Callable[[Any], Name]
#: Gives the space of uncoloured patterns a name among the resources.
Naming = Callable[[], Name]


@dataclass(frozen=True, slots=True)
class _Colors:
    """The spaces that colours are in now; None: one that is not understood. `fill` is written small, `stroke` in capitals."""

    fill: Space | None = GRAY
    stroke: Space | None = GRAY


@dataclass(slots=True)
class Contents:
    """Rewrites the contents of one page, form, pattern or glyph."""

    resources: Object
    hang: Hanging
    patterns: Naming
    _now: _Colors = field(default_factory=_Colors)
    _saved: list[_Colors] = field(default_factory=list)
    changed: bool = False

    def rewrite(self, thing: Object, data: bytes) -> bytes | None:
        """The same in grey; None where nothing has to change, or it is too much. `data` are the octets of `thing`."""
        if len(data) > _SEARCHED and not _INDIRECT.search(data):
            return _NUMBERS.sub(_searched, data) if len(data) <= LARGEST_SEARCHED else None
        if len(data) > LARGEST:
            return None
        out: list[Any] = []
        for instruction in pikepdf.parse_content_stream(thing):
            try:
                out += self._rewritten(instruction)
            except (Unknown, ValueError, TypeError, IndexError, KeyError, AttributeError):
                out.append(instruction)  # as it was: whoever looks at the page will see whether it has a colour
        return pikepdf.unparse_content_stream(out) if self.changed else None

    def _rewritten(self, instruction: Any) -> Sequence[Any]:
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            return self._image(instruction)
        word = str(instruction.operator)
        if word == "q":
            self._saved.append(self._now)
        elif word == "Q" and self._saved:
            self._now = self._saved.pop()
        elif word.lower() in _DIRECT:
            return self._direct(instruction, word)
        elif word in ("cs", "CS"):
            return self._space(instruction, word)
        elif word in ("sc", "scn", "SC", "SCN"):
            return self._color(instruction, word)
        return (instruction,)

    def _direct(self, instruction: Any, word: str) -> Sequence[Any]:
        own = _DIRECT[word.lower()]
        self._keep(word, GRAY)
        if own is GRAY:
            return (instruction,)
        values = [float(each) for each in instruction.operands]
        return (self._set(own.grey(values), word),)

    def _space(self, instruction: Any, word: str) -> Sequence[Any]:
        self._keep(word, None)
        own = space(instruction.operands[0], self.resources)
        self._keep(word, own)
        if own.pattern:
            if own.colorless:
                return (instruction,)
            self.changed = True
            return (_instruction([self.patterns()], word),)
        if own is GRAY:
            return (instruction,)
        return (self._set(own.grey(own.first), word),)

    def _color(self, instruction: Any, word: str) -> Sequence[Any]:
        own = self._now.fill if word.islower() else self._now.stroke
        operands = list(instruction.operands)
        if own is None or own is GRAY:
            return (instruction,)
        if own.pattern:
            if own.count == 0 or own.colorless or len(operands) != own.count + 1:
                return (instruction,)
            self.changed = True
            grey = own.grey([float(each) for each in operands[:-1]])
            return (_instruction([_written(grey), operands[-1]], word),)
        if len(operands) != own.count:
            raise Unknown
        return (self._set(own.grey([float(each) for each in operands]), word),)

    def _image(self, instruction: Any) -> Sequence[Any]:
        said = instruction.iimage.obj
        if bool(said.get("/ImageMask", False)) or "/ColorSpace" not in said or space(said["/ColorSpace"], self.resources).colorless:
            return (instruction,)
        name = self.hang(instruction.iimage)
        self.changed = True
        return (_instruction([name], "Do"),)

    def _set(self, grey: float, word: str) -> Any:
        self.changed = True
        return _instruction([_written(grey)], "g" if word.islower() else "G")

    def _keep(self, word: str, own: Space | None) -> None:
        self._now = replace(self._now, fill=own) if word.islower() else replace(self._now, stroke=own)


def _searched(found: re.Match[bytes]) -> bytes:
    """One colour in what is searched."""
    if found[2] is None:
        return found[0]
    own, values = _DIRECT[found[2].decode().lower()], found[1].split()
    try:
        grey = own.grey([float(each) for each in values])
    except ValueError:
        return found[0]
    return b"%.4f %c" % (_written(grey), b"g" if found[2].islower() else b"G")


def _written(grey: float) -> float:
    return round(min(max(grey, 0.0), 1.0), 4)


def _instruction(operands: list[Any], word: str) -> Any:
    return pikepdf.ContentStreamInstruction(operands, Operator(word))
