"""OpenTelemetry: one provider per process, and the trace context in and out of headers and stored tasks."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import lru_cache
from urllib.parse import urlsplit

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, StatusCode

#: What OpenTelemetry's conventions call the place where something runs.
REGION = "cloud.region"
#: The span that began last in this task, also after its end: what was measured around it belongs to its trace.
_LAST: ContextVar[Span] = ContextVar("last_span", default=trace.INVALID_SPAN)
#: How a `traceparent` ends whose trace is recorded: the lowest bit of its flags (W3C Trace Context, sampled).
_SAMPLED = frozenset("13579bdf")
#: The span of whoever records nothing: entered for every task many times, it is made once.
_UNRECORDED: AbstractContextManager[Span] = nullcontext(trace.INVALID_SPAN)


class Tracing:
    """The spans of one service in its region. Without an endpoint and without a processor nothing is recorded and nothing costs."""

    def __init__(
        self, service: str, endpoint: str = "", ratio: float = 1.0, processor: SpanProcessor | None = None, *, region: str = ""
    ) -> None:
        self._provider: TracerProvider | None = None
        self._closed = False
        if endpoint or processor:
            resource = Resource.create({SERVICE_NAME: service, **({REGION: region} if region else {})})
            self._provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(ratio)))
            self._provider.add_span_processor(processor or _exporting(endpoint))
        self._tracer = (self._provider or trace.NoOpTracerProvider()).get_tracer("printbus")

    @property
    def on(self) -> bool:
        """Whether spans are recorded at all."""
        return self._provider is not None

    @property
    def provider(self) -> TracerProvider | None:
        """For middlewares that want the provider itself."""
        return self._provider

    def span(
        self, name: str, traceparent: str = "", kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int
    ) -> AbstractContextManager[Span]:
        """A span below `traceparent` (W3C Trace Context), or below the current one when that is empty."""
        return self.since(None, name, traceparent, kind, **attributes)

    def since(
        self, begun: int | None, name: str, traceparent: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int
    ) -> AbstractContextManager[Span]:
        """As `span`, of something that began then, in ns since 1970; None: now."""
        return self._since(begun, name, traceparent, kind, attributes) if self.on else _UNRECORDED

    @contextmanager
    def _since(
        self, begun: int | None, name: str, traceparent: str, kind: SpanKind, attributes: Mapping[str, str | int]
    ) -> Iterator[Span]:
        parent = _context_of(traceparent) if traceparent else context.get_current()
        with self._tracer.start_as_current_span(name, context=parent, kind=kind, start_time=begun, attributes=attributes) as span:
            _LAST.set(span)
            yield span

    def past(self, name: str, traceparent: str, begun: int, ended: int, *, failed: str = "", **attributes: str | int) -> None:
        """A span of something that is over, below `traceparent`; both in ns since 1970. `failed`: it ended badly, and how.

        Of a trace that nobody records it is nothing.
        """
        if not self.on or not is_recorded(traceparent):
            return
        parent = _context_of(traceparent)
        if not trace.get_current_span(parent).get_span_context().is_valid:
            return
        span = self._tracer.start_span(name, context=parent, start_time=min(begun, ended), attributes=attributes)
        if failed:
            span.set_status(StatusCode.ERROR, failed)
        span.end(ended)

    @contextmanager
    def batch(self, name: str, traceparents: list[str], **attributes: str | int) -> Iterator[Span]:
        """A span over many tasks, linked to each of their traces: batches do not have one parent."""
        if not self.on:
            yield trace.INVALID_SPAN
            return
        contexts = (
            trace.get_current_span(propagate.extract({"traceparent": each})).get_span_context() for each in traceparents if each
        )
        with self._tracer.start_as_current_span(name, links=[Link(each) for each in contexts], attributes=attributes) as span:
            yield span

    def close(self) -> None:
        """Send what is waiting. A second time does nothing."""
        if self._provider and not self._closed:
            self._closed = True
            self._provider.shutdown()


@lru_cache(maxsize=1024)
def _context_of(traceparent: str) -> Context:
    """What a `traceparent` says, empty when it is none; every step of a task asks for it, and all tasks of one request do."""
    return propagate.extract({"traceparent": traceparent})


def _exporting(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - few servers have a collector

    return BatchSpanProcessor(OTLPSpanExporter(_traces_of(endpoint), timeout=5))


def _traces_of(endpoint: str) -> str:
    """A collector's address without a path takes traces where the protocol says (OTLP/HTTP: /v1/traces)."""
    return endpoint if urlsplit(endpoint).path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"


def current() -> str:
    """The current span as a `traceparent` (W3C Trace Context, version 00), empty when there is none."""
    found = trace.get_current_span().get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}" if found.is_valid else ""


def processing(stream: str, message_id: str) -> dict[str, str]:
    """What OpenTelemetry's conventions for messaging (in development) call the message that a span works on."""
    return {
        "messaging.system": "nats",
        "messaging.operation.type": "process",
        "messaging.destination.name": stream,
        "messaging.message.id": message_id,
    }


def is_recorded(traceparent: str) -> bool:
    """Whether the trace of a `traceparent` is recorded, as whoever began it decided; of an empty one: no."""
    return traceparent[-1:] in _SAMPLED


def exemplar() -> dict[str, str] | None:
    """The trace that a measurement belongs to, as a histogram takes it; None when its last span was not recorded."""
    context_ = _LAST.get().get_span_context()
    return {"trace_id": f"{context_.trace_id:032x}"} if context_.is_valid and context_.trace_flags.sampled else None


def of(headers: Mapping[str, str] | None) -> str:
    """The `traceparent` of a message's headers, empty when it has none."""
    return (headers or {}).get("traceparent", "")
