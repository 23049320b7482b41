"""Metrics, dashboards, rules and runbooks say the same: what one names, the other has."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry

from docs.generator.dashboards import DASHBOARDS
from docs.generator.dashboards.panels import queries
from libs.contracts.metrics import ALL, EVERY, PRINTERS, REQUESTS, TASKS_AGE, TASKS_ENDED, Kind, told_reason
from libs.runtime import metrics
from services.cli.commandline import parser
from tests.architecture.source import ROOT, modules

RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "printbus.rules.yml").read_text())
RUNBOOKS = ROOT / "docs" / "runbooks"
SAMPLES = {name: metric for metric in ALL.values() for name in metric.samples}
RECORDED = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
#: Words of expressions that stand where names do.
_WORDS = {"and", "or", "unless", "offset", "bool"}


def named(expression: str) -> dict[str, set[str]]:
    """Metric -> labels that an expression selects it by."""
    bare = re.sub(r"label_values\(([^,]*), *\w+\)", r"\1", re.sub(r'"[^"]*"', '""', expression))
    bare = re.sub(r"\[[^\]]*\]|\b(by|on|ignoring|without)\s*\([^)]*\)", " ", bare)
    found: dict[str, set[str]] = {}
    for name, selector, called in re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(\s*\()?", bare):
        if not called and name not in _WORDS:
            found.setdefault(name, set()).update(re.findall(r"(\w+)\s*[=!]", selector))
    return found


def expressions() -> list[tuple[str, str]]:
    ruled = [(rule.get("alert") or rule["record"], rule["expr"]) for group in RULES["groups"] for rule in group["rules"]]
    return ruled + [(board.name, query) for board in DASHBOARDS for query in queries(board)]


@pytest.mark.parametrize(("where", "expression"), expressions())
def test_what_rules_and_dashboards_ask_for_is_emitted(where, expression):
    for name, labels in named(expression).items():
        if name in RECORDED:
            continue
        assert name in SAMPLES, f"{where} asks for {name}, which no service emits"
        known = {*SAMPLES[name].labels, *({"le"} if name.endswith("_bucket") else ())}
        assert labels <= known, f"{where} selects {name} by {labels - known}"


def test_names_are_found_in_expressions():
    query = 'sum by (le) (rate(a_bucket{le="60.0",x!~"b|c"}[5m])) / on () max(d offset 15m) > 14.4 * 0.001 and e:f unless g'
    assert named(query) == {"a_bucket": {"le", "x"}, "d": set(), "e:f": set(), "g": set()}
    assert named("label_values(agent_printer_state, printer)") == {"agent_printer_state": set()}


def test_buckets_hold_the_limits_of_the_objectives():
    for group in RULES["groups"]:
        for rule in group["rules"]:
            for name, limit in re.findall(r'(\w+)_bucket\{le="([\d.]+)"\}', rule["expr"]):
                assert float(limit) in ALL[name].buckets, rule


def test_the_generated_dashboards_are_json_that_names_each_panel_once():
    for board in DASHBOARDS:
        made = json.loads((ROOT / "deploy" / "grafana" / f"{board.name}.json").read_text())
        titles = [panel["title"] for panel in made["panels"]]
        assert len(titles) == len(set(titles)) == len(board.panels)
        assert {panel["id"] for panel in made["panels"]} == set(range(1, len(titles) + 1))


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_has_its_page_and_a_sentence(name):
    rule = ALERTS[name]
    page = ROOT / rule["annotations"]["runbook_url"]
    assert page.parent == RUNBOOKS
    text = page.read_text()
    assert name in text.split("\n\n")[1], "the page names its alerts"
    assert "## What to do" in text
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}


def test_every_invariant_has_an_alert():
    assert {rule["labels"].get("invariant") for rule in ALERTS.values()} >= {f"I{number}" for number in range(1, 9)}


def test_runbooks_name_commands_that_there_are():
    verbs = parser()._subparsers._group_actions[0].choices
    for page in RUNBOOKS.glob("*.md"):
        for verb, action in re.findall(r"python -m services ([a-z][a-z-]*)(?: ([a-z][a-z-]*)\b)?", page.read_text()):
            assert verb in verbs, f"{page.name} names the verb {verb}"
            actions = [each for each in verbs[verb]._actions if each.choices and each.dest == "action"]
            if actions and action:
                assert action in actions[0].choices, f"{page.name} names {verb} {action}"


def test_labels_are_bounded():
    unbounded = {"task", "task_id", "sn", "client", "url", "agent", "user", "address", "trace_id"}
    many = {"tenant", "endpoint"}
    for metric in ALL.values():
        assert not unbounded & set(metric.labels), metric.name
        assert not many & set(metric.labels[1:]), metric.name
        assert bool(metric.most) == bool(many & set(metric.labels)), f"{metric.name} tells no more than some of them"
        assert not metric.most or f" {metric.most} " in metric.says, metric.name
        assert "printer" not in metric.labels or metric.service == "agent", metric.name


def test_a_cluster_keeps_the_labels_that_its_prometheus_would_set_itself():
    theirs = {"namespace", "service", "pod", "container", "endpoint", "job", "instance"}
    monitor = yaml.safe_load((ROOT / "deploy" / "k8s" / "components" / "monitoring" / "monitors.yaml").read_text())
    assert theirs & {label for metric in ALL.values() for label in metric.labels} == {"endpoint"}
    assert all(each["honorLabels"] for each in monitor["spec"]["endpoints"])


def test_nobody_makes_a_metric_outside_of_the_catalogue():
    made = re.compile(r"\b(?:Counter|Gauge|Histogram|Summary|Info)\(\s*\"|MetricFamily\(")
    guilty = [str(module.path) for module in modules() if made.search(module.text) and not module.name.endswith("runtime.metrics")]
    assert guilty == []


def test_a_reason_of_a_printer_is_told_without_its_severity_or_as_other():
    assert told_reason("media-empty-error") == "media-empty"
    assert told_reason("none") == ""
    assert told_reason("x" * 5000) == "other"


def test_metrics_are_written_for_both_kinds_of_readers_with_exemplars_for_one():
    here, there = CollectorRegistry(), CollectorRegistry()
    seconds = metrics.histogram(REQUESTS, here)
    assert metrics.histogram(REQUESTS, here) is seconds, "several parts of a service count into one"
    seconds.labels("graph", "200").observe(0.3, {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})
    metrics.counter(TASKS_ENDED, there).labels("completed", "other").inc()
    printers = {("idle",): 2.0}
    metrics.rows(PRINTERS, there, lambda: printers)
    plain, kind = metrics.written([here, there])
    assert kind.startswith("text/plain")
    assert b'spooler_printers{state="idle"} 2.0' in plain
    assert b"trace_id" not in plain
    printers.clear()
    opened, kind = metrics.written([here, there], "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert kind.startswith("application/openmetrics-text")
    assert b'le="0.5"' in opened
    assert b'# {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.3' in opened
    assert b"spooler_printers{" not in opened, "what is gone is told no more"
    assert b"_created" not in opened
    assert opened.count(b"# EOF") == 1


def test_a_histogram_of_what_there_is_goes_up_and_down():
    registry = CollectorRegistry()
    now = {("held",): metrics.Spread((0, 1, 1, 2, 2, 2, 2, 2, 2), 3, 90_100.5)}
    metrics.spreads(TASKS_AGE, registry, lambda: now)
    told = metrics.written([registry])[0].decode()
    assert "# TYPE spooler_tasks_age_seconds histogram" in told
    assert 'spooler_tasks_age_seconds_bucket{le="60.0",stage="held"} 2.0' in told
    assert 'spooler_tasks_age_seconds_bucket{le="+Inf",stage="held"} 3.0' in told
    assert 'spooler_tasks_age_seconds_sum{stage="held"} 90100.5' in told
    now[("held",)] = metrics.Spread((0,) * 9, 0, 0.0)
    assert 'spooler_tasks_age_seconds_count{stage="held"} 0.0' in metrics.written([registry])[0].decode()


def test_every_metric_of_the_catalogue_is_named_as_prometheus_wants_it():
    for metric in ALL.values():
        assert re.fullmatch(r"[a-z][a-z_]+", metric.name)
        assert not metric.name.endswith(("_total", "_bucket", "_count", "_sum"))
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert metric.name.startswith((f"{metric.service}_", "bus_", "messaging_")), metric.name
        assert (metric.service == EVERY) == (metric.labels[:1] == ("service_name",)), (
            "only what all of them tell has to say who does"
        )


def test_the_page_of_metrics_is_part_of_what_is_generated():
    assert (Path(ROOT) / "docs" / "metrics.md").read_text().count("\n| `") == len(ALL)
