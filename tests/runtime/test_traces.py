"""One print is one trace: spans continue what a message or a task carried along."""

import http.server
import threading

from libs.runtime import traces
from libs.runtime.traces import Tracing

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_span_goes_on_where_the_traceparent_left_off(spans, exporter):
    with Tracing("spooler", processor=spans).span("decide", PARENT, task="t") as span:
        assert traces.current() == f"00-4bf92f3577b34da6a3ce929d0e0e4736-{span.get_span_context().span_id:016x}-01"
    (done,) = exporter.get_finished_spans()
    assert f"{done.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert f"{done.context.trace_id:032x}" == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert done.resource.attributes["service.name"] == "spooler"
    assert done.attributes["task"] == "t"


def test_a_span_without_a_traceparent_is_below_the_current_one(spans, exporter):
    tracing = Tracing("spooler", processor=spans)
    with tracing.span("outer") as outer, tracing.span("inner"):
        pass
    inner, _ = exporter.get_finished_spans()
    assert inner.parent.span_id == outer.get_span_context().span_id


def test_who_was_not_to_be_recorded_by_the_caller_is_not(spans, exporter):
    with Tracing("spooler", processor=spans).span("decide", PARENT[:-1] + "0"):
        assert traces.current().endswith("-00")
    assert not exporter.get_finished_spans()


def test_of_new_traces_only_the_wanted_share_is_recorded(spans, exporter):
    tracing = Tracing("spooler", ratio=0.0, processor=spans)
    with tracing.span("own"):
        pass
    with tracing.span("asked for", PARENT):
        pass
    assert [span.name for span in exporter.get_finished_spans()] == ["asked for"]


def test_what_is_over_is_a_span_with_its_own_times_in_a_recorded_trace_only(spans, exporter):
    tracing = Tracing("spooler", processor=spans)
    for traceparent in ("", PARENT[:-1] + "0", "00-nonsense-1"):
        tracing.past("waited", traceparent, 5, 7)
    assert not exporter.get_finished_spans()
    tracing.past("waited", PARENT, 5, 7, task="t")
    tracing.past("waited", PARENT, 9, 7, failed="no-paper")
    good, bad = exporter.get_finished_spans()
    assert (good.start_time, good.end_time, good.attributes["task"]) == (5, 7, "t")
    assert f"{good.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert (bad.start_time, bad.end_time) == (7, 7), "clocks of two machines may differ"
    assert (good.status.is_ok, bad.status.is_ok, bad.status.description) == (True, False, "no-paper")


def test_a_batch_links_to_each_of_its_traces(spans, exporter):
    other = PARENT.replace("4bf9", "5bf9")
    with Tracing("spooler", processor=spans).batch("apply", [PARENT, "", other]):
        pass
    (done,) = exporter.get_finished_spans()
    assert [f"{link.context.trace_id:032x}"[:4] for link in done.links] == ["4bf9", "5bf9"]
    assert done.parent is None


def test_a_broken_traceparent_begins_a_new_trace(spans, exporter):
    with Tracing("spooler", processor=spans).span("decide", "not one"):
        pass
    assert exporter.get_finished_spans()[0].parent is None


def test_without_a_collector_nothing_is_recorded(exporter):
    tracing = Tracing("spooler")
    assert not tracing.on
    with tracing.span("decide"), tracing.batch("apply", [PARENT]):
        assert traces.current() == ""
    tracing.past("waited", PARENT, 5, 7)
    tracing.close()
    assert traces.of(None) == traces.of({}) == ""
    assert traces.of({"traceparent": PARENT}) == PARENT


def test_spans_reach_a_collector_at_its_address_alone():
    paths = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            paths.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Collector) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        for endpoint in (address, f"{address}/", f"{address}/custom/path"):
            tracing = Tracing("spooler", endpoint)
            with tracing.span("decide"):
                pass
            tracing.close()
            tracing.close()
        server.shutdown()
        serving.join()
    assert paths == ["/v1/traces", "/v1/traces", "/custom/path"]
