"""Every metric that a service emits, as data: dashboards, rules and the page `docs/metrics.md` are checked against it.

Labels are bounded: no task, no client, no address is ever one. `printer` is a label only of the agent that has these printers, and
a tenant or an endpoint only of a metric that tells the first few of them (`most`).
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Prometheus's kinds that are used here."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name without suffixes of its kind, who emits it, one sentence, labels; `buckets` of a histogram (seconds).

    `most`: so many values of the first label are told by each process, 0: as many as there are.
    """

    name: str
    kind: Kind
    service: str
    says: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    most: int = 0

    @property
    def samples(self) -> tuple[str, ...]:
        """The names by which queries know it."""
        if self.kind is Kind.COUNTER:
            return (f"{self.name}_total",)
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{suffix}" for suffix in ("bucket", "sum", "count"))
        return (self.name,)


ALL: dict[str, Metric] = {}
#: Who emits what each service tells of itself under one name, with itself as the first label.
EVERY = "every"
#: Answers of doors and first attempts of webhooks: the limits of the objectives (0.5, 2 and 10 s) are among them.
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: Work: conversions, paper.
_WORK = (0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
#: The same as `_QUICK` where there are many labels: each bucket is a series.
_ROUGH = (0.1, 0.5, 2.0, 10.0)
#: The bus: from a store beside us to the end of all patience (OpenTelemetry advises 5 ms to 10 s for messaging, in 14 steps).
_BUS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0)
#: What may lie for a while: a task in one of its states.
_AGES = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)


def _metric(kind: Kind, service: str, name: str, says: str, *labels: str, buckets: tuple[float, ...] = (), most: int = 0) -> Metric:
    made = Metric(name, kind, service, says, labels, buckets, most)
    if ALL.setdefault(name, made) is not made:
        raise ValueError(f"{name} is there already")
    return made


def _counter(service: str, name: str, says: str, *labels: str) -> Metric:
    return _metric(Kind.COUNTER, service, name, says, *labels)


def _gauge(service: str, name: str, says: str, *labels: str) -> Metric:
    return _metric(Kind.GAUGE, service, name, says, *labels)


# --- the doors ---
REQUESTS = _metric(
    Kind.HISTOGRAM,
    "gateway",
    "gateway_request_seconds",
    "How long answers took, by door (webprinter, pages, graph; addresses: uploads, downloads, documents, tokens, enrolments) and "
    "HTTP status",
    "door",
    "status",
    buckets=_QUICK,
)
ROUTES = _metric(
    Kind.HISTOGRAM,
    "gateway",
    "gateway_route_seconds",
    "How long answers took, by what was asked for (a command, a route, an address) and how it came out: answered, refused (4xx) or "
    "failed (5xx)",
    "door",
    "route",
    "outcome",
    buckets=_ROUGH,
)
TENANTS = _metric(
    Kind.HISTOGRAM,
    "gateway",
    "gateway_tenant_seconds",
    "How long answers took, by who asked: the 20 busiest tenants by their names, all others as other; nobody: who did not say, or "
    "was not believed",
    "tenant",
    "door",
    "outcome",
    buckets=_ROUGH,
    most=20,
)
COMMANDS = _counter("gateway", "gateway_commands", "Commands by name and status", "command", "status")
PAGE_CALLS = _counter("gateway", "gateway_webapi_calls", "Calls of pages by command and status", "command", "status")
PAGE_SESSIONS = _gauge("gateway", "gateway_webapi_sessions", "Sessions of pages")
GRAPH_REQUESTS = _counter("gateway", "gateway_graph_requests", "Requests by method, route and status", "method", "route", "status")
GATEWAY_DUPLICATES = _counter(
    "gateway", "gateway_duplicates_prevented", "Submissions that repeated a key, and were answered with the tasks of the first time"
)
RECEIPTS_LOST = _counter("gateway", "gateway_receipts_lost", "Accepted tasks that the bus had lost")
RECEIPTS_REPUBLISHED = _counter("gateway", "gateway_receipts_republished", "Messages that were published again for it")
RECEIPTS_FORGOTTEN = _counter("gateway", "gateway_receipts_forgotten", "Accepted tasks nobody could be asked about")
RECEIPTS_MISSING = _gauge("gateway", "gateway_receipts_missing", "Accepted tasks that are lost now")
RECEIPTS_WAITING = _gauge("gateway", "gateway_receipts_waiting", "Accepted tasks that the spooler has not confirmed")
OUTBOX_MESSAGES = _gauge("gateway", "gateway_outbox_messages", "Messages kept for a region that did not answer", "region")
REGION_REACHED = _gauge("gateway", "gateway_region_reached", "1 while another region's registry is heard", "region")
DIRECTORY_FRESH = _gauge("gateway", "gateway_directory_fresh", "1 while the directory's mirror is believed")
CANARIES = _metric(
    Kind.HISTOGRAM,
    "gateway",
    "gateway_canary_seconds",
    "From the door to an agent and back, of tasks that print nothing, by how they ended (printed, failed, late)",
    "outcome",
    buckets=_WORK,
)
CANARY_SITES = _gauge("gateway", "gateway_canary_sites", "Agents that such tasks are sent to")
CANARY_SILENT = _gauge("gateway", "gateway_canary_silent", "Agents whose last one did not come back, or did not come to its end")

