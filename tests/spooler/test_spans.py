"""A trace says where its task waited, one span after the other from the door to the end."""

import time

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from libs.contracts.states import IPP, Stage
from libs.runtime.traces import Tracing
from services.spooler import spans as module
from services.spooler.spans import Spans
from services.spooler.task import Step
from tests.spooler.making import task

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{CALLER}-01"
MS = 1_000_000


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter):
    return Spans(Tracing("spooler", processor=SimpleSpanProcessor(exporter)))


def way(spans, *stages, **changes):
    """A task goes through these stages, one round for each."""
    old = None
    for stage in stages:
        step, at = (Step.PRINT, Stage.FETCHABLE) if stage == "offered" else (Step.NONE, stage)
        now = task(**{"traceparent": PARENT, "stage": at, "step": step, "reason": IPP[at][1].value, **changes})
        spans.moved([now], {old.id: old} if old else {})
        old = now


def test_each_place_is_a_span_that_begins_where_the_one_before_ended(spans, exporter):
    begun = time.time_ns() // MS
    way(spans, Stage.TRANSFORMING, Stage.FETCHABLE, "offered", Stage.OUTGOING, Stage.PRINTING, Stage.COMPLETED, created_at=begun)
    found = exporter.get_finished_spans()
    names = ["task incoming", "task transforming", "task fetchable", "task offered", "task outgoing", "task printing"]
    assert [each.name for each in found] == names
    assert found[0].start_time == begun * MS, "since somebody asked for it"
    assert [each.start_time for each in found[1:]] == [each.end_time for each in found[:-1]]
    assert {f"{each.context.trace_id:032x}" for each in found} == {TRACE}
    assert {f"{each.parent.span_id:016x}" for each in found} == {CALLER}
    assert found[-1].attributes == {
        "task": task().id, "printer": task().printer, "next": "completed", "reason": "job-completed-successfully"
    }  # fmt: skip
    assert {each.status.status_code for each in found} == {StatusCode.UNSET}


def test_what_went_wrong_is_seen_at_once(spans, exporter):
    way(spans, Stage.TRANSFORMING, Stage.ABORTED)
    _, last = exporter.get_finished_spans()
    assert (last.status.status_code, last.status.description) == (StatusCode.ERROR, "aborted-by-system")


def test_a_job_that_waits_for_its_document_has_waited_since_it_was_made(spans, exporter):
    way(spans, Stage.AWAITING_DATA, Stage.AWAITING_DATA, Stage.INCOMING, Stage.TRANSFORMING, created_at=5)
    waited, _ = exporter.get_finished_spans()
    assert (waited.name, waited.start_time) == ("task awaiting-data", 5 * MS)


def test_a_spooler_that_was_not_there_before_takes_what_the_row_tells(spans, exporter):
    old = task(traceparent=PARENT, stage=Stage.FETCHABLE, created_at=10, ordered_at=20, fetchable_at=30)
    spans.moved([task(traceparent=PARENT, stage=Stage.OUTGOING)], {old.id: old})
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.start_time) == ("task fetchable", 30 * MS)


@pytest.mark.parametrize("traceparent", ["", PARENT[:-1] + "0", "00-nonsense-1"])
def test_a_task_whose_trace_nobody_records_has_no_spans(spans, exporter, traceparent):
    way(spans, Stage.TRANSFORMING, Stage.FETCHABLE, Stage.COMPLETED, traceparent=traceparent)
    assert exporter.get_finished_spans() == ()


def test_without_traces_nothing_is_looked_at():
    class Untouched:
        def __iter__(self):
            raise AssertionError("somebody looked")

    Spans(Tracing("spooler")).moved(Untouched(), {})


def test_not_more_is_remembered_than_there_is_room_for(spans, exporter, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 2)
    made = [task(id=str(number), traceparent=PARENT, stage=Stage.TRANSFORMING, created_at=7) for number in range(3)]
    spans.moved(made, {})
    exporter.clear()
    ended = [task(id=each.id, traceparent=PARENT, stage=Stage.COMPLETED) for each in made]
    spans.moved(ended, {each.id: each for each in made})
    first, *others = exporter.get_finished_spans()
    assert first.start_time == 7 * MS, "the oldest goes by its row"
    assert all(each.start_time > 7 * MS for each in others)
