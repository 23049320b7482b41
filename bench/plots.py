"""The plots of the evidence as SVG: each ratio beside its goal, and how costs grow."""

from typing import Any

import pygal
from pygal.style import CleanStyle

from bench.findings import goal_of
from bench.measure import Bound
from bench.page import plot_name

_MET, _MISSED = "#2166ac", "#b2182b"
_STYLE = CleanStyle(colors=(_MET, _MISSED), font_family="sans-serif", value_font_size=11)
#: Where lines are drawn: more of them, and their numbers stand in each other's way.
_STEPS = [digit * 10.0**power for power in range(-4, 6) for digit in (1, 3)]
_OPTIONS = {"style": _STYLE, "js": (), "disable_xml_declaration": True, "width": 900, "show_dots": True, "pretty_print": True}


def plots(evidence: dict[str, Any]) -> dict[str, str]:
    """File name -> SVG."""
    measures = list(evidence["measures"].values())
    drawn = {plot_name(each, curve): _grown(curve) for each in measures for curve in each["curves"] if len(curve["points"]) > 1}
    goals = [(each["number"], result) for each in measures for result in each["results"] if result["repeats"]]
    return ({"bench-goals.svg": _goals(goals)} if goals else {}) | drawn


def _goals(goals: list[tuple[str, dict[str, Any]]]) -> str:
    """How far each goal is reached: 1 is the goal itself, more is better, whichever side of it is the good one."""
    bars = [(f"{number} {result['goal']}", _reached(result), result["met"]) for number, result in reversed(goals)]
    span = (0.7 * min(0.7, *(reached for _, reached, _ in bars)), 1.3 * max(2.0, *(reached for _, reached, _ in bars)))
    title = "How far each goal is reached, logarithmic (1: just met; red: not met)"
    chart = pygal.HorizontalBar(
        **_OPTIONS,
        title=title,
        height=80 + 28 * len(bars),
        logarithmic=True,
        range=span,
        zero=span[0],
        show_legend=False,
        print_values=True,
    )
    chart.x_labels = [name for name, _, _ in bars]
    chart.y_labels = [step for step in _STEPS if span[0] <= step <= span[1]]
    chart.add("reached", [{"value": reached, "color": _MET if met else _MISSED} for _, reached, met in bars])
    return _drawn(chart)


def _reached(result: dict[str, Any]) -> float:
    goal, seen = goal_of(result), max(result["spread"]["median"], 1e-9)
    return round(seen / goal.value if goal.bound is Bound.AT_LEAST else goal.value / seen, 3)


def _grown(curve: dict[str, Any]) -> str:
    """A line over the steps that were measured, each as far from the next: they are powers of ten, or single processes."""
    most = max(y for _, y in curve["points"])
    chart = pygal.Line(
        **_OPTIONS,
        title=curve["name"],
        x_title=curve["x"],
        y_title=curve["y"],
        height=420,
        show_legend=False,
        range=(0, 1.1 * most),
    )
    chart.x_labels = [f"{x:,.0f}" for x, _ in curve["points"]]
    chart.add(curve["y"], [y for _, y in curve["points"]], formatter=lambda y: f"{y:.4g} {curve['y']}")
    return _drawn(chart)


def _drawn(chart: pygal.Graph) -> str:
    """As SVG without a script: a page that shows it as an image runs none."""
    chart.add_xml_filter(_without_scripts)
    return str(chart.render(is_unicode=True))


def _without_scripts(root: Any) -> Any:
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag == "script"]:
            parent.remove(child)
    return root
