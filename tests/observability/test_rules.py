"""The rules as promtool judges them: they are well-formed, and each alert fires on what it is for and is silent otherwise."""

import shutil
import subprocess

import pytest

from tests.observability.promtool import ALERTS, RULES, judged, looked

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")


def ratio(metric, good, bad, minutes):
    """A histogram of which so many observations a minute are (not) within the limit."""
    name, limit = metric
    return {
        f'{name}_bucket{{le="{limit}"}}': f"0+{good}x{minutes}",
        f"{name}_count": f"0+{good + bad}x{minutes}",
    }


def requests(good, bad, minutes):
    name = "gateway_request_seconds_count"
    return {
        f'{name}{{door="graph",status="200"}}': f"0+{good}x{minutes}",
        f'{name}{{door="graph",status="503"}}': f"0+{bad}x{minutes}",
        f'{name}{{door="graph",status="404"}}': f"0+{good}x{minutes}",
    }


PRINTS, FIRST = ("agent_print_seconds", "60.0"), ("webhooks_first_attempt_seconds", "2.0")
#: Three days in steps of two hours: what burns slowly is looked at so often.
DAYS = 36
#: Alert -> (what makes it fire, what does not, the step (a minute, or two hours of what burns slowly) at which it is looked).
CASES = {
    "RequestsFail": (requests(97, 3, 70), requests(1000, 1, 70), 65),
    "RequestsFailSlowly": (requests(1000, 4, DAYS + 6), requests(4000, 1, DAYS + 6), DAYS + 4),
    "PrintsLate": (ratio(PRINTS, 90, 10, 70), ratio(PRINTS, 1000, 4, 70), 65),
    "PrintsLateSlowly": (ratio(PRINTS, 990, 10, DAYS + 6), ratio(PRINTS, 1000, 4, DAYS + 6), DAYS + 4),
    "WebhooksLate": (ratio(FIRST, 80, 20, 70), ratio(FIRST, 1000, 9, 70), 65),
    "WebhooksLateSlowly": (ratio(FIRST, 980, 20, DAYS + 6), ratio(FIRST, 1000, 9, DAYS + 6), DAYS + 4),
    "AcceptedTaskLost": (
        {'spooler_ledger_mismatches{kind="lost"}': "0x2 1x10"},
        {
            'spooler_ledger_mismatches{kind="lost"}': "0x12",
            'spooler_ledger_mismatches{kind="overdue"}': "5x12",
            "gateway_receipts_missing": "0x12",
        },
        5,
    ),
    "UnknownOutcome": ({'spooler_tasks_open{stage="unknown"}': "1x10"}, {'spooler_tasks_open{stage="stopped"}': "1x10"}, 5),
    "ReportMisplaced": ({"spooler_reports_misplaced_total": "0x2 1x10"}, {"spooler_reports_misplaced_total": "7x12"}, 5),
    "EventSkipped": (
        {'webhooks_deliveries_ended_total{dialect="standard",state="skipped"}': "_x3 1x10"},
        {
            'webhooks_deliveries_ended_total{dialect="standard",state="delivered"}': "0+9x40",
            'webhooks_deliveries_ended_total{dialect="standard",state="skipped"}': "1x40",
        },
        (5, 30),
    ),
    "SpeaksForAnother": (
        {"spooler_foreign_reports_total": "0x2 1x10"},
        {"spooler_foreign_reports_total": "3x12", "registry_foreign_reports_total": "0x12"},
        5,
    ),
    "TaskOverdue": (
        {'spooler_ledger_mismatches{kind="overdue"}': "2x10"},
        {'spooler_ledger_mismatches{kind="overdue"}': "0x10"},
        5,
    ),
    "PrinterLineOld": (
        {'spooler_line_oldest_seconds{stage="fetchable"}': "880+60x10"},
        {
            'spooler_line_oldest_seconds{stage="release-wait"}': "99999x10",
            'spooler_line_oldest_seconds{stage="fetchable"}': "20x10",
        },
        5,
    ),
    "SecretExposed": ({"registry_secrets_exposed": "1x5"}, {"registry_secrets_exposed": "0x5"}, 2),
    "QueueDoesNotDrain": (
        {'bus_consumer_oldest_seconds{consumer="spooler_intake"}': "10+60x10"},
        {'bus_consumer_oldest_seconds{consumer="spooler_intake"}': "0 70 0 70 0 70 0 70 0 70"},
        6,
    ),
    "LedgerNotChecked": (
        {"spooler_ledger_checked_seconds": "0+60x10", "spooler_active": "1x10"},
        {
            'spooler_ledger_checked_seconds{pod="a"}': "3x10",
            "spooler_active": "1x10",
        },
        8,
    ),
    "BusNotSeen": (
        {"bus_seen_seconds": "0+60x10"},
        {'bus_seen_seconds{pod="a"}': "0+60x10", 'bus_seen_seconds{pod="b"}': "5x10"},
        5,
    ),
    "BusNearlyFull": (
        {'bus_stream_fill_ratio{stream="INTAKE"}': "0.85x5"},
        {'bus_stream_fill_ratio{stream="INTAKE"}': "0.5x5", "bus_disk_fill_ratio": "0.89x5"},
        2,
    ),
    "ReplicaLags": (
        {'bus_stream_replicas_lagging{stream="TASKS"}': "1x10"},
        {'bus_stream_replicas_lagging{stream="TASKS"}': "1x3 0x7"},
        8,
    ),
    "DeadLetters": ({'bus_stream_messages{stream="DEAD"}': "3x4 5x10"}, {'bus_stream_messages{stream="DEAD"}': "5x20"}, 10),
    "PrintersUnreachable": ({'spooler_printers{state="unreachable"}': "1x20"}, {'spooler_printers{state="stopped"}': "4x20"}, 15),
    "AgentsFlap": (
        {"registry_agents_left_total": "0+1x40", "registry_agents_online": "20x40"},
        {"registry_agents_left_total": "0+1x40", "registry_agents_online": "200x40"},
        35,
    ),
    "TasksExpire": (
        {
            'spooler_tasks_ended_total{stage="canceled",reason="expired"}': "0+1x70",
            'spooler_tasks_ended_total{stage="completed",reason="job-completed-successfully"}': "0+9x70",
        },
        {
            'spooler_tasks_ended_total{stage="canceled",reason="expired"}': "0+1x70",
            'spooler_tasks_ended_total{stage="completed",reason="job-completed-successfully"}': "0+90x70",
        },
        65,
    ),
    "MediaMismatch": (
        {'spooler_tasks_ended_total{stage="aborted",reason="media-mismatch"}': "0+1x30"},
        {
            'spooler_tasks_ended_total{stage="aborted",reason="media-mismatch"}': "0x10 2x20",
            'spooler_tasks_ended_total{stage="aborted",reason="other"}': "0+9x30",
        },
        25,
    ),
    "CanarySilent": ({"gateway_canary_silent": "1x10"}, {"gateway_canary_silent": "0 0 1 0 0 1 0 0 0 0 0"}, 6),
    "CanarySlow": (
        {
            'gateway_canary_seconds_bucket{outcome="printed",le="10.0"}': "0+1x40",
            'gateway_canary_seconds_bucket{outcome="printed",le="30.0"}': "0+4x40",
            'gateway_canary_seconds_bucket{outcome="printed",le="+Inf"}': "0+4x40",
        },
        {
            'gateway_canary_seconds_bucket{outcome="printed",le="2.0"}': "0+4x40",
            'gateway_canary_seconds_bucket{outcome="printed",le="10.0"}': "0+4x40",
            'gateway_canary_seconds_bucket{outcome="printed",le="+Inf"}': "0+4x40",
            'gateway_canary_seconds_bucket{outcome="late",le="10.0"}': "0x40",
            'gateway_canary_seconds_bucket{outcome="late",le="+Inf"}': "0+4x40",
        },
        30,
    ),
    "ConverterLanesBusy": (
        {
            'converter_lanes_busy{engine="office"}': "2x10",
            'converter_lanes{engine="office"}': "2x10",
            'bus_consumer_oldest_seconds{consumer="converter_office"}': "45x10",
        },
        {
            'converter_lanes_busy{engine="office"}': "2x10",
            'converter_lanes{engine="office"}': "2x10",
            'bus_consumer_oldest_seconds{consumer="converter_office"}': "2x10",
        },
        8,
    ),
    "WebhookQueueOld": (
        {'webhooks_oldest_waiting_seconds{dialect="standard"}': "4000x5"},
        {'webhooks_oldest_waiting_seconds{dialect="standard"}': "600x5"},
        2,
    ),
    "RegionAway": (
        {'gateway_region_reached{region="us",pod="a"}': "1x10", 'gateway_region_reached{region="us",pod="b"}': "0x10"},
        {'gateway_region_reached{region="us"}': "1x3 0x1 1x10"},
        5,
    ),
    "RegionOutboxStands": (
        {'gateway_region_reached{region="us"}': "1x20", 'gateway_outbox_messages{region="us"}': "3x20"},
        {'gateway_region_reached{region="us"}': "0x20", 'gateway_outbox_messages{region="us"}': "3x20"},
        15,
    ),
    "GatewayMissing": ({"registry_agents_online": "1x5"}, {'gateway_directory_fresh{pod="a"}': "0x5"}, 4),
    "ConversionsFail": (
        {
            'converter_order_seconds_count{engine="office",outcome="failed"}': "0+1x20",
            'converter_order_seconds_count{engine="office",outcome="converted"}': "0+2x20",
        },
        {
            'converter_order_seconds_count{engine="office",outcome="failed"}': "0+1x20",
            'converter_order_seconds_count{engine="office",outcome="converted"}': "0+20x20",
            'converter_order_seconds_count{engine="text",outcome="rejected"}': "0+9x20",
        },
        18,
    ),
    "TokensRefused": (
        {'gateway_request_seconds_count{door="graph",status="401"}': "0+600x20"},
        {
            'gateway_request_seconds_count{door="graph",status="401"}': "0+60x20",
            'gateway_request_seconds_count{door="graph",status="404"}': "0+6000x20",
        },
        17,
    ),
    "EndpointSwitchedOff": (
        {'webhooks_endpoints_disabled_total{dialect="standard"}': "_x3 1x10"},
        {'webhooks_endpoints_disabled_total{dialect="standard"}': "1x80"},
        (5, 75),
    ),
    "DirectoryBlind": ({"gateway_directory_fresh": "0x5"}, {"gateway_directory_fresh": "1x5"}, 3),
}


def test_every_alert_is_tested():
    assert sorted(CASES) == sorted(ALERTS)


def test_the_rules_are_well_formed():
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_of_a_configuration_is_well_formed():
    done = subprocess.run(
        ["promtool", "check", "config", RULES.with_name("prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert RULES.name in done.stdout


@pytest.mark.parametrize("step", [60, 7200])
def test_each_alert_fires_on_what_it_is_for_and_on_nothing_else(tmp_path, step):
    tests = {}
    for alert, (firing, quiet, steps) in CASES.items():
        at, later = steps if isinstance(steps, tuple) else (steps, steps)
        if alert.endswith("Slowly") is (step == 7200):
            tests[alert] = [looked(firing, alert, {at * step: True}, step), looked(quiet, alert, {later * step: False}, step)]
    assert judged(tmp_path, step, tests) == ""
