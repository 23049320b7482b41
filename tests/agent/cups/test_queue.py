"""One released job at a time, and whatever becomes of one, the next one has its turn."""

import asyncio

import pytest

from libs.ipp.errors import IppConnectionError
from services.agent.attempt import Attempt
from services.agent.cups.queue import CupsQueue
from services.agent.domain import Step
from services.agent.drivers import Fault
from services.agent.printer_uri import parse
from tests.agent.orders import order


class Journal:
    """One that takes everything."""

    async def write(self, *_changes) -> None: ...


class Cupsd:
    """A print server that breaks off the first release."""

    def __init__(self, error: Exception) -> None:
        self.errors = [error]
        self.released: list[int] = []

    async def release(self, number: int) -> None:
        if self.errors:
            raise self.errors.pop()
        self.released.append(number)


@pytest.mark.parametrize(("error", "raised"), [(IppConnectionError("away", sent=False), Fault), (KeyError("ours"), KeyError)])
async def test_a_release_that_breaks_off_keeps_nobody_from_being_released(error, raised):
    cupsd = Cupsd(error)
    queue = CupsQueue(cupsd, "Office", "Office", parse("cups://localhost:631/Office"))
    first, second = (Attempt(order(number), Journal(), Step.SENT, number) for number in (1, 2))
    with pytest.raises(raised):
        await queue.release(first)
    async with asyncio.timeout(10):
        await queue.release(second)
    assert cupsd.released == [2]
