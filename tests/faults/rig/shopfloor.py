"""A whole Printbus with the printers of one row beside it, a client whose history is kept, and looks at what the door shows."""

import base64
import io
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tests.faults.rig.ears import listening
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import note, rows
from tests.faults.rig.row import Row
from tests.integration.installation import Installation, installation
from tests.waiting import until


@dataclass(slots=True)
class Shopfloor:
    """The server, and who prints on it."""

    server: Installation
    sender: Client

    async def submit(self, device: str, content: str, **task: Any) -> str:
        return await self.sender.submit(device, content, **task)

    async def photo(self, device: str, kilobytes: int) -> str:
        """A picture of noise, so that no compression makes it smaller."""
        side = int((kilobytes * 1024 / 3) ** 0.5)
        picture = io.BytesIO()
        Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(picture, "JPEG", quality=95)
        content = base64.b64encode(picture.getvalue()).decode()
        return await self.sender.submit(device, content, mediaSource="BASE64", mediaFormat="JPG")

    async def task(self, task: str) -> dict[str, Any]:
        """Its row as `getTask` shows it."""
        found: dict[str, Any] = await self.server.call("getTask", taskId=task)
        return found

    async def shows(self, task: str, within: float = 30.0, **wanted: Any) -> tuple[dict[str, Any], float]:
        """Wait until `getTask` shows this of it; the row, and how many seconds it took. `message` may be a part of the sentence."""
        begun, seen = time.monotonic(), {}

        async def shown() -> bool:
            seen.update(await self.task(task))
            given = dict(wanted)
            part = given.pop("message", "")
            return part in seen["message"] and all(seen[name] == value for name, value in given.items())

        try:
            await until(shown, within, f"{task} shows {wanted}", every=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}: it shows {seen}\n{self.server.tail()}") from None
        return seen, time.monotonic() - begun

    async def device(self, name: str) -> dict[str, Any]:
        """Its row as `listDevices` shows it."""
        found = await self.server.call("listDevices", extended=True)
        return next(each for each in found if each["name"] == name)

    async def finish(self) -> dict[str, dict[str, Any]]:
        """Note for the checker how every task of the client stands; the rows."""
        found = await rows(self.sender)
        for row in found.values():
            note(self.sender, row)
        return found


@asynccontextmanager
async def shopfloor(row: Row, folder: Path, entries: Sequence[str], **settings: str) -> AsyncIterator[Shopfloor]:
    """Started; when the context ends, all ends are noted, and the ends of tasks were told to the callback."""
    async with (
        listening(row.history("callback")) as ears,
        installation(folder, list(entries), CALLBACK_URL=ears.url, **settings) as server,
    ):
        await server.start()
        async with client([server.url], server.token, row.history("client")) as sender:
            made = Shopfloor(server, sender)
            yield made
            found = await made.finish()
        ended = {task for task, shown in found.items() if shown["status"] in ("FINISHED", "ERROR", "CANCELED")}
        await ears.all_ended(ended)
