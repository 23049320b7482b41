"""What one measure found, as it goes into the evidence: every repeat, what is compared with what, curves, checks, remarks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.measure import Bound, Goal, Measure
from bench.spread import Spread, ratios

MEASURED, FAILED = "measured", "failed"


@dataclass(slots=True)
class Series:
    """Repeats of one side, in the order in which they were taken."""

    unit: str
    values: list[float] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON wants it."""
        spread = {"spread": Spread.of(self.values).plain()} if self.values else {}
        return {"unit": self.unit, "values": self.values, **spread}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A goal, and the names of the series that it is held against; without `theirs` the figure itself counts."""

    goal: Goal
    ours: str
    theirs: str = ""


@dataclass(slots=True)
class Curve:
    """How a figure grows: pairs of x and y."""

    name: str
    x: str
    y: str
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """All of one measure; `wrong` are the things that must not be: what was lost, doubled, out of order.

    `complete`: all of it is there, whatever becomes of those that are taken together with it.
    """

    measure: Measure
    series: dict[str, Series] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    curves: dict[str, Curve] = field(default_factory=dict)
    checked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON wants it, medians and verdicts worked out."""
        return {
            "number": self.measure.number,
            "title": self.measure.title,
            "against": self.measure.against,
            "expected_seconds": self.measure.expected,
            "series": {name: each.plain() for name, each in self.series.items()},
            "results": [self._result(each) for each in self.comparisons] + self._unseen(),
            "curves": [
                {"name": each.name, "x": each.x, "y": each.y, "points": [list(point) for point in each.points]}
                for each in self.curves.values()
            ],
            "checked": self.checked,
            "wrong": self.wrong,
            "notes": self.notes,
            "complete": self.complete,
        }

    def _result(self, comparison: Comparison) -> dict[str, Any]:
        values = self._compared(comparison)
        told: dict[str, Any] = {**_goal(comparison.goal), "ours": comparison.ours, "theirs": comparison.theirs, "repeats": values}
        if not values:
            return {**told, "met": False}
        spread = Spread.of(values)
        return {**told, "spread": spread.plain(), "met": not self.wrong and comparison.goal.met(spread.median)}

    def _compared(self, comparison: Comparison) -> Sequence[float]:
        ours = self.series[comparison.ours].values if comparison.ours in self.series else []
        if not comparison.theirs:
            return ours
        theirs = self.series[comparison.theirs].values if comparison.theirs in self.series else []
        return ratios(ours, theirs) if ours and theirs else []

    def _unseen(self) -> list[dict[str, Any]]:
        """Goals of which nothing is known are not met."""
        seen = {each.goal.name for each in self.comparisons}
        return [
            {**_goal(each), "ours": "", "theirs": "", "repeats": [], "met": False}
            for each in self.measure.goals
            if each.name not in seen
        ]


def _goal(goal: Goal) -> dict[str, Any]:
    return {"goal": goal.name, "bound": goal.bound.value, "value": goal.value, "unit": goal.unit}


def goal_of(result: dict[str, Any]) -> Goal:
    """The goal that a result of the evidence names."""
    return Goal(result["goal"], Bound(result["bound"]), result["value"], result["unit"])
