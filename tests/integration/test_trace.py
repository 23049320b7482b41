"""One print is one trace at a collector: request, waiting, conversion, printing, callback; who is not to be recorded is not."""

import httpx
import pytest

from services.embedded.server import Embedded
from tests.integration.collector import collecting
from tests.integration.receiver import receiving

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
DECLINED = "1bf7651916cd43dd8448eb211c80319c"


@pytest.mark.timeout(120)
async def test_one_trace_links_request_waiting_conversion_printing_and_callback_and_the_share_of_others_is_kept(tmp_path):
    async with receiving() as receiver, collecting() as collector:
        server = Embedded(
            data_dir=tmp_path / "data",
            http_port=0,
            converter_engines=("text",),
            printers=[f"file://{tmp_path}/paper?name=Paper"],
            callback_url=receiver.url,
            otlp_endpoint=collector.url,
            trace_ratio=0.0,
            region="eu",
        )
        try:
            await server.start()
            assert await server.wait_ready() == {}

            async def submit(**headers):
                task = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "one"}
                async with httpx.AsyncClient(trust_env=False) as client:
                    answer = await client.post(
                        f"{server.address}/openapi",
                        json={"command": "newPrintTask", "data": {"task": task}},
                        headers={"Api-Access-Token": server.identity.token, **headers},
                    )
                return answer.json()["data"]["taskId"]

            told = await submit(traceparent=f"00-{TRACE}-{CALLER}-01")
            declined = await submit(traceparent=f"00-{DECLINED}-{CALLER}-00")
            unasked = await submit()
            for task in (told, declined, unasked):
                await receiver.ended(task)
        finally:
            await server.stop()
    spans = collector.of(TRACE)
    assert collector.spans == spans, "of the others the share of PRINTBUS_TRACE_RATIO is recorded, which is none"
    assert {"POST /openapi newPrintTask", "convert", "print document", "callback"} <= {span.name for span in spans}
    assert {span.service for span in spans} >= {"gateway", "spooler", "converter", "agent", "webhooks"}
    assert {span.region for span in spans} == {"eu"}
    assert {span.parent for span in spans} <= {CALLER, *(span.id for span in spans)}, "nothing hangs in the air"
    assert {span.task for span in spans} - {""} == {told}
    assert {("convert", "CONVERT"), ("print document", "PRINT")} <= {(span.name, span.stream) for span in spans}
    way = collector.way(told)
    assert [span.name for span in way][:4] == ["task incoming", "task transforming", "task fetchable", "task offered"]
    assert [span.begun for span in way][1:] == [span.ended for span in way][:-1], "it is somewhere all the time"
    calls = zip(receiver.events, receiver.headers, strict=True)
    shown = {event["task"]["taskId"]: headers["traceparent"].split("-") for event, headers in calls}
    _, trace, span, sampled = shown[told]
    assert (trace, sampled) == (TRACE, "01")
    assert span in {each.id for each in spans if each.name == "callback"}, "the receiver can go on in it"
    assert shown[declined][1::2] == [DECLINED, "00"], "the caller's own decision goes on to whoever is told"
