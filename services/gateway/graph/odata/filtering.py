"""`$filter`: the expressions that Graph's clients send, as a tree (graph-print.md 5.1; OData 4.01 part 2, section 5.1.1)."""

# or, and, not, brackets; eq ne gt ge lt le in; startswith endswith contains tolower toupper; paths with slashes; texts in quotes,
# numbers, true, false, null, dates and date-times, GUIDs.

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

#: The longest expression in characters, how deep brackets and `not` may go, and how many properties and values it may have: it is
#: asked of each of many entities.
LONGEST = 8192
DEEPEST = 40
MOST = 250

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
#: Function -> how many arguments it takes. The first three say yes or no.
FUNCTIONS = {"startswith": 2, "endswith": 2, "contains": 2, "tolower": 1, "toupper": 1}
_KEYWORDS = frozenset((*COMPARISONS, "in", "and", "or", "not"))

Value = str | bool | int | float | datetime | date | None


class Unreadable(ValueError):
    """The expression is not of this grammar; the sentence says where and what to write instead."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Path:
    """A property, or one inside another: ("createdBy", "userPrincipalName")."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Compare:
    op: str
    left: "Operand"
    right: "Operand"


@dataclass(frozen=True, slots=True)
class Within:
    """`in`: equal to one of these."""

    left: "Operand"
    values: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Not:
    of: "Expression"


@dataclass(frozen=True, slots=True)
class Junction:
    """All of the terms (`and`), or one of them (`or`)."""

    op: str
    terms: tuple["Expression", ...]


Operand = Literal | Path | Function
Expression = Compare | Within | Not | Junction | Literal | Path | Function


class Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<mark>[(),])
    |(?P<text>(?:[A-Za-z_][\w.]*)?'(?:[^']|'')*')
    |(?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-]))
    |(?P<instant>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:[Zz]|[ +-]\d\d:\d\d)?(?![\w:]))
    |(?P<day>\d{4}-\d\d-\d\d(?![\w:-]))
    |(?P<number>[+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?(?![\w.]))
    |(?P<word>[A-Za-z_@][\w.@]*(?:/[A-Za-z_@$][\w.@]*)*)""",
    re.VERBOSE | re.ASCII,
)


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unreadable(f"what stands at position {at + 1} is no part of an expression; texts stand in single quotes.")
        if found.lastgroup and found.lastgroup != "space":
            yield Token(found.lastgroup, found[0], at)
        at = found.end()
    yield Token("end", "", at)


def parse(text: str) -> Expression:
    """The tree of an expression. Raises `Unreadable`."""
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST} characters.")
    return _Reader(list(_tokens(text))).whole()


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._operands = 0

    def whole(self) -> Expression:
        found = self._junction("or")
        if self._next.kind != "end":
            raise self._wrong("an operator (and, or), or nothing")
        return found

    def _junction(self, op: str) -> Expression:
        terms = [self._term(op)]
        while self._takes(op):
            terms.append(self._term(op))
        return terms[0] if len(terms) == 1 else Junction(op, tuple(terms))

    def _term(self, op: str) -> Expression:
        return self._junction("and") if op == "or" else self._negation()

    def _negation(self) -> Expression:
        if not self._takes("not"):
            return self._comparison()
        with_depth = self._deeper()
        found = Not(self._negation())
        self._depth = with_depth
        return found

    def _comparison(self) -> Expression:
        left = self._primary()
        if not isinstance(left, Literal | Path | Function):
            return left
        op = self._next.text.lower() if self._next.kind == "word" else ""
        if op in COMPARISONS:
            self._at += 1
            return Compare(op, left, self._operand())
        if op == "in":
            self._at += 1
            return Within(left, self._list())
        return left

    def _primary(self) -> Expression:
        if not self._mark("("):
            return self._operand()
        before = self._deeper()
        found = self._junction("or")
        self._depth = before
        self._expect(")")
        return found

    def _operand(self) -> Operand:
        token = self._next
        self._operands += 1
        if self._operands > MOST:
            raise Unreadable(f"it has more than {MOST} properties and values.")
        if token.kind == "word" and token.text.lower() not in _KEYWORDS:
            self._at += 1
            return self._word(token)
        if token.kind in ("text", "guid", "instant", "day", "number"):
            self._at += 1
            return Literal(_literal(token))
        raise self._wrong("a property, or a value (texts in single quotes)")

    def _word(self, token: Token) -> Operand:
        name = token.text.lower()
        if self._next == Token("mark", "(", token.at + len(token.text)):
            return self._function(name)
        if name in ("true", "false"):
            return Literal(name == "true")
        return Literal(None) if name == "null" else Path(tuple(token.text.split("/")))

    def _function(self, name: str) -> Function:
        if name not in FUNCTIONS:
            self._at -= 1
            raise self._wrong(f"one of {', '.join(FUNCTIONS)}")
        before = self._deeper()
        arguments = self._list()
        self._depth = before
        if len(arguments) != FUNCTIONS[name]:
            raise Unreadable(f"{name} takes {FUNCTIONS[name]} in its brackets, here are {len(arguments)}.")
        return Function(name, arguments)

    def _list(self) -> tuple[Operand, ...]:
        self._expect("(")
        found = [self._operand()]
        while self._mark(","):
            found.append(self._operand())
        self._expect(")")
        return tuple(found)

    def _deeper(self) -> int:
        if self._depth >= DEEPEST:
            raise Unreadable(f"it goes deeper than {DEEPEST} levels.")
        self._depth += 1
        return self._depth - 1

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _takes(self, keyword: str) -> bool:
        found = self._next.kind == "word" and self._next.text.lower() == keyword
        self._at += found
        return found

    def _mark(self, mark: str) -> bool:
        found = self._next.kind == "mark" and self._next.text == mark
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._mark(mark):
            raise self._wrong(f"a {mark}")

    def _wrong(self, wanted: str) -> Unreadable:
        where = "at its end" if self._next.kind == "end" else f"at position {self._next.at + 1}"
        return Unreadable(f"{where} {wanted} is needed.")


def _literal(token: Token) -> Value:
    try:
        return _READ[token.kind](token.text)
    except ValueError:
        raise Unreadable(f"at position {token.at + 1} is a day or time that there is none of.") from None


def _text(text: str) -> Value:
    """A text, or an enumeration's member with its type before it: both are their words; `datetime'...'` is a time."""
    kind, _, rest = text.partition("'")
    value = rest[:-1].replace("''", "'")
    return instant_of(value) if kind.lower() in ("datetime", "datetimeoffset") else value


def _number(text: str) -> Value:
    return float(text) if any(each in text for each in ".eE") else int(text)


def instant_of(text: str) -> datetime:
    """A date-time with its offset; without one it is UTC. A plus that became a space on its way is one again.

    Raises `ValueError`.
    """
    whole = re.sub(r" (?=\d\d:\d\d\Z)", "+", text).upper()
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", whole))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_READ: dict[str, Callable[[str], Value]] = {
    "text": _text,
    "guid": str,
    "instant": instant_of,
    "day": date.fromisoformat,
    "number": _number,
}
