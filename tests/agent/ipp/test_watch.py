"""Who waits for the end of a job hears of it, or that nobody can tell it any more."""

import asyncio

import pytest

from libs.ipp.attributes import Attributes
from libs.ipp.enums import JobState
from libs.ipp.job import Job
from libs.ipp.values import EnumValue, Name
from services.agent.attempt import Attempt
from services.agent.domain import Means, Step
from services.agent.drivers import Seen
from services.agent.ipp.jobs import Jobs
from services.agent.ipp.watch import Forgotten, Watch
from tests.agent.orders import order


class Printer:
    """A printer that says of each of its jobs how it is."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}

    def has(self, number: int, attempt: Attempt, state: JobState = JobState.PROCESSING) -> None:
        said = {"job-id": number, "job-name": Name(attempt.name), "job-state": EnumValue(state)}
        self.jobs[number] = Job.of(Attributes(said))

    async def get_jobs(self, _which, _requested, *, first_job_id):
        return [job for job in self.jobs.values() if job.id >= first_job_id]

    async def get_job_attributes(self, number, _requested):
        return self.jobs[number]


def attempt(number: int, job: int) -> Attempt:
    return Attempt(order(number), None, Step.RELEASED, job)


@pytest.fixture
async def printer():
    return Printer()


@pytest.fixture
async def watch(printer):
    async def look() -> Seen:
        return Seen()

    watch = Watch(Jobs(printer, "Office", Means.LIST), look)
    yield watch
    await watch.close()


async def test_a_job_whose_number_another_one_has_by_now_is_forgotten_and_hangs_nobody(printer, watch):
    """A printer without power counts anew, and may take the next job before anybody has asked for the last one."""
    before, now = attempt(1, 1), attempt(2, 1)
    printer.has(1, before)
    first = asyncio.create_task(watch.end(before))
    await asyncio.sleep(0)
    printer.has(1, now, JobState.COMPLETED)
    async with asyncio.timeout(10):
        assert (await watch.end(now)).name == now.name
        with pytest.raises(Forgotten):
            await first


async def test_a_mistake_while_looking_reaches_whoever_waits(printer, watch):
    one = attempt(1, 7)  # a printer that breaks off in a way that nobody has thought of
    async with asyncio.timeout(10):
        with pytest.raises(KeyError):
            await watch.end(one)
        printer.has(7, one, JobState.COMPLETED)
        assert (await watch.end(one)).id == 7