# --- who is there ---
AGENTS_ONLINE = _gauge("registry", "registry_agents_online", "Agents that are online")
AGENTS_LEFT = _counter(
    "registry", "registry_agents_left", "Times that an agent was not heard any more, or said goodbye: most come back at once"
)
QUESTIONS = _counter("registry", "registry_questions", "Questions answered or refused", "question")
DEVICE_REPORTS = _counter("registry", "registry_device_reports", "Device reports taken")
REGISTRY_FOREIGN = _counter("registry", "registry_foreign_reports", "Device reports and heartbeats that speak for another agent")
SECRETS_EXPOSED = _gauge("registry", "registry_secrets_exposed", "Files of the keys' folder that everybody on the machine may read")

# --- the one that decides ---
ACTIVE = _gauge("spooler", "spooler_active", "1 while this process holds the lease and works")
TASKS_OPEN = _gauge("spooler", "spooler_tasks_open", "Tasks that have not ended, by where they are in their life", "stage")
TASKS_OLDEST = _gauge(
    "spooler", "spooler_tasks_oldest_seconds", "How long ago the oldest task of a stage was accepted, 0: there is none", "stage"
)
LINE_OLDEST = _gauge(
    "spooler",
    "spooler_line_oldest_seconds",
    "How long ago the oldest task of a stage became ready for its printer: what people let wait is not counted; 0: there is none",
    "stage",
)
TASKS_AGE = _metric(
    Kind.HISTOGRAM,
    "spooler",
    "spooler_tasks_age_seconds",
    "How long the tasks that have not ended have been in their stage, as they are now: it goes down again, so take no rate of it",
    "stage",
    buckets=_AGES,
)
STAGE_SECONDS = _metric(
    Kind.HISTOGRAM,
    "spooler",
    "spooler_stage_seconds",
    "How long tasks were in a stage that they have left",
    "stage",
    buckets=(0.1, *_AGES),
)
FIRST_BYTE = _metric(
    Kind.HISTOGRAM,
    "spooler",
    "spooler_first_byte_seconds",
    "Until a task's printer began to be given its document, as the spooler hears of it: since it was accepted (with the time that "
    "people let it wait), and since it was ready for its printer",
    "since",
    buckets=(*_WORK, 3600.0),
)
TASKS_ENDED = _counter("spooler", "spooler_tasks_ended", "Tasks that ended, by how and by IPP's reason", "stage", "reason")
PAGES = _counter("spooler", "spooler_pages_printed", "Pages of tasks that came to their end")
UNKNOWN_OUTCOMES = _counter("spooler", "spooler_unknown_outcomes", "Times that nobody could say whether a task is on paper")
SPOOLER_DUPLICATES = _counter(
    "spooler",
    "spooler_duplicates_prevented",
    "Submissions that came again, and reports of attempts that were over already",
    "kind",
)
MISPLACED = _counter(
    "spooler",
    "spooler_reports_misplaced",
    "Reports on an open order that the life cycle has no row for: nothing was changed by them",
)
SPOOLER_FOREIGN = _counter("spooler", "spooler_foreign_reports", "Reports and heartbeats that speak for another agent")
LEDGER_CHECKED = _gauge("spooler", "spooler_ledger_checked_seconds", "Seconds since all that was accepted was last checked")
LEDGER_MISMATCHES = _gauge("spooler", "spooler_ledger_mismatches", "Accepted tasks that do not add up, by kind", "kind")
PRINTERS = _gauge("spooler", "spooler_printers", "Printers of the directory, by state; agent-away: nobody says it", "state")
PRINTER_REASONS = _gauge("spooler", "spooler_printer_reasons", "Printers that give a reason, by IPP's keyword", "reason")

