"""An OpenTelemetry collector that keeps what it is sent: OTLP over HTTP, decoded by the protocol's own messages."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.runtime.probes import http_server

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Seen:
    """A span that came; ids in hexadecimal, `parent` empty: it begins a trace; times in ns since 1970.

    `stream` is where the message came from that it works on, as OpenTelemetry's conventions call it.
    """

    service: str
    region: str
    name: str
    trace: str
    id: str
    parent: str
    task: str
    begun: int
    ended: int
    stream: str = ""


@dataclass
class Collector:
    """What came so far, of whichever service."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)

    def of(self, trace: str) -> list[Seen]:
        """The spans of one trace."""
        return [each for each in self.spans if each.trace == trace]

    def way(self, task: str) -> list[Seen]:
        """Where a task was, one after the other, as its spooler told it."""
        told = (each for each in self.spans if each.task == task and each.service == "spooler")
        return sorted(told, key=lambda each: (each.begun, each.ended))

    def take(self, body: bytes) -> None:
        """Raises protobuf's `DecodeError` for what is none of the protocol's requests."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    told = {each.key: each.value.string_value for each in span.attributes}
                    task, stream = (told.get(name, "") for name in ("task", "messaging.destination.name"))
                    ids = (each.hex() for each in (span.trace_id, span.span_id, span.parent_span_id))
                    times = span.start_time_unix_nano, span.end_time_unix_nano
                    self.spans.append(
                        Seen(about["service.name"], about.get("cloud.region", ""), span.name, *ids, task, *times, stream)
                    )


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """One on a free port of loopback, at the path that the protocol says."""
    here = Collector()

    async def traces(request: Request) -> Response:
        assert request.headers["content-type"] == PROTOBUF
        body = await request.body()
        here.take(gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body)
        return Response(ExportTraceServiceResponse().SerializeToString(), media_type=PROTOBUF)

    app = Starlette(routes=[Route("/v1/traces", traces, methods=["POST"])])
    async with http_server(app, "127.0.0.1", 0) as port:
        here.url = f"http://127.0.0.1:{port}"
        yield here
