"""The commands beside the protocol's own, described for the published OpenAPI document (webprinter.md 3.4)."""

from typing import Literal

from pydantic import BaseModel, Field

from services.gateway.webprinter.describing.commands import Config, Described, DeviceInfo, Paper, Row, Task


class OneTask(Described):
    """A task by its id."""

    task_id: str = Field(examples=["jueKiUEE-79h86ap05on4"])


class Resolution(OneTask):
    """What somebody who looked says."""

    outcome: Literal["printed", "reprint", "give-up"]


class OnePrinter(Described):
    """One printer."""

    device_name: str
    control_sn: str | None = Field(None, description="SN of the client that has the device; missing: your own.")


class Again(OneTask):
    """What is not given is as it was the first time."""

    device_name: str | None = Field(None, description="Another printer; missing: the same.")
    control_sn: str | None = None
    config: Config | None = Field(None, description="What it says holds; what it does not say stays.")
    from_page: int | Literal["next"] | None = Field(
        None,
        description="Only what is left, on the same printer and as it was: from this printed page on, as `pagesDone` counts them, "
        "or from the `next` one behind those that are on paper.",
    )
    priority: int | None = Field(None, ge=1, le=100)
    expire_after: float | None = Field(None, description="Seconds after which it is not begun any more.")
    start_at: int | str | None = Field(None, description="Not to be printed before: ms or seconds since 1970, or ISO 8601.")
    idempotency_key: str | None = Field(None, description="The same key again: the same task, printed once.")


class Released(OneTask, OnePrinter):
    """Where a held task is collected."""

    config: Config | None = Field(None, description="What it says holds; what it does not say stays.")


class Few(Described):
    """How many rows."""

    limit: int | None = Field(100, ge=1, description="At most 1000.")


class GetTask(Described):
    """Everything that may be told of a task: of your own, or on a device of your own."""

    command: Literal["getTask"]
    data: OneTask


class CancelTask(Described):
    """Cancel a task. The answer is the task as it then stands: `canceling` while its agent still has to say so."""

    command: Literal["cancelTask"]
    data: OneTask


class ResolveTask(Described):
    """Say what became of a task whose outcome is unknown."""

    command: Literal["resolveTask"]
    data: Resolution


class RetryTask(Described):
    """Print the same document again, or what is left of it, as a new task."""

    command: Literal["retryTask"]
    data: Again


class ListHeldTasks(Described):
    """Your tasks that wait to be released, newest first."""

    command: Literal["listHeldTasks"]
    data: Few | None = None


class ReleaseTask(Described):
    """Send a held task to a real printer."""

    command: Literal["releaseTask"]
    data: Released


class PauseDevice(Described):
    """Print nothing more on it: what has not begun waits in its order."""

    command: Literal["pauseDevice"]
    data: OnePrinter


class ResumeDevice(Described):
    """Let its line go on."""

    command: Literal["resumeDevice"]
    data: OnePrinter


class TestPage(OnePrinter):
    """A test page is a task like others."""

    idempotency_key: str | None = Field(None, description="The same key again: the same task, printed once.")


class TestPrint(Described):
    """Print a test page."""

    command: Literal["testPrint"]
    data: TestPage


class Page(Described):
    """Which page of which task: of one that was submitted, or of one that might be."""

    task_id: str | None = Field(None, description="A task that was submitted; else give `task`.")
    task: Task | None = Field(None, description="A task as newPrintTask takes it; nothing is printed.")
    page: int | None = Field(1, ge=1, description="Counts printed pages.")
    dpi: int | None = Field(96, ge=20, le=300)


class PreviewTask(Described):
    """See a page as it would be printed."""

    command: Literal["previewTask"]
    data: Page


class Picture(Described):
    """A page as a picture."""

    image: str = Field(description="PNG in base64.")
    media_format: Literal["PNG"]
    page: int
    pages: int = Field(description="How many are printed.")
    width: int = Field(description="In pixels.")
    height: int


class ListPapers(Described):
    """The sheets that a printer takes."""

    command: Literal["listPapers"]
    data: OnePrinter


class GetInfo(Described):
    """What this server is, and what the token may do."""

    command: Literal["getInfo"]


class Ping(Described):
    """Whether anybody is there."""

    command: Literal["ping"]


class ExtendedRow(Row):
    """A task with everything that may be told of it; also a row of listTasks in the extended view. Times are ms since 1970."""

    task_status: str
    create_timestamp: int
    end_timestamp: int | None
    message: str
    stage: str
    state: str = Field(description="IPP's job-state.")
    reason: str = Field(description="IPP's job-state-reasons.")
    pages: int
    pages_done: int
    attempt: int
    control_sn: str
    priority: int
    start_at: int | None
    expires_at: int | None
    retry_of: str
    canceling: bool


class Queue(Described):
    """Tasks that are not yet sent, and those that are with the printer's agent."""

    waiting: int
    sent: int


class ExtendedDevice(DeviceInfo):
    """A device in the extended view."""

    states: list[str] = Field(examples=[["PAPER_OUT"]], description="All that is so; OK when there is nothing to say.")
    queue: Queue | None = None
    unknown_policy: Literal["ask", "reprint", "give-up"] | None = None
    partial_policy: Literal["give-up", "continue", "reprint"] | None = None
    virtual: bool


class NamedPaper(Paper):
    """A sheet that a printer takes."""

    name: str


class LineState(Queue):
    """How a printer's line stands."""

    device_name: str
    control_sn: str
    paused: bool


class Limits(Described):
    """What one request may ask for."""

    max_body: int = Field(description="bytes")
    max_rows: int
    max_copies: int


class Info(Described):
    """This server, and the client that it speaks for."""

    version: str
    sn: str
    name: str
    tenant: str
    role: Literal["agent", "app"]
    ips: list[str]
    time_zone: str
    regions: list[str]
    limits: Limits
    formats: list[str]
    scopes: list[str]
    commands: list[str] = Field(description="Those that the token may give.")


class Clock(Described):
    """The server's clock."""

    time: int = Field(description="ms since 1970")


REQUESTS: tuple[type[BaseModel], ...] = (
    GetTask,
    CancelTask,
    ResolveTask,
    RetryTask,
    ListHeldTasks,
    ReleaseTask,
    PauseDevice,
    ResumeDevice,
    TestPrint,
    PreviewTask,
    ListPapers,
    GetInfo,
    Ping,
)
#: What their answers hold under `data`; several of them as an array.
ANSWERS: tuple[type[BaseModel], ...] = (ExtendedRow, ExtendedDevice, NamedPaper, LineState, Info, Clock, Picture)
