"""Following many jobs of one printer to their ends with few questions, and telling when it stops and goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from libs.contracts.devices import PrinterState
from libs.ipp.enums import JobState
from libs.ipp.errors import ClientError, IppError
from libs.ipp.job import Job
from libs.runtime.ending import end
from services.agent.attempt import Attempt
from services.agent.drivers import Seen
from services.agent.ipp.capabilities import words
from services.agent.ipp.jobs import REQUESTED, Jobs, pages
from services.agent.ipp.reasons import sentence, stopping

#: The waits between two looks, in seconds: short after something happened, growing while nothing does.
QUICKEST = 0.02
SLOWEST = 0.5
GROWTH = 1.4
#: How long a printer may not answer before its tasks say so, in seconds.
SILENCE = 3.0


class Forgotten(Exception):
    """The printer does not know the job any more."""


@dataclass(slots=True)
class _Followed:
    attempt: Attempt
    end: asyncio.Future[Job] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def forget(self, why: BaseException | None = None) -> None:
        """Nobody will say how it ends."""
        if not self.end.done():
            self.end.set_exception(why or Forgotten())


class Watch:
    """One loop that asks for all followed jobs at once. `look` asks the printer for its state, and keeps it."""

    def __init__(self, jobs: Jobs, look: Callable[[], Awaitable[Seen]]) -> None:
        self._jobs = jobs
        self._look = look
        self._followed: dict[int, _Followed] = {}
        self._task: asyncio.Task[None] | None = None
        self._listing = True
        self._pause = QUICKEST

    async def end(self, attempt: Attempt) -> Job:
        """The attempt's job when it has ended, or is held until somebody releases it. Raises `Forgotten`."""
        number = attempt.job
        if number is None:
            raise Forgotten
        if before := self._followed.get(number):  # numbers begin anew after a power cut, and nobody asks for its job any more
            before.forget()
        followed = self._followed[number] = _Followed(attempt)
        self._pause = QUICKEST
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"watch {self._jobs.label}")
            self._task.add_done_callback(self._broken)
        try:
            return await followed.end
        finally:
            if self._followed.get(number) is followed:
                del self._followed[number]

    async def close(self) -> None:
        """Stop looking."""
        if self._task:
            await end(self._task)

    def _broken(self, looked: asyncio.Task[None]) -> None:
        """A mistake of ours must not leave those waiting for ever who are followed."""
        if not looked.cancelled() and (error := looked.exception()):
            for each in self._followed.values():
                each.forget(error)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        answered = loop.time()
        while self._followed:
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * GROWTH, SLOWEST)
            try:
                await self._round()
                answered = loop.time()
            except ClientError:
                if loop.time() - answered > SILENCE:
                    for each in self._followed.values():
                        each.attempt.stop("connecting-to-device", sentence(self._jobs.label, "connecting-to-device"))

    async def _round(self) -> None:
        """One look at everything that is followed."""
        followed = dict(self._followed)
        if not followed:
            return
        known = await self._states(followed)
        waiting = False
        for number, each in followed.items():
            job = known.get(number)
            if job is not None:
                each.attempt.pages = max(each.attempt.pages, pages(job))
            if each.end.done():
                continue
            if job is None:
                each.forget()
            elif (job.state is not None and job.state.ended) or _held_for_good(job):
                each.end.set_result(job)
                self._pause = QUICKEST
            else:
                waiting = True
        if waiting and self._pause >= SLOWEST / 2:  # it takes its time: why?
            self._tell(known, await self._look())

    async def _states(self, followed: dict[int, _Followed]) -> dict[int, Job]:
        """The followed jobs that the printer knows, by number; a number with another name is another job."""
        known: dict[int, Job] = {}
        if self._listing and len(followed) > 1:
            known = await self._listed(followed)
        for number, each in followed.items():
            if number not in known and (job := await self._jobs.state(each.attempt)):
                known[number] = job
        return known

    async def _listed(self, followed: dict[int, _Followed]) -> dict[int, Job]:
        try:
            jobs = await self._jobs.client.get_jobs("all", REQUESTED, first_job_id=min(followed))
        except IppError:
            self._listing = False  # one by one then
            return {}
        return {job.id: job for job in jobs if job.id in followed and job.name == followed[job.id].attempt.name}

    def _tell(self, known: dict[int, Job], seen: Seen) -> None:
        reason = stopping(seen)
        for number, job in known.items():
            each = self._followed.get(number)
            if each is None or each.end.done():
                continue
            halted = job.state in (JobState.PROCESSING_STOPPED, JobState.PENDING_HELD)
            waits = job.state is JobState.PROCESSING or seen.state is PrinterState.STOPPED
            if halted or (reason and waits):
                why = reason or next(iter(words(job.reasons)), "printer-stopped")
                each.attempt.stop(why, sentence(self._jobs.label, why), pages(job))
            elif job.state is JobState.PROCESSING or each.attempt.stopped:
                each.attempt.resume(pages(job))


def _held_for_good(job: Job) -> bool:
    """Whether a job that was released is held again until somebody releases it, unlike one that is only tried again later."""
    return job.state is JobState.PENDING_HELD and "job-hold-until-specified" in job.reasons
