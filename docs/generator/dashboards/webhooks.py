"""What receivers are told, and what waits for them."""

from docs.generator.dashboards.panels import Dashboard, Panel, quantiles

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
        Panel("From event to first attempt", quantiles("webhooks_first_attempt_seconds", "dialect"), "s"),
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
