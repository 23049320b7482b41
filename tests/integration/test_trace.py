"""One print is one trace: HTTP request, conversion, printing, callback."""

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.runtime.traces import Tracing
from services.embedded import Embedded
from tests.integration.receiver import receiving

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.timeout(120)
async def test_one_trace_links_request_conversion_printing_and_callback(tmp_path):
    exporter = InMemorySpanExporter()
    async with receiving() as receiver:
        server = Embedded(
            lambda name: Tracing(name, processor=SimpleSpanProcessor(exporter)),
            data_dir=tmp_path / "data",
            http_port=0,
            converter_engines=("text",),
            printers=[f"file://{tmp_path}/paper?name=Paper"],
            callback_url=receiver.url,
        )
        try:
            await server.start()
            assert await server.wait_ready() == {}
            task = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "one"}
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.post(
                    f"{server.address}/openapi",
                    json={"command": "newPrintTask", "data": {"task": task}},
                    headers={"Api-Access-Token": server.identity.token, "traceparent": CALLER},
                )
            await receiver.ended(answer.json()["data"]["taskId"])
        finally:
            await server.stop()
    spans = [span for span in exporter.get_finished_spans() if f"{span.context.trace_id:032x}" == CALLER.split("-")[1]]
    names = {span.name for span in spans}
    assert {"POST /openapi newPrintTask", "convert", "print document", "callback"} <= names
    assert {span.resource.attributes["service.name"] for span in spans} >= {"gateway", "converter", "agent", "webhooks"}
    assert receiver.headers[0]["traceparent"].split("-")[1] == CALLER.split("-")[1]
