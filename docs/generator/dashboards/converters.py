"""Lanes, engines and what they make of documents."""

from docs.generator.dashboards.panels import Dashboard, Panel, quantiles

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
        Panel("How long orders take", quantiles("converter_order_seconds", "engine"), "s", exemplars=True),
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
