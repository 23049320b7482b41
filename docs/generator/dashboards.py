"""Dashboards for Grafana as data: what each panel shows, and the JSON that Grafana takes."""

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


def _quantiles(metric: str, by: str = "") -> tuple[tuple[str, str], ...]:
    labels = f"le, {by}" if by else "le"
    legend = f" {{{{{by}}}}}" if by else ""
    return tuple(
        (f"histogram_quantile({each}, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))", f"p{each[2:]}{legend}")
        for each in ("0.50", "0.95", "0.99")
    )


def _of_routes(sample: str) -> str:
    return f"sum by (door, route) (rate(gateway_route_seconds_{sample}[$__rate_interval]))"


def _of_questions(sample: str, selector: str = "") -> str:
    return f"sum by (service_name, question) (rate(bus_question_seconds_{sample}{selector}[$__rate_interval]))"


_BY_STREAM = "sum by (service_name, messaging_destination_name, error_type)"
_UNANSWERED = '{outcome="unanswered"}'


_AGES = Panel(
    "Age of the oldest message",
    (("max by (consumer) (bus_consumer_oldest_seconds)", "{{consumer}}"),),
    "s",
    says="Seconds, not counts. As the bus was when it was last looked at: what was read since then ages until the next look",
)
_STAGES = Panel("Tasks by stage", (("max by (stage) (spooler_tasks_open)", "{{stage}}"),))
_OLDEST = Panel(
    "Age of the oldest task", (("max by (stage) (spooler_tasks_oldest_seconds) > 0", "{{stage}}"),), "s", empty="No task is open"
)

FLEET = Dashboard(
    "fleet",
    "Printbus: fleet",
    "What happens now, and whether it is well.",
    (
        Panel(
            "Accepted tasks that do not add up", (("sum(max by (kind) (spooler_ledger_mismatches))", "mismatches"),), kind="stat"
        ),
        Panel("Last checked", (("min(spooler_ledger_checked_seconds >= 0)", "ago"),), "s", "stat"),
        Panel("Of unknown outcome", (('max(spooler_tasks_open{stage="unknown"})', "tasks"),), kind="stat"),
        Panel(
            "Requests by door", (("sum by (door) (rate(gateway_request_seconds_count[$__rate_interval]))", "{{door}}"),), "reqps"
        ),
        Panel(
            "Requests that fail",
            (('sum by (door) (rate(gateway_request_seconds_count{status=~"5.."}[$__rate_interval]))', "{{door}}"),),
            "reqps",
            says="5xx; what a client did wrong is no fault",
            empty="None has failed",
        ),
        Panel("How long answers take", _quantiles("gateway_request_seconds", "door"), "s", exemplars=True),
        Panel(
            "Requests by tenant",
            (("sum by (tenant) (rate(gateway_tenant_seconds_count[$__rate_interval]))", "{{tenant}}"),),
            "reqps",
            says="The busiest by their names",
        ),
        Panel(
            "Tenants whose requests fail, or are refused",
            (
                (
                    'sum by (tenant, outcome) (rate(gateway_tenant_seconds_count{outcome!="answered"}[$__rate_interval]))',
                    "{{tenant}} {{outcome}}",
                ),
            ),
            "reqps",
            empty="None",
        ),
        Panel(
            "Routes that fail",
            (
                (
                    'sum by (door, route) (rate(gateway_route_seconds_count{outcome="failed"}[$__rate_interval])) > 0',
                    "{{door}} {{route}}",
                ),
            ),
            "reqps",
            empty="None fails",
        ),
        Panel(
            "The slowest routes",
            (
                (
                    f"topk(8, {_of_routes('sum')} / {_of_routes('count')})",
                    "{{door}} {{route}}",
                ),
            ),
            "s",
            says="On average",
        ),
        Panel(
            "Other regions that are reached",
            (("min by (region) (gateway_region_reached)", "{{region}}"),),
            says="1: each gateway hears that region's registry",
            empty="No other region is joined with this one",
        ),
        Panel(
            "Kept for other regions",
            (("max by (region) (gateway_outbox_messages)", "{{region}}"),),
            says="Accepted, on its way",
            empty="No other region is joined with this one",
        ),
        _STAGES,
        _OLDEST,
        Panel(
            "Tasks that end",
            (("sum by (stage, reason) (rate(spooler_tasks_ended_total[$__rate_interval]))", "{{stage}} {{reason}}"),),
            "ops",
        ),
        Panel("Printers by state", (("max by (state) (spooler_printers)", "{{state}}"),)),
        Panel(
            "What printers complain about", (("max by (reason) (spooler_printer_reasons)", "{{reason}}"),), empty="None complains"
        ),
        Panel("Agents online", (("max(registry_agents_online)", "agents"),), kind="stat"),
        Panel(
            "Agents that went away",
            (("max(increase(registry_agents_left_total[1h]))", "an hour"),),
            says="Most come back. Every registry hears all of them, so it is not the sum",
        ),
        Panel(
            "Tasks that test the way",
            (("max(gateway_canary_sites)", "agents"), ("max(gateway_canary_silent)", "did not come back")),
            says="Off unless PRINTBUS_CANARY_PERIOD is set",
        ),
        Panel(
            "Duplicates prevented",
            (
                ("sum(rate(gateway_duplicates_prevented_total[$__rate_interval]))", "submissions under a key"),
                ("sum by (kind) (rate(spooler_duplicates_prevented_total[$__rate_interval]))", "spooler: {{kind}}"),
                ("sum(rate(agent_duplicates_prevented_total[$__rate_interval]))", "orders at agents"),
            ),
            "ops",
        ),
        Panel(
            "Budgets: share that is too late or failed, one hour",
            (
                ("printbus:requests_failed:ratio_rate1h", "requests (0.1 %)"),
                ("printbus:prints_late:ratio_rate1h", "prints (0.5 %)"),
                ("printbus:webhooks_late:ratio_rate1h", "webhooks (1 %)"),
            ),
            "percentunit",
            says="Of the recording rules; a line begins with the first request, print or callback",
        ),
        Panel("Pages an hour", (("sum(increase(spooler_pages_printed_total[1h]))", "pages"),)),
        Panel(
            "Pages a minute by kind of printer",
            (("60 * sum by (driver) (rate(agent_pages_printed_total[5m]))", "{{driver}}"),),
        ),
        Panel(
            "Time over before paper, and no such paper",
            (
                ('sum(increase(spooler_tasks_ended_total{reason="expired"}[1h]))', "expired in an hour"),
                ('sum(increase(spooler_tasks_ended_total{reason="media-mismatch"}[1h]))', "no such paper in an hour"),
            ),
            empty="None",
        ),
    ),
)