# --- the bus, as the spooler sees it ---
STREAM_FILL = _gauge("spooler", "bus_stream_fill_ratio", "Share of a stream's bytes in use; at 1 it refuses what is new", "stream")
DISK_FILL = _gauge("spooler", "bus_disk_fill_ratio", "Share in use of the disk that the bus of this machine is on")
STREAM_MESSAGES = _gauge("spooler", "bus_stream_messages", "Messages in a stream", "stream")
STREAM_BYTES = _gauge("spooler", "bus_stream_bytes", "Bytes of a stream", "stream")
STREAM_LAGGING = _gauge("spooler", "bus_stream_replicas_lagging", "Replicas of a stream that are offline or behind", "stream")
STREAM_BEHIND = _gauge(
    "spooler", "bus_stream_replica_behind_messages", "Messages that the furthest of a stream's replicas is behind", "stream"
)
CONSUMER_PENDING = _gauge("spooler", "bus_consumer_pending", "Messages that a consumer has not been given", "consumer")
CONSUMER_UNACKED = _gauge("spooler", "bus_consumer_unacknowledged", "Messages that were given and not acknowledged", "consumer")
CONSUMER_REDELIVERED = _gauge(
    "spooler", "bus_consumer_redelivered", "Of these, messages that were given more than once", "consumer"
)
CONSUMER_AGE = _gauge(
    "spooler",
    "bus_consumer_oldest_seconds",
    "Age of the oldest message that a consumer has not acknowledged, 0: there is none",
    "consumer",
)
BUS_SEEN = _gauge("spooler", "bus_seen_seconds", "Seconds since the streams and their consumers were last looked at")

# --- conversion ---
CONVERSIONS = _metric(
    Kind.HISTOGRAM,
    "converter",
    "converter_order_seconds",
    "How long an order was worked on, by engine and outcome (converted, rejected, failed)",
    "engine",
    "outcome",
    buckets=_WORK,
)
LANES = _gauge("converter", "converter_lanes", "Documents that may be worked on at once, by kind of engine", "engine")
LANES_BUSY = _gauge("converter", "converter_lanes_busy", "Documents that are worked on now, by kind of engine", "engine")
ENGINES_DIED = _counter(
    "converter", "converter_engines_discarded", "Engines that died, hung or were worn, by kind of engine", "engine"
)

# --- paper ---
PRINTS = _metric(
    Kind.HISTOGRAM,
    "agent",
    "agent_print_seconds",
    "From an attempt's turn at its printer until it ended, or until it was told why it stands",
    "outcome",
    buckets=_WORK,
)
OPEN_ATTEMPTS = _gauge("agent", "agent_open_attempts", "Attempts that have not ended")
ADMITTED = _gauge("agent", "agent_admitted", "1 while the spooler lets this agent print")
AGENT_PAGES = _counter(
    "agent",
    "agent_pages_printed",
    "Pages that printers have put on paper, as far as they say, by the driver that speaks to them",
    "printer",
    "driver",
)
PRINTER_RATED = _gauge(
    "agent", "agent_printer_rated_pages_per_minute", "What a printer says that it can (pages-per-minute, RFC 8011)", "printer"
)
RECONNECTS = _counter("agent", "agent_bus_reconnects", "Times that the line to the bus was lost and is there again")
AGENT_DUPLICATES = _counter("agent", "agent_duplicates_prevented", "Orders that came again, and were not printed again")
PRINTER_STATE = _gauge("agent", "agent_printer_state", "1 for the state that a printer is in", "printer", "state")
PRINTER_REASON = _gauge("agent", "agent_printer_reason", "1 for each reason that a printer gives", "printer", "reason")
PRINTER_WAITING = _gauge("agent", "agent_printer_attempts", "Attempts of a printer that have not ended", "printer")

