"""One printer."""

from docs.generator.dashboards.panels import Dashboard, Panel, quantiles

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
            "From its turn to paper, or to why not (all printers of the agent)", quantiles("agent_print_seconds", "outcome"), "s"
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