PRINTER = Dashboard(
    "printer",
    "Printbus: one printer",
    "A printer as its agent sees it.",
    (
        Panel("State", (('max by (state) (agent_printer_state{printer="$printer"})', "{{state}}"),), kind="stat", names=True),
        Panel("Reasons", (('max by (reason) (agent_printer_reason{printer="$printer"})', "{{reason}}"),), empty="It gives none"),
        Panel("Attempts that have not ended", (('max(agent_printer_attempts{printer="$printer"}) or vector(0)', "attempts"),)),
        Panel(
            "Pages a minute, and what it says that it can",
            (
                ('60 * sum(rate(agent_pages_printed_total{printer="$printer"}[5m]))', "printed"),
                ('max(agent_printer_rated_pages_per_minute{printer="$printer"})', "rated"),
            ),
            says="Many printers do not say what they can",
        ),
        Panel("The agent is admitted", (("min by (instance) (agent_admitted)", "{{instance}}"),)),
        Panel(
            "From its turn to paper, or to why not (all printers of the agent)", _quantiles("agent_print_seconds", "outcome"), "s"
        ),
        Panel("The line was lost", (("sum by (instance) (increase(agent_bus_reconnects_total[1h]))", "{{instance}}, an hour"),)),
        Panel(
            "What became of attempts (all printers of the agent)",
            (("sum by (outcome) (rate(agent_print_seconds_count[$__rate_interval]))", "{{outcome}}"),),
            "ops",
        ),
    ),
    (("printer", "label_values(agent_printer_state, printer)"),),
)

