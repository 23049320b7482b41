"""What is said of a job that CUPS calls completed and that its printer does not list, and how that printer is asked."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from libs.ipp.attributes import Attributes
from libs.ipp.enums import JobState
from libs.ipp.job import Job
from services.agent.cups import device
from services.agent.cups.device import QueueDevice
from services.agent.domain import Printed, Unknown
from tests.agent.orders import order


class Printer:
    """What answers in the place of a printer's IPP client."""

    def __init__(self, up: int) -> None:
        self.on = time.time() - up
        self.jobs: list[Job] = []
        self.left_out = 0
        self.talking = self.most = self.lists = 0

    async def get_printer_attributes(self, _requested):
        self.talking += 1
        self.most = max(self.most, self.talking)
        await asyncio.sleep(0)
        self.talking -= 1
        return Attributes.of({"printer-up-time": (int(time.time() - self.on),)})

    async def all_jobs(self, _requested):
        self.lists += 1
        await asyncio.sleep(0)
        for each in self.jobs if self.lists > self.left_out else ():
            yield each

    async def close(self) -> None: ...


class Attempt(SimpleNamespace):
    __hash__ = object.__hash__


def attempt(number: int) -> Attempt:
    return Attempt(name=f"task-{number}.1", order=order(number))


def job(number: int, state: JobState = JobState.COMPLETED) -> Job:
    return Job.of(
        Attributes.of(
            {
                "job-id": (number,),
                "job-name": (f"task-{number}.1",),
                "job-state": (int(state),),
                "time-at-processing": (int(time.time()),),
            }
        )
    )


@pytest.fixture
def printer():
    return Printer(up=3600)


@pytest.fixture
def behind(printer, monkeypatch):
    monkeypatch.setattr(device, "Client", lambda *_args, **_options: printer)
    return QueueDevice("ipp://printer.example/ipp/print", "Office")


async def printed(behind, number: int, *, lost: bool = False):
    """A job goes through the queue; what asks for its truth when CUPS has finished with it."""
    mine = attempt(number)
    await behind.state(device.Seen())
    behind.begin(mine)
    return lambda: behind.truth(mine, job(number), lost=lost)


async def test_a_printer_without_a_history_is_taken_at_cups_word(behind):
    truth = await printed(behind, 1)
    assert await truth() == Printed(1, confirmed=False, warning="the printer keeps no history of its jobs")


async def test_a_printer_that_was_off_and_on_within_the_job_makes_it_unknown(behind, printer):
    truth = await printed(behind, 1)
    printer.on = time.time()
    assert isinstance(await truth(), Unknown)


async def test_a_printer_that_remembered_the_last_job_and_not_this_one_makes_it_unknown(behind, printer):
    printer.jobs = [job(1)]
    truth = await printed(behind, 1)
    assert (await truth()).confirmed
    printer.jobs = []
    truth = await printed(behind, 2)
    assert isinstance(await truth(), Unknown)


async def test_what_cups_says_was_lost_is_unknown(behind):
    truth = await printed(behind, 1, lost=True)
    assert isinstance(await truth(), Unknown)


async def test_a_job_that_its_printer_leaves_out_of_a_list_is_looked_for_again(behind, printer):
    """CUPS asks it meanwhile, and an ippeveprinter walks through one list for all who ask."""
    printer.jobs, printer.left_out = [job(1)], 1
    truth = await printed(behind, 1)
    assert await truth() == Printed(1)


async def test_many_jobs_at_a_time_ask_their_printer_one_question_each_kind(behind, printer):
    printer.jobs = [job(number) for number in range(1, 9)]
    truths = [await printed(behind, number) for number in range(1, 9)]
    found = await asyncio.gather(behind.capabilities(), behind.state(device.Seen()), *(truth() for truth in truths))
    assert found[2:] == [Printed(1)] * 8
    assert (printer.most, printer.lists) == (1, 1)
