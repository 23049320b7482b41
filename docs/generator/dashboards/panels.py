"""A dashboard for Grafana as data, and the JSON that Grafana takes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 8, 7
_SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: queries with what their lines are called; `unit` in Grafana's words; `kind` timeseries or stat.

    A stat is what is now: its names instead of its values where `names`. `empty` is what stands there while there is nothing.
    """

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: str = "timeseries"
    says: str = ""
    exemplars: bool = False
    empty: str = "Nothing yet"
    names: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; `variables` are (name, the query that lists its values)."""

    name: str
    title: str
    says: str
    panels: tuple[Panel, ...]
    variables: tuple[tuple[str, str], ...] = ()


def quantiles(metric: str, by: str = "") -> tuple[tuple[str, str], ...]:
    """The median and the slow ends of a histogram, by a label."""
    labels = f"le, {by}" if by else "le"
    legend = f" {{{{{by}}}}}" if by else ""
    return tuple(
        (f"histogram_quantile({each}, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))", f"p{each[2:]}{legend}")
        for each in ("0.50", "0.95", "0.99")
    )


#: How many tasks are where, and since when: on more than one dashboard.
STAGES = Panel("Tasks by stage", (("max by (stage) (spooler_tasks_open)", "{{stage}}"),))
OLDEST = Panel(
    "Age of the oldest task", (("max by (stage) (spooler_tasks_oldest_seconds) > 0", "{{stage}}"),), "s", empty="No task is open"
)


def text(dashboard: Dashboard) -> str:
    """The dashboard as Grafana imports it."""
    made: dict[str, Any] = {
        "uid": f"printbus-{dashboard.name}",
        "title": dashboard.title,
        "description": dashboard.says,
        "tags": ["printbus"],
        "timezone": "browser",
        "editable": False,
        "refresh": "30s",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), *(_variable(*each) for each in dashboard.variables)]},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def queries(dashboard: Dashboard) -> Sequence[str]:
    """Every query of it."""
    return [query for panel in dashboard.panels for query, _ in panel.queries] + [query for _, query in dashboard.variables]


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variable(name: str, query: str) -> dict[str, Any]:
    return {"name": name, "type": "query", "datasource": _SOURCE, "query": query, "refresh": 2, "sort": 1}


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    per_row = 24 // WIDTH
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        **({"description": panel.says} if panel.says else {}),
        "datasource": _SOURCE,
        "gridPos": {"x": number % per_row * WIDTH, "y": number // per_row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "noValue": panel.empty}, "overrides": []},
        **({"options": {"textMode": "name" if panel.names else "auto"}} if panel.kind == "stat" else {}),
        "targets": [_target(place, panel, *each) for place, each in enumerate(panel.queries)],
    }


def _target(place: int, panel: Panel, query: str, legend: str) -> dict[str, Any]:
    now = {"instant": True, "range": False} if panel.kind == "stat" else {}
    named = {"refId": chr(65 + place), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
    return {**named, **now, "exemplar": panel.exemplars}