# --- events out ---
DELIVERIES_WAITING = _gauge("webhooks", "webhooks_deliveries_waiting", "Deliveries neither delivered nor skipped", "dialect")
DELIVERIES_OLDEST = _gauge("webhooks", "webhooks_oldest_waiting_seconds", "Age of the oldest of them", "dialect")
ENDPOINT_OLDEST = _metric(
    Kind.GAUGE,
    "webhooks",
    "webhooks_endpoint_oldest_seconds",
    "Age of the oldest delivery of the 10 endpoints that have waited longest, of those that have for more than a minute",
    "endpoint",
    "dialect",
    most=10,
)
DELIVERIES_ENDED = _counter(
    "webhooks", "webhooks_deliveries_ended", "Deliveries that ended: delivered or skipped", "dialect", "state"
)
ATTEMPTS_FAILED = _counter("webhooks", "webhooks_attempts_failed", "Attempts that failed", "dialect")
ENDPOINTS_DISABLED = _counter(
    "webhooks", "webhooks_endpoints_disabled", "Endpoints switched off because of what they answered", "dialect"
)
LANES_HELD = _counter("webhooks", "webhooks_lanes_held", "Lanes that had to wait for the rate of their endpoint", "dialect")
HANDSHAKES = _counter("webhooks", "webhooks_handshakes", "Receivers asked whether they allow us, by outcome", "outcome")
FIRST_ATTEMPTS = _metric(
    Kind.HISTOGRAM,
    "webhooks",
    "webhooks_first_attempt_seconds",
    "From an event until its first attempt began",
    "dialect",
    buckets=_QUICK,
)

# --- what every service does over the bus; `messaging_` and the labels of these are OpenTelemetry's words for messaging ---
BUS_OPERATIONS = _metric(
    Kind.HISTOGRAM,
    EVERY,
    "messaging_client_operation_duration_seconds",
    "How long it took until a message, or an atomic batch, was stored in a stream; error_type: it was given up, why",
    "service_name",
    "messaging_system",
    "messaging_operation_name",
    "messaging_destination_name",
    "error_type",
    buckets=_BUS,
)
BUS_PROCESSING = _metric(
    Kind.HISTOGRAM,
    EVERY,
    "messaging_process_duration_seconds",
    "How long messages of a stream that were read together were worked on, until what follows from them was saved",
    "service_name",
    "messaging_system",
    "messaging_destination_name",
    "error_type",
    buckets=_BUS,
)
BUS_QUESTIONS = _metric(
    Kind.HISTOGRAM,
    EVERY,
    "bus_question_seconds",
    "How long a service waited for the answer to a question, by its kind and how it came out: answered, refused, unanswered",
    "service_name",
    "question",
    "outcome",
    buckets=(0.005, 0.025, 0.1, 0.5, 2.0, 5.0),
)

#: What printers say of themselves that is told by its own name; all else is `other` (RFC 8011 section 5.4.12).
PRINTER_REASONS_TOLD = frozenset(
    {
        "connecting-to-device",
        "cover-open",
        "developer-empty",
        "developer-low",
        "door-open",
        "fuser-over-temp",
        "input-tray-missing",
        "interlock-open",
        "marker-supply-empty",
        "marker-supply-low",
        "marker-waste-almost-full",
        "marker-waste-full",
        "media-empty",
        "media-jam",
        "media-low",
        "media-needed",
        "output-area-almost-full",
        "output-area-full",
        "output-tray-missing",
        "paused",
        "shutdown",
        "spool-area-full",
        "stopped-partly",
        "stopping",
        "timed-out",
        "toner-empty",
        "toner-low",
    }
)


def told_reason(reason: str) -> str:
    """A printer's reason without its severity, as a label: what is not in the list is `other`; empty: it is none."""
    bare = reason.removesuffix("-report").removesuffix("-warning").removesuffix("-error")
    if bare in ("", "none"):
        return ""
    return bare if bare in PRINTER_REASONS_TOLD else "other"
