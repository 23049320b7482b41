"""The way of a task, step by step."""

from docs.generator.dashboards.panels import OLDEST, STAGES, Dashboard, Panel, quantiles

WAY = Dashboard(
    "way",
    "Printbus: the way of a task",
    "From the door to paper, station by station; the exemplars lead to traces. `python -m services explain TASK` tells one task.",
    (
        Panel("1 The door answers", quantiles("gateway_request_seconds"), "s", exemplars=True),
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
        Panel("4 Is converted", quantiles("converter_order_seconds", "engine"), "s", exemplars=True),
        Panel("5 Stands in its printer's line", (('max(spooler_line_oldest_seconds{stage="fetchable"})', "oldest"),), "s"),
        Panel(
            "From the door to the first byte",
            quantiles("spooler_first_byte_seconds", "since"),
            "s",
            says="Since it was accepted, and since it was ready for its printer",
        ),
        Panel("6 Goes on paper", quantiles("agent_print_seconds"), "s", exemplars=True),
        Panel("7 The spooler hears of it", (('max(bus_consumer_oldest_seconds{consumer="spooler_reports"})', "age"),), "s"),
        Panel("8 Others are told", (('max(bus_consumer_oldest_seconds{consumer="webhooks_tasks"})', "age"),), "s"),
        Panel("9 First attempt at a receiver", quantiles("webhooks_first_attempt_seconds", "dialect"), "s"),
        STAGES,
        OLDEST,
        Panel(
            "How long tasks have been in their stage",
            (("histogram_quantile(0.95, sum by (le, stage) (spooler_tasks_age_seconds_bucket))", "p95 {{stage}}"),),
            "s",
            says="Of those that have not ended",
            empty="No task is open",
        ),
        Panel("How long tasks were in a stage that they left", quantiles("spooler_stage_seconds", "stage"), "s"),
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
