"""Streams, consumers, and how long it takes over them."""

from docs.generator.dashboards.panels import Dashboard, Panel, quantiles

_BY_STREAM = "sum by (service_name, messaging_destination_name, error_type)"
_UNANSWERED = '{outcome="unanswered"}'

_AGES = Panel(
    "Age of the oldest message",
    (("max by (consumer) (bus_consumer_oldest_seconds)", "{{consumer}}"),),
    "s",
    says="Seconds, not counts. As the bus was when it was last looked at: what was read since then ages until the next look",
)


def _of_questions(sample: str, selector: str = "") -> str:
    return f"sum by (service_name, question) (rate(bus_question_seconds_{sample}{selector}[$__rate_interval]))"


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
            quantiles("messaging_client_operation_duration_seconds", "messaging_destination_name"),
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
            quantiles("messaging_process_duration_seconds", "messaging_destination_name"),
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
