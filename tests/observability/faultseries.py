"""What each alert is for, as a Prometheus would see it: well, and from one sample on not; by these the page says when it fires."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Seconds between two samples and between two evaluations, as the example and the rules have them.
SAMPLE, EVALUATION = 15, 30
#: The same for what burns for days.
SLOW = 1800
MINUTE, HOUR = 60 // SAMPLE, 3600 // SAMPLE
DAYS = 3 * 24 * 3600 // SLOW


@dataclass(frozen=True)
class Fault:
    """`says` how much of it there is; `before`: samples until it begins; series by name; `step`: seconds from one to the next."""

    says: str
    before: int
    series: Mapping[str, str]
    after: int = 10 * MINUTE
    step: int = SAMPLE


def told(seconds: int) -> str:
    """A time in words, as the page has it."""
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "at once"


def meant(words: str) -> int:
    """The seconds of such a time."""
    return sum(
        int(number) * {"h": 3600, "min": 60, "s": 1}[unit]
        for number, unit in re.findall(r"(\d+) (h|min|s)\b", words.split(" when ", maxsplit=1)[0])
    )


def level(says: str, name: str, well: str, ill: str, *, after: int = 10 * MINUTE, **others: str) -> Fault:
    """A gauge that goes from one value to another; `others` stay as they are."""
    return Fault(says, 8, {name: f"{well}x7 {ill}x{after}", **others}, after)


def ages(says: str, name: str, *, after: int, **others: str) -> Fault:
    """An age that begins to grow."""
    return Fault(says, 8, {name: f"0x7 {SAMPLE}+{SAMPLE}x{after}", **others}, after)


def gone(says: str, name: str) -> Fault:
    """A series that nobody tells any more."""
    return Fault(says, 8, {name: "1x7 stale"}, 10 * MINUTE)


def counted(says: str, name: str, before: int, *, per: float = 0, **others: str) -> Fault:
    """A counter that begins to count: `per` sample, or once; `others` stay as they are."""
    return Fault(says, before, {name: counts(before, 0, 10 * MINUTE, per, first=per or 1), **others})


def counts(before: int, well: float, after: int, ill: float, first: float | None = None) -> str:
    """A counter that grows by so much with each sample, and differently from sample `before` on."""
    reached = well * (before - 1)
    return f"0+{well}x{before - 1} {reached + (ill if first is None else first)}+{ill}x{after}"


def late(says: str, name: str, limit: str, share: float, step: int = SAMPLE) -> Fault:
    """A histogram of which some of a hundred in each sample are later than its limit, and none before."""
    before, after = (DAYS, DAYS) if step == SLOW else (HOUR, 10 * MINUTE)
    well = 100 * (1 - share)
    series = {f'{name}_bucket{{le="{limit}"}}': counts(before, 100, after, well), f"{name}_count": counts(before, 100, after, 100)}
    return Fault(says, before, series, after, step)


def failing(says: str, share: float, step: int = SAMPLE) -> Fault:
    """Answers of which some of a hundred in each sample are faults of ours, and none before."""
    before, after = (DAYS, DAYS) if step == SLOW else (HOUR, 10 * MINUTE)
    name = "gateway_request_seconds_count"
    series = {
        f'{name}{{door="graph",status="200"}}': counts(before, 100, after, 100 * (1 - share)),
        f'{name}{{door="graph",status="503"}}': counts(before, 0, after, 100 * share),
    }
    return Fault(says, before, series, after, step)


def both(says: str, before: int, after: int, series: Mapping[str, tuple[float, float]]) -> Fault:
    """Counters that grow by so much with each sample before, and by so much from then on."""
    return Fault(says, before, {name: counts(before, well, after, ill) for name, (well, ill) in series.items()}, after)


_ENDED = "spooler_tasks_ended_total"
_PRINTED = f'{_ENDED}{{stage="completed",reason="job-completed-successfully"}}'
_ORDERS = 'converter_order_seconds_count{engine="office",outcome='
_CANARY = 'gateway_canary_seconds_bucket{outcome="printed",le='
_OFFICE = {'converter_lanes_busy{engine="office"}': "2x99", 'converter_lanes{engine="office"}': "2x99"}

FAULTS = {
    "RequestsFail": failing("every request fails", 1),
    "RequestsFailSlowly": failing("one request of 500 fails", 0.002, SLOW),
    "PrintsLate": late("every print is late", "agent_print_seconds", "60.0", 1),
    "PrintsLateSlowly": late("one print of 100 is late", "agent_print_seconds", "60.0", 0.01, SLOW),
    "WebhooksLate": late("every first attempt is late", "webhooks_first_attempt_seconds", "2.0", 1),
    "WebhooksLateSlowly": late("one first attempt of 50 is late", "webhooks_first_attempt_seconds", "2.0", 0.02, SLOW),
    "AcceptedTaskLost": level("one task is lost", 'spooler_ledger_mismatches{kind="lost"}', "0", "1"),
    "UnknownOutcome": level("nobody knows of one task", 'spooler_tasks_open{stage="unknown"}', "0", "1"),
    "ReportMisplaced": counted("one report comes", "spooler_reports_misplaced_total", 15 * MINUTE),
    "EventSkipped": Fault(
        "the first event is skipped",
        15 * MINUTE,
        {'webhooks_deliveries_ended_total{dialect="standard",state="skipped"}': f"_x{15 * MINUTE - 1} 1x40"},
    ),
    "SpeaksForAnother": counted("one message speaks for another", "spooler_foreign_reports_total", 15 * MINUTE),
    "TaskOverdue": level("one task is overdue", 'spooler_ledger_mismatches{kind="overdue"}', "0", "1"),
    "PrinterLineOld": ages("a line stands", 'spooler_line_oldest_seconds{stage="fetchable"}', after=20 * MINUTE),
    "SecretExposed": level("one file can be read", "registry_secrets_exposed", "0", "1"),
    "QueueDoesNotDrain": ages("nobody reads any more", 'bus_consumer_oldest_seconds{consumer="spooler_intake"}', after=10 * MINUTE),
    "LedgerNotChecked": gone("no spooler is left", "spooler_active"),
    "BusNotSeen": ages("the bus is away", "bus_seen_seconds", after=10 * MINUTE),
    "BusNearlyFull": level("a stream is 85 % full", 'bus_stream_fill_ratio{stream="INTAKE"}', "0.5", "0.85"),
    "ReplicaLags": level("a server is away", 'bus_stream_replicas_lagging{stream="TASKS"}', "0", "1"),
    "DeadLetters": level("one message is given up", 'bus_stream_messages{stream="DEAD"}', "3", "4"),
    "PrintersUnreachable": level("one printer is away", 'spooler_printers{state="unreachable"}', "0", "1", after=15 * MINUTE),
    "AgentsFlap": counted(
        "each of ten agents goes away once in two minutes",
        "registry_agents_left_total",
        30 * MINUTE,
        per=1.25,
        registry_agents_online="10x999",
    ),
    "TasksExpire": both(
        "as many tasks expire as are printed, four a minute",
        HOUR,
        30 * MINUTE,
        {_PRINTED: (1, 1), f'{_ENDED}{{stage="canceled",reason="expired"}}': (0, 1)},
    ),
    "MediaMismatch": both(
        "one task a minute finds no paper", HOUR, 30 * MINUTE, {f'{_ENDED}{{stage="aborted",reason="media-mismatch"}}': (0, 0.25)}
    ),
    "CanarySilent": level("one agent is silent", "gateway_canary_silent", "0", "1"),
    "CanarySlow": both(
        "each takes 20 s that took two",
        15 * MINUTE,
        20 * MINUTE,
        {f'{_CANARY}"2.0"}}': (1, 0), f'{_CANARY}"10.0"}}': (1, 0), f'{_CANARY}"30.0"}}': (1, 1), f'{_CANARY}"+Inf"}}': (1, 1)},
    ),
    "ConverterLanesBusy": ages(
        "no order is taken", 'bus_consumer_oldest_seconds{consumer="converter_office"}', after=15 * MINUTE, **_OFFICE
    ),
    "ConversionsFail": both(
        "every order fails, four a minute",
        15 * MINUTE,
        15 * MINUTE,
        {f'{_ORDERS}"converted"}}': (1, 0), f'{_ORDERS}"failed"}}': (0, 1)},
    ),
    "TokensRefused": both(
        "20 wrong tokens come in each second",
        5 * MINUTE,
        20 * MINUTE,
        {'gateway_request_seconds_count{door="graph",status="401"}': (0, 20 * SAMPLE)},
    ),
    "EndpointSwitchedOff": Fault(
        "the first endpoint is switched off", HOUR, {'webhooks_endpoints_disabled_total{dialect="standard"}': f"_x{HOUR - 1} 1x40"}
    ),
    "WebhookQueueOld": ages("a receiver is away", 'webhooks_oldest_waiting_seconds{dialect="standard"}', after=70 * MINUTE),
    "DirectoryBlind": level("one gateway is blind", "gateway_directory_fresh", "1", "0"),
    "GatewayMissing": gone("no gateway is left", "gateway_directory_fresh"),
    "RegionAway": level("a region is away", 'gateway_region_reached{region="us"}', "1", "0"),
    "RegionOutboxStands": level(
        "messages stay",
        'gateway_outbox_messages{region="us"}',
        "0",
        "3",
        after=15 * MINUTE,
        **{'gateway_region_reached{region="us"}': "1x99"},
    ),
}
