"""What a filter's expression says of one entity."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from services.gateway.graph.odata.filtering import (
    Compare,
    Expression,
    Function,
    Junction,
    Literal,
    Not,
    Operand,
    Path,
    Within,
    instant_of,
)

Entity = Mapping[str, Any]


def holds(expression: Expression, entity: Entity) -> bool:
    """Whether the entity is one of those that are wanted. What it lacks is null; texts are compared without regard to case."""
    match expression:
        case Junction("and", terms):
            return all(holds(each, entity) for each in terms)
        case Junction(_, terms):
            return any(holds(each, entity) for each in terms)
        case Not(of):
            return not holds(of, entity)
        case Compare(op, left, right):
            return _compare(op, value_of(left, entity), value_of(right, entity))
        case Within(left, values):
            found = value_of(left, entity)
            return any(_compare("eq", found, value_of(each, entity)) for each in values)
        case _:
            return value_of(expression, entity) is True


def conjuncts(expression: Expression | None) -> tuple[Expression, ...]:
    """What must all hold, one by one; of no expression, nothing."""
    if expression is None:
        return ()
    if isinstance(expression, Junction) and expression.op == "and":
        return tuple(each for term in expression.terms for each in conjuncts(term))
    return (expression,)


def paths(expression: Expression | Operand | None) -> Iterator[tuple[str, ...]]:
    """The properties that an expression looks at."""
    match expression:
        case Junction(_, terms):
            below: tuple[Any, ...] = terms
        case Not(of):
            below = (of,)
        case Compare(_, left, right):
            below = (left, right)
        case Within(left, values):
            below = (left, *values)
        case Function(_, arguments):
            below = tuple(arguments)
        case Path(parts):
            yield tuple(parts)
            return
        case _:
            return
    for each in below:
        yield from paths(each)


def value_of(operand: Operand, entity: Entity) -> Any:
    """What a property, a value or a function is for this entity; None: null."""
    match operand:
        case Literal(value):
            return value
        case Path(parts):
            return at_path(entity, parts)
        case Function(name, arguments):
            return _apply(name, [value_of(each, entity) for each in arguments])


def at_path(entity: Any, parts: tuple[str, ...]) -> Any:
    """The value of a property, by its exact name or else whatever its case; None where there is none."""
    found = entity
    for part in parts:
        if not isinstance(found, Mapping):
            return None
        found = found[part] if part in found else _any_case(found, part)
    return found


def _any_case(entity: Entity, name: str) -> Any:
    return next((value for key, value in entity.items() if key.lower() == name.lower()), None)


def _apply(name: str, values: list[Any]) -> Any:
    if not all(isinstance(each, str) for each in values):
        return None
    if name in ("tolower", "toupper"):
        return values[0].lower() if name == "tolower" else values[0].upper()
    whole, part = (each.casefold() for each in values)
    return {"startswith": whole.startswith(part), "endswith": whole.endswith(part), "contains": part in whole}[name]


def _compare(op: str, left: Any, right: Any) -> bool:
    pair = _comparable(left, right)
    if op in ("eq", "ne"):
        return (pair is not None and bool(pair[0] == pair[1])) == (op == "eq")
    if pair is None or pair[0] is None or isinstance(pair[0], bool):
        return False
    less, same = bool(pair[0] < pair[1]), bool(pair[0] == pair[1])
    return {"lt": less, "le": less or same, "gt": not less and not same, "ge": not less}[op]


def _comparable(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Both as values of one kind; None: they have nothing to do with each other."""
    if isinstance(left, date) or isinstance(right, date):
        left, right = moment(left), moment(right)
        return None if left is None or right is None else (left, right)
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold(), right.casefold()
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    alike = type(left) is type(right) or (numbers and not isinstance(left, bool) and not isinstance(right, bool))
    return (left, right) if alike else None


def moment(value: Any) -> datetime | None:
    """A day (its first moment, in UTC) or a time, also one that is written out in an entity."""
    if isinstance(value, str):
        try:
            value = instant_of(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
