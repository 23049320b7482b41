"""Whether a filter compares like with like: a text compared with a number would quietly match nothing (graph-print.md 5.1)."""

from collections.abc import Callable

from services.gateway.graph.model.schema import ENUMS, Property
from services.gateway.graph.odata.filtering import (
    Compare,
    Expression,
    Function,
    Junction,
    Literal,
    Not,
    Operand,
    Path,
    Value,
    Within,
)
from services.gateway.graph.odata.matching import moment
from services.gateway.graph.problem import Problem, bad

#: From a path to the property that it names; None where nobody knows of what type it is.
Finding = Callable[[tuple[str, ...]], Property | None]
#: Members of an enumeration that an error names.
_NAMED = 40
_FUTURE = "unknownfuturevalue"
_NUMBERS = ("int32", "int64", "double")
_MOMENTS = ("date", "dateTimeOffset")
#: What to write, by the type of the property.
_HINTS = {
    "boolean": "true or false",
    "string": "a text in single quotes",
    **dict.fromkeys(_NUMBERS, "a number without quotes"),
    **dict.fromkeys(_MOMENTS, "a day or time such as 2026-01-31T00:00:00Z"),
}


def check(expression: Expression, find: Finding) -> None:
    """Raises `Problem` 400 for a property that is compared with what it can never be, or that alone says neither yes nor no."""
    match expression:
        case Junction(_, terms):
            for each in terms:
                check(each, find)
        case Not(of):
            check(of, find)
        case Compare(_, left, right):
            _pair(left, right, find)
            _pair(right, left, find)
        case Within(left, values):
            for value in values:
                _pair(left, value, find)
        case Path(parts):
            found = find(parts)
            if found and (found.many or found.type != "boolean"):
                raise bad(f"The option $filter: {_spelled(parts)} alone is neither true nor false: compare it.", "$filter")
        case Function(name, arguments):
            _texts(name, arguments, find)


def _pair(operand: Operand, other: Operand, find: Finding) -> None:
    """A property or a function against the value on the other side."""
    if isinstance(operand, Function):
        _texts(operand.name, operand.arguments, find)
        if isinstance(other, Literal) and operand.name in ("tolower", "toupper") and not isinstance(other.value, str | None):
            raise bad(f"The option $filter: {operand.name} gives a text: compare it with {_HINTS['string']}.", "$filter")
    if not isinstance(operand, Path):
        return
    found = find(operand.parts)
    if found is None:
        return
    if found.many or (found.type not in _HINTS and found.type not in ENUMS):
        raise bad(f"The option $filter: {_spelled(operand.parts)} is no single value that can be compared.", "$filter")
    if isinstance(other, Literal) and other.value is not None and not _can_be(found.type, other.value):
        raise _cannot(operand.parts, found.type)


def _texts(name: str, arguments: tuple[Operand, ...], find: Finding) -> None:
    for each in arguments:
        found = find(each.parts) if isinstance(each, Path) else None
        text = found is None or (not found.many and (found.type == "string" or found.type in ENUMS))
        if not text or (isinstance(each, Literal) and not isinstance(each.value, str)):
            what = _spelled(each.parts) if isinstance(each, Path) else "what stands in its brackets"
            raise bad(f"The option $filter: {name} looks at texts, and {what} is none.", "$filter")


def _can_be(type_: str, value: Value) -> bool:
    if type_ == "boolean":
        return isinstance(value, bool)
    if type_ in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if type_ in _MOMENTS:
        return moment(value) is not None
    if not isinstance(value, str):
        return False
    return type_ not in ENUMS or value.lower() == _FUTURE or value.lower() in (each.lower() for each in ENUMS[type_])


def _cannot(parts: tuple[str, ...], type_: str) -> Problem:
    members = ENUMS.get(type_, ())
    more = ", …" if len(members) > _NAMED else ""
    hint = f"one of {', '.join(members[:_NAMED])}{more}, in single quotes" if members else _HINTS[type_]
    return bad(f"The option $filter: {_spelled(parts)} can never be that; write {hint}.", "$filter")


def _spelled(parts: tuple[str, ...]) -> str:
    return "/".join(parts)[:100]
