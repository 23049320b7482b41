"""The plots of the evidence as SVG: each ratio beside its goal, and how costs grow."""

from typing import Any

import pygal
from pygal.style import CleanStyle

from bench.findings import goal_of
from bench.measure import Bound
from bench.page import plot_name

_STYLE = CleanStyle(colors=("#2166ac", "#b2182b", "#4d9221", "#8c510a", "#762a83"), font_family="sans-serif")
_OPTIONS = {"style": _STYLE, "js": (), "disable_xml_declaration": True, "width": 900, "show_dots": True, "pretty_print": True}


def plots(evidence: dict[str, Any]) -> dict[str, str]:
    """File name -> SVG."""
    measures = list(evidence["measures"].values())
    drawn = {plot_name(each, curve): _grown(curve) for each in measures for curve in each["curves"] if len(curve["points"]) > 1}
    goals = [(each["number"], result) for each in measures for result in each["results"] if result["repeats"]]
    return ({"bench-goals.svg": _goals(goals)} if goals else {}) | drawn


def _goals(goals: list[tuple[str, dict[str, Any]]]) -> str:
    """How often each goal is reached: 1 is the goal itself, more is better, whichever side of it is the good one."""
    chart = pygal.HorizontalBar(
        **_OPTIONS, title="How far each goal is reached (1: just met; logarithmic)", height=80 + 34 * len(goals), logarithmic=True
    )
    chart.x_labels = [f"{number} {result['goal']}" for number, result in goals]
    reached = [_reached(result) for _, result in goals]
    chart.add("met", [value if result["met"] else None for value, (_, result) in zip(reached, goals, strict=True)])
    chart.add("missed", [None if result["met"] else value for value, (_, result) in zip(reached, goals, strict=True)])
    return str(chart.render(is_unicode=True))


def _reached(result: dict[str, Any]) -> float:
    goal, seen = goal_of(result), max(result["spread"]["median"], 1e-9)
    return round(seen / goal.value if goal.bound is Bound.AT_LEAST else goal.value / seen, 3)


def _grown(curve: dict[str, Any]) -> str:
    chart = pygal.XY(
        **_OPTIONS, title=curve["name"], x_title=curve["x"], y_title=curve["y"], height=420, xrange=None, show_legend=False
    )
    chart.add(curve["y"], [tuple(point) for point in curve["points"]])
    return str(chart.render(is_unicode=True))
