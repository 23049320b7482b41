"""Reading what people write when they mean JSON: unquoted keys, single quotes, comments, trailing commas (webprinter.md 1.4).

Time and memory grow with the length of the text and no faster: every pattern is possessive, nothing is read twice, and depth,
values and escapes are counted. Sentences of errors name the place and never the text.
"""

import math
import re
from typing import Any

#: Objects and arrays within each other.
DEEPEST = 100
#: Values, names, comments and escapes in one body that is not strict JSON.
MOST = 1_000_000
#: Characters of a number.
LONGEST_NUMBER = 400

_BLANK = re.compile(r"[\s\ufeff]*+")
_LINE_COMMENT = re.compile(r"[^\r\n\u2028\u2029]*+")
_KEY = re.compile(r"[\w$][\w$.\-]*+")
_NUMBER = re.compile(r"-?(?:(0|[1-9]\d*+)(?![.\deE])|(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?)", re.ASCII)
_WORD = re.compile(r"[^\W\d]\w*+")
_WORDS = {"true": True, "false": False, "null": None, "none": None, "undefined": None}
_STRINGS = {
    '"': re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL),
    "'": re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*+)'", re.DOTALL),
}
#: A pair of surrogates is one character; a backslash before the end of a line continues the text on the next one.
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL
)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_CONTINUED = {"\n", "\r", "\r\n", "\u2028", "\u2029"}


class Unreadable(Exception):
    """The text is not even nearly JSON: a sentence that names the place."""


def read(text: str) -> Any:
    """The one value in a text. Raises `Unreadable`."""
    return _Reader(text).whole()


class _Reader:
    """A place in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._count = 0

    def whole(self) -> Any:
        value = self._value(0)
        if self._next():
            raise self._error("the end is expected here")
        return value

    def _next(self) -> str:
        """The next character that is neither blank nor comment; empty at the end."""
        text = self._text
        while True:
            found = _BLANK.match(text, self._at)
            self._at = found.end() if found else self._at
            if not text.startswith("/", self._at):
                return text[self._at : self._at + 1]
            self._skip_comment()

    def _skip_comment(self) -> None:
        self._counted(1)
        if self._text.startswith("//", self._at):
            found = _LINE_COMMENT.match(self._text, self._at)
            self._at = found.end() if found else self._at
            return
        end = self._text.find("*/", self._at + 2) if self._text.startswith("/*", self._at) else -2
        if end < 0:
            raise self._error("this comment has no end" if end == -1 else "a value is expected here")
        self._at = end + 2

    def _value(self, depth: int) -> Any:
        begins = self._next()
        self._counted(1)
        if begins in ("{", "["):
            if depth == DEEPEST:
                raise self._error(f"there may be at most {DEEPEST} objects and arrays within each other")
            return self._object(depth + 1) if begins == "{" else self._array(depth + 1)
        if begins in _STRINGS and begins:
            return self._string(begins)
        return self._bare(begins)

    def _object(self, depth: int) -> dict[str, Any]:
        self._at += 1
        members: dict[str, Any] = {}
        while self._next() != "}":
            key = self._key()
            if self._next() != ":":
                raise self._error("a colon is expected here")
            self._at += 1
            members[key] = self._value(depth)
            self._comma("}")
        self._at += 1
        return members

    def _array(self, depth: int) -> list[Any]:
        self._at += 1
        items: list[Any] = []
        while self._next() != "]":
            items.append(self._value(depth))
            self._comma("]")
        self._at += 1
        return items

    def _comma(self, end: str) -> None:
        """Past a comma; where there is none, the end must come."""
        found = self._next()
        if found == ",":
            self._at += 1
        elif found != end:
            raise self._error(f"a comma or {end} is expected here")

    def _key(self) -> str:
        begins = self._next()
        self._counted(1)
        if begins in _STRINGS and begins:
            return self._string(begins)
        found = _KEY.match(self._text, self._at)
        if found is None:
            raise self._error("the name of a member is expected here")
        self._at = found.end()
        return found[0]

    def _string(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end > 0 and self._text.find("\\", self._at, end) < 0:  # the fast way for long ones
            start, self._at = self._at + 1, end + 1
            return self._text[start:end]
        found = _STRINGS[quote].match(self._text, self._at)
        if found is None:
            raise self._error("this text has no end: its closing quotation mark is missing")
        self._at = found.end()
        text = found[1]
        escapes = text.count("\\")
        self._counted(escapes)
        return _ESCAPE.sub(_unescaped, text) if escapes else text

    def _bare(self, begins: str) -> Any:
        """A number, or one of the words that are values."""
        if found := _NUMBER.match(self._text, self._at):
            return self._number(found)
        found = _WORD.match(self._text, self._at)
        word = found[0].lower() if found and found.end() - self._at < 16 else ""
        if found is None or word not in _WORDS:
            raise self._error("a value is expected here; texts stand in quotation marks" if begins else "the end comes too early")
        self._at = found.end()
        return _WORDS[word]

    def _number(self, found: re.Match[str]) -> int | float:
        spelled = found[0] if found.end() - found.start() <= LONGEST_NUMBER else ""
        value = int(spelled) if spelled and found[1] else float(spelled or "inf")
        if not math.isfinite(value):
            raise self._error("this number is too large")
        self._at = found.end()
        return value

    def _counted(self, steps: int) -> None:
        self._count += steps
        if self._count > MOST:
            raise self._error(f"there are more than {MOST} values, comments and escapes, which only strict JSON may have")

    def _error(self, what: str) -> Unreadable:
        line = self._text.count("\n", 0, self._at) + 1
        column = self._at - self._text.rfind("\n", 0, self._at)
        return Unreadable(f"line {line}, column {column}: {what}")


def _unescaped(found: re.Match[str]) -> str:
    high, low, code, byte, letter = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    if code or byte:
        letter = chr(int(code or byte, 16))
        return "\ufffd" if "\ud800" <= letter <= "\udfff" else letter
    return "" if letter in _CONTINUED else _ESCAPED.get(letter, letter)
