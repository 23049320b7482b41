"""What a measure is: its number, what it is held against, its goals, and the function that takes it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.run import Run


class Bound(StrEnum):
    """Which side of the goal is the good one."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that is wanted, or with another `unit` than "times" a plain figure."""

    name: str
    bound: Bound
    value: float
    unit: str = "times"

    def met(self, seen: float) -> bool:
        return seen >= self.value if self.bound is Bound.AT_LEAST else seen <= self.value

    def __str__(self) -> str:
        return f"{self.bound} {self.value:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table. `expected`: seconds on two idle cores; `limit`: seconds after which it is given up.

    Measures of one and the same `take` are taken together: what one shows, the other needs.
    """

    number: str
    title: str
    against: str
    expected: float
    take: Callable[["Run"], Awaitable[None]]
    goals: tuple[Goal, ...] = ()
    limit: float = 0.0

    @property
    def patience(self) -> float:
        """When it is given up: machines differ, and a busy one is several times slower."""
        return self.limit or max(300.0, 5 * self.expected)


def at_least(name: str, value: float, unit: str = "times") -> Goal:
    """A goal that more of is better."""
    return Goal(name, Bound.AT_LEAST, value, unit)


def at_most(name: str, value: float, unit: str = "times") -> Goal:
    """A goal that less of is better."""
    return Goal(name, Bound.AT_MOST, value, unit)
