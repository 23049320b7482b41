"""The embedded server as the benchmark starts it, and what it is asked again and again."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from demo.server import Server

#: Seconds until a printer is listed.
LISTED = 60.0


@asynccontextmanager
async def server(folder: Path, printers: Sequence[str] = (), **settings: str) -> AsyncIterator[Server]:
    """`python -m services` in `folder/data`, with these printers; settings without their PRINTBUS_."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - at once
    told = {"PRINTERS": json.dumps(list(printers)), "HTTPS_PORT": "off", "LOG_LEVEL": "warning", **settings}
    async with Server(folder / "data", folder / "server.log", environment(told)) as started:
        yield started


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as variables."""
    return {f"PRINTBUS_{name}": value for name, value in settings.items()}


class Answers(Protocol):
    """Whoever answers commands."""

    async def call(self, command: str, **data: Any) -> Any: ...


async def listed(started: Answers, *names: str) -> list[dict[str, Any]]:
    """Wait until these printers are listed and online."""
    async with asyncio.timeout(LISTED):
        while True:
            found: list[dict[str, Any]] = await started.call("listDevices", deviceType="printer")
            online = {each["name"] for each in found if each["status"] >= 1}
            if online >= set(names):
                return found
            await asyncio.sleep(0.05)


def text_task(number: int, device: str) -> dict[str, str]:
    """A label of two lines."""
    return {
        "name": f"Label {number}",
        "deviceName": device,
        "mediaSource": "STRING",
        "mediaFormat": "TEXT",
        "content": f"Label {number}\nTo be sent at once.",
    }
