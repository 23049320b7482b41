"""What is deleted under a running server is made again, also when the server did not say so."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from nats.js.errors import NotFoundError

from libs.contracts.streams import INTAKE
from libs.runtime.ending import end
from libs.runtime.keys import ADMIN
from services.embedded import mending
from services.embedded.mending import Mending
from tests.bus import running_bus
from tests.waiting import until

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def unheard(folder, monkeypatch, look):
    """A mending that is told nothing and looks so often, and a line of its own to the bus."""
    monkeypatch.setattr(mending, "DELETED", "nobody.says.anything")
    monkeypatch.setattr(mending, "LOOK", look)
    async with running_bus(folder) as rig:
        bus = await rig.connect(ADMIN)
        body = asyncio.create_task(Mending(bus, "local", 1).run())
        try:
            yield bus
        finally:
            await end(body)


async def there(asking) -> bool:
    try:
        await asking
    except NotFoundError:
        return False
    return True


async def test_a_stream_whose_end_the_server_kept_to_itself_is_made_again(tmp_path, monkeypatch):
    async with unheard(tmp_path, monkeypatch, 0.2) as bus:
        for name in ("KV_directory", INTAKE):
            await bus.js.delete_stream(name)
            await until(lambda name=name: there(bus.js.stream_info(name)), what=f"{name} is there again")
        await until(lambda: there(bus.js.consumer_info(INTAKE, "spooler_intake")), what="so is its consumer")


async def test_what_was_deleted_while_the_line_was_down_is_made_again_when_it_is_back(tmp_path, monkeypatch):
    async with unheard(tmp_path, monkeypatch, 0.2) as bus:
        await bus.js.delete_consumer(INTAKE, "spooler_intake")
        before, bus.reconnected = bus.reconnected, asyncio.Event()
        before.set()
        await until(lambda: there(bus.js.consumer_info(INTAKE, "spooler_intake")), what="it is there again")