WAY = Dashboard(
    "way",
    "Printbus: the way of a task",
    "From the door to paper, station by station; the exemplars lead to traces. `python -m services explain TASK` tells one task.",
    (
        Panel("1 The door answers", _quantiles("gateway_request_seconds"), "s", exemplars=True),
        Panel(
            "2 Handed over, not yet applied",
            (('max(bus_consumer_oldest_seconds{consumer="spooler_intake"})', "age"),),
            "s",
        ),
        Panel(
            "3 Waits for a converter",
            (('max by (consumer) (bus_consumer_oldest_seconds{consumer=~"converter_.*"})', "{{consumer}}"),),
            "s",
        ),
        Panel("4 Is converted", _quantiles("converter_order_seconds", "engine"), "s", exemplars=True),
        Panel("5 Stands in its printer's line", (('max(spooler_line_oldest_seconds{stage="fetchable"})', "oldest"),), "s"),
        Panel(
            "From the door to the first byte",
            _quantiles("spooler_first_byte_seconds", "since"),
            "s",
            says="Since it was accepted, and since it was ready for its printer",
        ),
        Panel("6 Goes on paper", _quantiles("agent_print_seconds"), "s", exemplars=True),
        Panel("7 The spooler hears of it", (('max(bus_consumer_oldest_seconds{consumer="spooler_reports"})', "age"),), "s"),
        Panel("8 Others are told", (('max(bus_consumer_oldest_seconds{consumer="webhooks_tasks"})', "age"),), "s"),
        Panel("9 First attempt at a receiver", _quantiles("webhooks_first_attempt_seconds", "dialect"), "s"),
        _STAGES,
        _OLDEST,
        Panel(
            "How long tasks have been in their stage",
            (("histogram_quantile(0.95, sum by (le, stage) (spooler_tasks_age_seconds_bucket))", "p95 {{stage}}"),),
            "s",
            says="Of those that have not ended",
            empty="No task is open",
        ),
        Panel("How long tasks were in a stage that they left", _quantiles("spooler_stage_seconds", "stage"), "s"),
        Panel(
            "Tasks that test the way",
            (
                (
                    "histogram_quantile(0.95, sum by (le, outcome) (rate(gateway_canary_seconds_bucket[15m])))",
                    "p95 {{outcome}}",
                ),
            ),
            "s",
            says="To each agent and back, with nothing printed, over a quarter of an hour",
            empty="Off unless PRINTBUS_CANARY_PERIOD is set",
        ),
        Panel("Unknown outcomes", (("sum(increase(spooler_unknown_outcomes_total[1h]))", "an hour"),)),
    ),
)

WEBHOOKS = Dashboard(
    "webhooks",
    "Printbus: webhooks",
    "Events out: what waits, how old it is, what came of it.",
    (
        Panel(
            "Deliveries that wait",
            (("max by (dialect) (webhooks_deliveries_waiting)", "{{dialect}}"),),
            says="Every dispatcher counts all of them, so it is not the sum",
        ),
        Panel("Age of the oldest", (("max by (dialect) (webhooks_oldest_waiting_seconds)", "{{dialect}}"),), "s"),
        Panel(
            "The endpoints that have waited longest",
            (("max by (endpoint, dialect) (webhooks_endpoint_oldest_seconds)", "{{endpoint}} {{dialect}}"),),
            "s",
            empty="None has waited for a minute",
        ),
        Panel("From event to first attempt", _quantiles("webhooks_first_attempt_seconds", "dialect"), "s"),
        Panel(
            "Deliveries that end",
            (("sum by (dialect, state) (rate(webhooks_deliveries_ended_total[$__rate_interval]))", "{{dialect}} {{state}}"),),
            "ops",
        ),
        Panel(
            "Attempts that fail",
            (("sum by (dialect) (rate(webhooks_attempts_failed_total[$__rate_interval]))", "{{dialect}}"),),
            "ops",
        ),
        Panel("Endpoints switched off", (("sum by (dialect) (increase(webhooks_endpoints_disabled_total[1d]))", "{{dialect}}"),)),
        Panel("Lanes that waited for their rate", (("sum by (dialect) (increase(webhooks_lanes_held_total[1h]))", "{{dialect}}"),)),
        Panel("Handshakes", (("sum by (outcome) (increase(webhooks_handshakes_total[1h]))", "{{outcome}}"),)),
        Panel(
            "Events not yet read",
            (('max by (consumer) (bus_consumer_oldest_seconds{consumer=~"webhooks_.*"})', "{{consumer}}"),),
            "s",
        ),
    ),
)

