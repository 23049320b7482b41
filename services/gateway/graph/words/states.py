"""How a task stands, in Graph's words: printJobStatus (graph-print.md 2.8, 3.2; design.md, States)."""

from typing import Any, NamedTuple

from libs.contracts.jobs import JobView
from libs.contracts.states import Reason, Stage


class Told(NamedTuple):
    """printJobProcessingState, printJobStateDetail, and the sentence where nobody has a better one."""

    state: str
    details: tuple[str, ...]
    description: str


TOLD: dict[Stage, Told] = {
    Stage.AWAITING_DATA: Told("paused", ("uploadPending",), "The job cannot be processed yet: it waits for its document."),
    Stage.INCOMING: Told("processing", ("interpreting",), "The job is being looked at."),
    Stage.HOOKED: Told("paused", ("releaseWait",), "The job waits until a partner application has done its task."),
    Stage.TRANSFORMING: Told("processing", ("interpreting", "transforming"), "The document is being converted."),
    Stage.HELD: Told("paused", ("releaseWait",), "The job waits for its time."),
    Stage.RELEASE_WAIT: Told("paused", ("releaseWait",), "The job waits to be released to a printer."),
    Stage.FINISHING: Told("processing", ("transforming",), "The document is being made ready for its printer."),
    Stage.FETCHABLE: Told("pending", (), "The job is ready and waits for its printer."),
    Stage.OUTGOING: Told("processing", (), "The job is being sent to its printer."),
    Stage.PRINTING: Told("processing", (), "The job is being printed."),
    Stage.STOPPED: Told("stopped", (), "The printer needs attention."),
    Stage.PARTIAL: Told("stopped", (), "A part of the job is printed; the printer needs attention."),
    Stage.UNKNOWN: Told("stopped", (), "Nobody can say whether the job was printed: somebody has to look."),
    Stage.COMPLETED: Told("completed", ("completedSuccessfully",), "The job is printed."),
    Stage.ABORTED: Told("aborted", ("completedWithErrors",), "The job could not be printed."),
    Stage.CANCELED: Told("canceled", (), "The job was canceled."),
}
#: Where a reason says more than its stage does.
DETAILS: dict[str, tuple[str, ...]] = {Reason.JOB_COMPLETED_WITH_WARNINGS: ("completedWithWarnings",)}
#: Of a job whose document is complete, and that was not started.
UPLOADED = "The document is there; the job waits to be started."
#: All members of printJobProcessingState but the one that is never sent.
STATES = ("unknown", "pending", "processing", "paused", "stopped", "completed", "canceled", "aborted")


def stages_of(state: str) -> tuple[Stage, ...]:
    """The stages that are told as this state, in any case of its letters; none of what is no state."""
    return tuple(stage for stage, told in TOLD.items() if told.state == state.lower())


def details_of(job: JobView) -> list[str]:
    """printJobStateDetail: an upload that is complete and not started waits for nothing any more."""
    if job.stage is Stage.AWAITING_DATA and job.document.uploaded_at:
        return []
    return list(DETAILS.get(job.reason, TOLD[job.stage].details))


def status_of(job: JobView, *, beta: bool = False) -> dict[str, Any]:
    """printJobStatus; in beta with the older names of its members as well (1.13)."""
    state, description = TOLD[job.stage].state, job.message or TOLD[job.stage].description
    if job.stage is Stage.AWAITING_DATA and job.document.uploaded_at:
        description = UPLOADED
    told = {
        "state": state,
        "details": details_of(job),
        "description": description,
        "isAcquiredByPrinter": job.acquired,
    }
    older = {"processingState": state, "processingStateDescription": description, "acquiredByPrinter": job.acquired}
    return {**told, **older} if beta else told
