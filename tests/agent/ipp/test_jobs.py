"""Our jobs in a printer's list: what it leaves out while several ask is found all the same, and all ask together."""

import asyncio

import pytest

from libs.ipp.attributes import Attributes
from libs.ipp.enums import JobState, Status
from libs.ipp.errors import IppError
from libs.ipp.job import Job
from libs.ipp.message import Response
from libs.ipp.values import EnumValue, Name
from services.agent.attempt import Attempt
from services.agent.domain import Means, Sight, Step
from services.agent.ipp.jobs import Jobs
from tests.agent.orders import order


def attempt(number: int, step: Step = Step.RELEASING, job: int | None = None) -> Attempt:
    return Attempt(order(number), None, step, job)


def ended(number: int, name: str) -> Job:
    return Job.of(Attributes({"job-id": number, "job-name": Name(name), "job-state": EnumValue(JobState.COMPLETED)}))


class Forgetful:
    """A printer that knows these jobs, and leaves all out of its first lists."""

    def __init__(self, *jobs, left_out=0):
        self._jobs = {job.id: job for job in jobs}
        self._left_out = left_out
        self.lists = 0

    async def all_jobs(self, _requested):
        self.lists += 1
        await asyncio.sleep(0)
        if self.lists > self._left_out:
            for job in self._jobs.values():
                yield job

    async def get_job_attributes(self, number, _requested):
        if number not in self._jobs:
            raise IppError(Response(Status.CLIENT_ERROR_NOT_FOUND, 1, ()))
        return self._jobs[number]


@pytest.mark.parametrize("known", [7, None])
@pytest.mark.parametrize("step", [Step.RELEASING, Step.RELEASED])
async def test_a_job_that_its_printer_leaves_out_of_the_list_is_not_given_up_for_lost(known, step):
    one = attempt(1, step, known)
    jobs = Jobs(Forgetful(ended(7, one.name), left_out=1), "Office", Means.LIST)
    assert await jobs.look(one) is Sight.ENDED
    assert one.job == 7


@pytest.mark.parametrize("number", [7, 8, None])
async def test_a_job_that_is_not_there_or_has_the_number_of_another_is_absent(number):
    jobs = Jobs(Forgetful(ended(7, "somebody else's")), "Office", Means.LIST)
    assert await jobs.look(attempt(1, Step.RELEASED, number)) is Sight.ABSENT


async def test_what_cannot_be_on_paper_is_looked_for_once():
    printer = Forgetful()
    assert await Jobs(printer, "Office", Means.LIST).look(attempt(1, Step.INTENT)) is Sight.ABSENT
    assert printer.lists == 1


async def test_all_that_look_at_the_same_time_ask_for_one_list():
    many = [attempt(number) for number in range(1, 17)]
    printer = Forgetful(*(ended(number, each.name) for number, each in enumerate(many, 1)))
    jobs = Jobs(printer, "Office", Means.LIST)
    assert set(await asyncio.gather(*(jobs.look(each) for each in many))) == {Sight.ENDED}
    assert printer.lists == 1
    assert [each.job for each in many] == list(range(1, 17))
