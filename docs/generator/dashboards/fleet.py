"""What happens now, and whether it is well."""

from docs.generator.dashboards.panels import OLDEST, STAGES, Dashboard, Panel, quantiles


def _of_routes(sample: str) -> str:
    return f"sum by (door, route) (rate(gateway_route_seconds_{sample}[$__rate_interval]))"


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
        Panel("How long answers take", quantiles("gateway_request_seconds", "door"), "s", exemplars=True),
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
        STAGES,
        OLDEST,
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
