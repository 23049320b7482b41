"""Which part of a list's `$filter` the spooler's indexes answer, and which is looked at here (graph-print.md 1.5, 5.1)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from libs.contracts.jobs import JobFilter
from services.gateway.graph.odata.filtering import Compare, Expression, Junction, Literal, Path
from services.gateway.graph.odata.matching import conjuncts, moment
from services.gateway.graph.problem import bad
from services.gateway.graph.words.states import STATES, stages_of

#: What stands on the right becomes what stands on the left, and the other way round.
_TURNED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True, slots=True)
class Split:
    """`wanted` is for the index; `rest` must hold as well (None: nothing). `nothing`: no job is like this."""

    wanted: JobFilter
    rest: Expression | None
    nothing: bool = False


def split(expression: Expression | None, own: str) -> Split:
    """A filter in two parts; `own` is the user (id) whose jobs alone may be seen, empty: everybody's.

    Raises `Problem` 400 for a state that there is none of.
    """
    wanted, rest, nothing = JobFilter(user=own), [], False
    for each in conjuncts(expression):
        name, op, value = _comparison(each)
        taken = _TAKING[name](wanted, op, value) if name in _TAKING else None
        if taken is None:
            rest.append(each)
        elif taken is _NOTHING:
            nothing = True
        else:
            wanted = taken
    left = rest[0] if len(rest) == 1 else Junction("and", tuple(rest)) if rest else None
    return Split(wanted, left, nothing)


#: What is given back for a condition that holds for no job.
_NOTHING = JobFilter()


def _comparison(expression: Expression) -> tuple[str, str, Any]:
    """Property (small letters), operator, value; "" for what is nothing of the kind. A bare property is one that is true."""
    match expression:
        case Path(parts):
            return "/".join(parts).lower(), "eq", True
        case Compare(op, Path(parts), Literal(value)):
            return "/".join(parts).lower(), op, value
        case Compare(op, Literal(value), Path(parts)):
            return "/".join(parts).lower(), _TURNED[op], value
        case _:
            return "", "", None


def _user(wanted: JobFilter, op: str, value: Any) -> JobFilter | None:
    usable = op == "eq" and isinstance(value, str) and value and not wanted.user
    return replace(wanted, user=value) if usable else None


def _user_name(wanted: JobFilter, op: str, value: Any) -> JobFilter | None:
    usable = op == "eq" and isinstance(value, str) and value and not wanted.user_name
    return replace(wanted, user_name=value) if usable else None


def _fetchable(wanted: JobFilter, op: str, value: Any) -> JobFilter | None:
    usable = op in ("eq", "ne") and isinstance(value, bool) and wanted.fetchable is None
    return replace(wanted, fetchable=value is (op == "eq")) if usable else None


def _state(wanted: JobFilter, op: str, value: Any) -> JobFilter | None:
    if not isinstance(value, str):
        return None
    if value.lower() not in STATES:
        raise bad(f"The option $filter names a state that there is none of: write one of {', '.join(STATES)}.", "$filter")
    if op != "eq" or wanted.stages:
        return None
    stages = stages_of(value)
    return replace(wanted, stages=stages) if stages else _NOTHING


def _created(wanted: JobFilter, op: str, value: Any) -> JobFilter | None:
    """Times are whole milliseconds inside; what is told has no more."""
    found = moment(value) if isinstance(value, str | date | datetime) else None
    if found is None or op == "ne":
        return None
    exact = found.timestamp() * 1000
    below = int(exact // 1)
    above = below if below == exact else below + 1
    start = {"ge": above, "gt": below + 1, "eq": above}.get(op)
    end = {"le": below, "lt": above - 1, "eq": below}.get(op)
    return replace(wanted, start=_bound(max, wanted.start, start), end=_bound(min, wanted.end, end))


def _bound(closer: Any, before: int | None, now: int | None) -> int | None:
    known = [each for each in (before, now) if each is not None]
    return closer(known) if known else None


_TAKING = {
    "createdby/id": _user,
    "createdby/userprincipalname": _user_name,
    "isfetchable": _fetchable,
    "status/state": _state,
    "createddatetime": _created,
}
