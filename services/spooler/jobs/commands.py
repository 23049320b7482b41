"""What people and the applications that serve printers do to jobs."""

import time
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.jobs import CancelJob, CreateJob, JobAnswer, ServeJob, Service, StartJob
from libs.contracts.queries import Code
from libs.contracts.states import TERMINAL, Stage
from libs.runtime.bus import Refused
from services.spooler import materials, store
from services.spooler.acceptance import awaiting_task
from services.spooler.domain import AT_APPLICATION
from services.spooler.jobs.acting import Acting
from services.spooler.jobs.finding import how, named
from services.spooler.jobs.views import has_document
from services.spooler.round import Round
from services.spooler.task import Begin, Cancel, Served, Task

#: The end that an application says of a job, and where that leads.
_ENDS = {Service.COMPLETED: Stage.COMPLETED, Service.ABORTED: Stage.ABORTED}


class JobCommands:
    """Create, start, cancel, serve."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._desk = acting.desk

    async def create_job(self, query: CreateJob) -> JobAnswer:
        """A task that waits for its document; the same id again is answered by the task as it stands."""
        now = int(time.time() * 1000)
        printer = self._desk.printers.entry(query.request.printer.agent, query.request.printer.id)
        hold = query.request.hold or bool(printer and printer.device.virtual)
        request = replace(query.request, hold=hold, created_at=query.request.created_at or now)

        async def create(turn: Round, _: AsyncConnection) -> str:
            await turn.load([request.id])
            known = turn.get(request.id)
            if known and (known.tenant, known.sn, known.user_id) != (
                query.tenant,
                query.sn,
                request.user.id if request.user else "",
            ):
                raise Refused(Code.CONFLICT, f"There is another job {request.id[:64]}: take another id.")
            turn.add(awaiting_task(self._desk, query, request, now), request)
            return request.id

        return await self._acting.on_task(create)

    async def start_job(self, query: StartJob) -> JobAnswer:
        """Its document is there: it goes on, behind all that came before."""

        async def start(turn: Round, connection: AsyncConnection, task: Task) -> None:
            if task.stage is not Stage.AWAITING_DATA:
                raise Refused(Code.CONFLICT, f"{named(query)} cannot be started again: {how(task)}")
            kept = (await materials.kept(connection, [task.id]))[task.id]
            if not has_document(kept):
                sentence = "has no document yet: upload it first, all of its bytes, and start the job then."
                raise Refused(Code.CONFLICT, f"{named(query)} {sentence}")
            sequence, index = await store.next_start(connection)
            unknown, served = self._desk.printers.policies(task.agent, task.printer)
            expires_at = self._desk.expiry(int(time.time() * 1000), kept.request.expires_at, hold=task.hold, served=served)
            turn.tell(task.id, Begin(sequence, index, expires_at, unknown, served))
            turn.accept(task.id, kept.request, kept.media_type)

        return await self._acting.on_job(query, start, query.user)

    async def cancel_job(self, query: CancelJob) -> JobAnswer:
        """Honest: at once as long as no order has left, else when the agent says so."""

        async def cancel(turn: Round, _: AsyncConnection, task: Task) -> None:
            if task.stage in TERMINAL:
                raise Refused(Code.CONFLICT, f"{named(query)} cannot be canceled any more: {how(task)}")
            turn.tell(task.id, Cancel())

        return await self._acting.on_job(query, cancel, query.user)

    async def serve_job(self, query: ServeJob) -> JobAnswer:
        """How far the application that serves the printer is."""

        async def serve(turn: Round, _: AsyncConnection, task: Task) -> None:
            if task.served != query.app:
                raise Refused(Code.FORBIDDEN, f"{named(query)} is for a printer that this application does not serve.")
            if _ENDS.get(query.state) is task.stage:
                return  # said again
            if task.stage not in AT_APPLICATION:
                when = "is over" if task.stage in TERMINAL else "is not ready for its printer yet"
                raise Refused(Code.CONFLICT, f"{named(query)} {when}: {how(task)}")
            turn.tell(task.id, Served(query.state, query.description))

        return await self._acting.on_job(query, serve)
