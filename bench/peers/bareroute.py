"""A bare FastAPI route: it parses the body, does one acknowledged JetStream publish, and answers; served as our gateway is.

python -m bench.peers.bareroute --port 40000 --url nats://127.0.0.1:4222 --creds admin.creds
"""

import argparse
import secrets
from pathlib import Path

import uvloop
from fastapi import FastAPI
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from pydantic import BaseModel

from libs.runtime.bus import connect
from libs.runtime.keys import ADMIN
from libs.runtime.probes import http_server
from libs.runtime.process import stop_signal

STREAM, SUBJECT = "BENCH", "bench.accepted"


class Task(BaseModel):
    name: str
    deviceName: str  # noqa: N815 - the body is the protocol's
    mediaSource: str  # noqa: N815
    mediaFormat: str  # noqa: N815
    content: str


class Data(BaseModel):
    task: Task


class Command(BaseModel):
    command: str
    data: Data


def application(js: JetStreamContext) -> FastAPI:
    """The one route."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/openapi")
    async def accept(command: Command) -> dict[str, object]:
        task = secrets.token_hex(8)
        await js.publish(SUBJECT, command.model_dump_json().encode(), stream=STREAM, headers={"Nats-Msg-Id": task})
        return {"success": True, "data": {"taskId": task}, "command": "CALLBACK"}

    return app


async def serve(port: int, url: str, creds: Path) -> None:
    """Until SIGTERM. The stream is as INTAKE is."""
    asked = stop_signal()
    bus = await connect(url, ADMIN, creds)
    config = StreamConfig(
        name=STREAM,
        subjects=[SUBJECT],
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=1024**3,
        duplicate_window=600,
    )
    await bus.js.add_stream(config)
    try:
        async with http_server(application(bus.js), "127.0.0.1", port):
            await asked.wait()
    finally:
        await bus.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--creds", type=Path, required=True)
    given = parser.parse_args()
    uvloop.run(serve(given.port, given.url, given.creds))


if __name__ == "__main__":
    main()