CONVERTERS = Dashboard(
    "converters",
    "Printbus: converters",
    "Engines and their lanes.",
    (
        Panel(
            "Lanes that are busy",
            (("sum by (engine) (converter_lanes_busy) / sum by (engine) (converter_lanes)", "{{engine}}"),),
            "percentunit",
        ),
        Panel("How long orders take", _quantiles("converter_order_seconds", "engine"), "s", exemplars=True),
        Panel(
            "Orders by outcome",
            (("sum by (engine, outcome) (rate(converter_order_seconds_count[$__rate_interval]))", "{{engine}} {{outcome}}"),),
            "ops",
        ),
        Panel(
            "Documents that wait",
            (('max by (consumer) (bus_consumer_pending{consumer=~"converter_.*"})', "{{consumer}}"),),
        ),
        Panel(
            "Age of the oldest",
            (('max by (consumer) (bus_consumer_oldest_seconds{consumer=~"converter_.*"})', "{{consumer}}"),),
            "s",
        ),
        Panel("Engines discarded", (("sum by (engine) (increase(converter_engines_discarded_total[1h]))", "{{engine}}"),)),
    ),
)

BUS = Dashboard(
    "bus",
    "Printbus: bus",
    "Streams and the services' consumers.",
    (
        _AGES,
        Panel("Not given yet", (("max by (consumer) (bus_consumer_pending)", "{{consumer}}"),)),
        Panel("Given, not acknowledged", (("max by (consumer) (bus_consumer_unacknowledged)", "{{consumer}}"),)),
        Panel("Given more than once", (("max by (consumer) (bus_consumer_redelivered)", "{{consumer}}"),)),
        Panel("How full streams are", (("max by (stream) (bus_stream_fill_ratio)", "{{stream}}"),), "percentunit"),
        Panel("How full the disk is", (("max(bus_disk_fill_ratio)", "disk"),), "percentunit"),
        Panel("Messages", (("max by (stream) (bus_stream_messages)", "{{stream}}"),)),
        Panel("Bytes", (("max by (stream) (bus_stream_bytes)", "{{stream}}"),), "bytes"),
        Panel("Messages that replicas are behind", (("max by (stream) (bus_stream_replica_behind_messages)", "{{stream}}"),)),
        Panel("Replicas offline or behind", (("max by (stream) (bus_stream_replicas_lagging)", "{{stream}}"),)),
        Panel(
            "Until a message is stored",
            _quantiles("messaging_client_operation_duration_seconds", "messaging_destination_name"),
            "s",
            says="By stream, with all tries; a batch is one",
        ),
        Panel(
            "Messages that were not stored",
            (
                (
                    f'{_BY_STREAM} (rate(messaging_client_operation_duration_seconds_count{{error_type!=""}}[$__rate_interval]))',
                    "{{service_name}} to {{messaging_destination_name}}: {{error_type}}",
                ),
            ),
            "ops",
            empty="All were stored",
        ),
        Panel(
            "How long messages are worked on",
            _quantiles("messaging_process_duration_seconds", "messaging_destination_name"),
            "s",
            says="By stream; those that are read together are one",
        ),
        Panel(
            "Questions between services",
            (
                (
                    "sum by (service_name, outcome) (rate(bus_question_seconds_count[$__rate_interval]))",
                    "{{service_name}} {{outcome}}",
                ),
            ),
            "reqps",
            says="Refused: answered with a no",
        ),
        Panel(
            "The slowest questions",
            ((f"topk(8, {_of_questions('sum')} / {_of_questions('count')})", "{{service_name}} {{question}}"),),
            "s",
            says="On average",
        ),
        Panel(
            "Questions that nobody answers",
            (
                (
                    f"{_of_questions('count', _UNANSWERED)} > 0",
                    "{{service_name}} {{question}}",
                ),
            ),
            "reqps",
            empty="All are answered",
        ),
        Panel("Last seen", (("min(bus_seen_seconds)", "ago"),), "s", "stat"),
        Panel("Active spoolers", (("sum(spooler_active)", "active"),), kind="stat", says="One per region; 0 while the lease moves"),
        Panel(
            "The directory is believed",
            (("min by (instance) (gateway_directory_fresh)", "{{instance}}"),),
        ),
        Panel(
            "Receipts",
            (
                ("sum(gateway_receipts_waiting)", "not confirmed yet"),
                ("sum(gateway_receipts_missing)", "lost now"),
                ("sum(increase(gateway_receipts_republished_total[1h]))", "published again"),
            ),
        ),
    ),
)

DASHBOARDS = (FLEET, PRINTER, WAY, WEBHOOKS, CONVERTERS, BUS)


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
