"""What an agent tells of its attempts and its printers."""

from opentelemetry.sdk.trace import SpanProcessor
from prometheus_client import CollectorRegistry

from libs.contracts.devices import Device, DeviceType, PrinterState
from libs.runtime.traces import Tracing
from services.agent.meters import MOST, Meters


def printer(name, state=PrinterState.IDLE, *reasons):
    return Device(id=name, name=name, state=state, reasons=reasons)


def told(metrics, name):
    """Labels -> value, of every row of a metric."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in metrics.collect()
        for sample in family.samples
        if sample.name == name
    }


def test_attempts_are_counted_by_how_they_ended_with_how_long_they_took():
    metrics = CollectorRegistry()
    meters = Meters(metrics)
    meters.printed("printed", 0.3)
    meters.printed("printed", 70.0)
    meters.printed("unknown", 3.0)
    meters.duplicates.inc()
    assert told(metrics, "agent_print_seconds_count") == {("printed",): 2, ("unknown",): 1}
    assert told(metrics, "agent_print_seconds_sum") == {("printed",): 70.3, ("unknown",): 3.0}
    within = metrics.get_sample_value("agent_print_seconds_bucket", {"outcome": "printed", "le": "60.0"})
    assert within == 1, "the limit of the objective is among the buckets"
    assert metrics.get_sample_value("agent_duplicates_prevented_total") == 1


def test_an_attempt_is_told_with_its_trace():
    metrics = CollectorRegistry()
    meters = Meters(metrics)
    with Tracing("agent", processor=SpanProcessor()).span("print document") as span:
        meters.printed("printed", 0.3)
    (exemplar,) = [
        sample.exemplar
        for family in metrics.collect()
        for sample in family.samples
        if sample.name == "agent_print_seconds_bucket" and sample.exemplar
    ]
    assert exemplar.labels == {"trace_id": f"{span.get_span_context().trace_id:032x}"}


def test_printers_are_told_as_they_are_when_somebody_asks():
    metrics = CollectorRegistry()
    devices = [
        printer("Office", PrinterState.STOPPED, "media-empty-error", "media-empty-warning", "vendor-word", "none"),
        printer("Label"),
        Device(id="s", name="Scanner", type=DeviceType.SCANNER),
    ]
    waiting = ["Office", "Label", "Office"]
    Meters(metrics).watch(lambda: devices, lambda: waiting)
    assert told(metrics, "agent_printer_state") == {("Office", "stopped"): 1, ("Label", "idle"): 1}
    assert told(metrics, "agent_printer_reason") == {("Office", "media-empty"): 1, ("Office", "other"): 1}
    assert told(metrics, "agent_printer_attempts") == {("Office",): 2, ("Label",): 1}
    devices[:], waiting[:] = [printer("Label", PrinterState.PROCESSING)], []
    assert told(metrics, "agent_printer_state") == {("Label", "processing"): 1}, "what is gone is told no more"
    assert told(metrics, "agent_printer_attempts") == {}


def test_pages_are_counted_at_their_printer_beside_what_it_says_that_it_can():
    metrics = CollectorRegistry()
    meters = Meters(metrics)
    meters.watch(list, list, lambda: {"Office": 30})
    meters.pages("Office", "ipp", 3)
    meters.pages("Office", "ipp", 2)
    meters.pages("Paper", "file", 1)
    meters.pages("Silent", "socket", 0)
    assert told(metrics, "agent_pages_printed_total") == {("Office", "ipp"): 5, ("Paper", "file"): 1}
    assert told(metrics, "agent_printer_rated_pages_per_minute") == {("Office",): 30}
    for number in range(MOST + 50):
        meters.pages(f"Printer {number}", "ipp", 1)
    counted = told(metrics, "agent_pages_printed_total")
    assert len(counted) == MOST + 1
    assert counted[("other", "ipp")] == 52
    assert sum(counted.values()) == 6 + MOST + 50


def test_no_more_printers_are_told_by_name_than_anybody_looks_at():
    metrics = CollectorRegistry()
    devices = [printer(f"Printer {number}") for number in range(MOST + 50)]
    waiting = [each.name for each in devices] + [devices[-1].name]
    Meters(metrics).watch(lambda: devices, lambda: waiting)
    assert len(told(metrics, "agent_printer_state")) == MOST
    attempts = told(metrics, "agent_printer_attempts")
    assert len(attempts) == MOST
    assert attempts[(devices[-1].name,)] == 2, "the fullest are told"
