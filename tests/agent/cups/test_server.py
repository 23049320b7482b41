"""All queues of a print server: what is the matter with one of them is not the matter with all."""

import asyncio

from libs.contracts.devices import PrinterState
from libs.ipp.attributes import Attributes
from libs.ipp.enums import Status
from libs.ipp.errors import IppError
from libs.ipp.message import Response
from libs.runtime.ending import end
from services.agent.cups.server import Server
from services.agent.printer_uri import parse
from tests.waiting import until


class Cupsd:
    """A print server with these queues; of those that are `going` it says that they are not there."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.going: set[str] = set()

    async def queues(self):
        return set(self.names), ""

    async def queue(self, name, _requested):
        if name in self.going:
            raise IppError(Response(Status.CLIENT_ERROR_NOT_FOUND, 1, ()))
        return Attributes.of({"printer-state": (3,), "device-uri": ("file:///dev/null",)})

    async def close(self) -> None: ...


async def test_a_queue_that_is_going_takes_no_other_with_it():
    cupsd, states = Cupsd("Stays", "Goes"), []
    cupsd.going = {"Goes"}
    server = Server(lambda: cupsd, "localhost:631", parse("cups://localhost:631"))
    running = asyncio.create_task(
        server.run(lambda printers: states.append({each.name: each.seen.state for each in printers or ()}))
    )
    try:
        await until(lambda: states, what="the queues are told")
    finally:
        await end(running)
    assert states[0] == {"Stays": PrinterState.IDLE, "Goes": PrinterState.UNREACHABLE}
