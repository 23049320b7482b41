"""Streams as files: JetStream's own snapshots, which keep sequences, times and consumers (STREAM.SNAPSHOT, STREAM.RESTORE)."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from libs.runtime.bus import Bus

#: Bytes of one piece, and seconds that one may take; the server needs the longest for the end, when it reads all of them.
CHUNK = 128 * 1024
PATIENCE = 30.0
READING = 300.0
#: Seconds until what one server of a cluster listens for is known to all, and between two tries.
HEARD = 10.0
AGAIN = 0.05


class NotCopied(Exception):
    """The sentence says which stream, and why."""


async def save(bus: Bus, stream: str, target: Path) -> int:
    """Write a stream to a file as it is now, while it is in use; its size in bytes. Raises `NotCopied`."""
    inbox = bus.client.new_inbox()
    subscription = await bus.client.subscribe(inbox)
    try:
        asked = {"deliver_subject": inbox, "chunk_size": CHUNK}
        head = await _asked(bus, f"$JS.API.STREAM.SNAPSHOT.{stream}", json.dumps(asked).encode(), stream)
        kept = {name: head[name] for name in ("config", "state")}
        with await asyncio.to_thread(target.open, "wb") as file:
            await asyncio.to_thread(file.write, json.dumps(kept).encode() + b"\n")
            while (message := await subscription.next_msg(PATIENCE)).data:
                await asyncio.to_thread(file.write, message.data)
                if message.reply:  # the server waits for this before it sends much more
                    await message.respond(b"")
        if (status := (message.headers or {}).get("Status", "204")) != "204":
            raise NotCopied(f"The stream {stream} is not copied: its server ended with {status}.")
    except (NatsError, TimeoutError) as error:
        raise NotCopied(f"The stream {stream} is not copied: {str(error) or type(error).__name__}.") from error
    finally:
        await subscription.unsubscribe()
    return (await asyncio.to_thread(target.stat)).st_size


async def load(bus: Bus, source: Path) -> dict[str, Any]:
    """Make the stream of a file, which must not be there; its state. It is kept by one server. Raises `NotCopied`."""
    with await asyncio.to_thread(source.open, "rb") as file:
        try:
            head = json.loads(await asyncio.to_thread(file.readline))
            stream, config = str(head["config"]["name"]), {**head["config"], "num_replicas": 1}
        except (ValueError, KeyError, TypeError):
            raise NotCopied(f"{source} is no copy of a stream.") from None
        wanted = json.dumps({"config": config, "state": head["state"]}).encode()
        to = str((await _asked(bus, f"$JS.API.STREAM.RESTORE.{stream}", wanted, stream))["deliver_subject"])
        while piece := await asyncio.to_thread(file.read, CHUNK):
            await _asked(bus, to, piece, stream)
    made = await _asked(bus, to, b"", stream, READING)
    state: dict[str, Any] = made["state"]
    return state


async def _asked(bus: Bus, subject: str, data: bytes, stream: str, within: float = PATIENCE) -> dict[str, Any]:
    """The server's answer; an empty one to a piece."""
    try:
        answer = await _heard(bus, subject, data, within)
    except (NatsError, TimeoutError) as error:
        raise NotCopied(f"The stream {stream} is not copied: {str(error) or type(error).__name__}.") from error
    said: dict[str, Any] = json.loads(answer) if answer else {}
    if "error" in said:
        raise NotCopied(f"The stream {stream} is not copied: {said['error'].get('description', 'the server says no')}.")
    return said


async def _heard(bus: Bus, subject: str, data: bytes, within: float) -> bytes:
    """The answer of whoever hears it: in a cluster it takes a moment until all know that one listens."""
    deadline = time.monotonic() + HEARD
    while True:
        try:
            return (await bus.client.request(subject, data, timeout=within)).data
        except NoRespondersError:  # nobody had it: it may be said again
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(AGAIN)
